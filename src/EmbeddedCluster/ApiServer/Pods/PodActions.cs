using Bowline.EmbeddedCluster.Kinds;
using Bowline.EmbeddedCluster.Storage;
using Bowline.EmbeddedCluster.Validation;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.ApiServer.Pods;

/// <summary>Assigns a pod to a node, once.</summary>
internal static class PodBinding
{
    public static async Task<MapNode> BindAsync(ResourceService service, ServedKind kind, string @namespace, string name, MapNode body, WriteContext context)
    {
        string node = body.At("target", "name")?.AsString() ?? string.Empty;
        string target = body.At("target", "kind")?.AsString() ?? string.Empty;
        List<FieldError> errors = [];
        if (target.Length > 0 && target != "Node")
        {
            errors.Add(new FieldError("FieldValueNotSupported", "target.kind", $"Unsupported value: \"{target}\": supported values: \"Node\", \"<empty>\""));
        }

        if (node.Length == 0)
        {
            errors.Add(FieldError.Required("target.name"));
        }

        if (errors.Count > 0)
        {
            throw ApiErrors.Internal(errors.Count == 1 ? errors[0].ToString() : $"[{string.Join(", ", errors)}]");
        }

        string now = Timestamp.Text(service.Time.GetUtcNow());
        await service.ChangeAsync(kind, @namespace, name, "binding", context, (live, _) => Bound(kind, name, live, body, node, now), tracksOwnership: false).ConfigureAwait(false);
        return new MapNode { ["kind"] = "Status", ["apiVersion"] = "v1", ["metadata"] = new MapNode(), ["status"] = "Success", ["code"] = 201 };
    }

    private static MapNode Bound(ServedKind kind, string name, MapNode live, MapNode body, string node, string now)
    {
        if (ObjectMeta.IsDeleting(live))
        {
            throw ApiErrors.Conflict(new ServedKind(new ResourceKind(string.Empty, "v1", "Binding"), "pods/binding", string.Empty, true), name, $"pod {name} is being deleted, cannot be assigned to a host");
        }

        if (live.At("spec", "nodeName")?.AsString() is { Length: > 0 } bound)
        {
            throw ApiErrors.Conflict(new ServedKind(new ResourceKind(string.Empty, "v1", "Binding"), "pods/binding", string.Empty, true), name, $"pod {name} is already assigned to node \"{bound}\"");
        }

        MapNode next = (MapNode)live.DeepClone();
        next.EnsureMap("spec")["nodeName"] = node;
        foreach (string part in (ReadOnlySpan<string>)["labels", "annotations"])
        {
            foreach ((string key, Node value) in body["metadata"]?[part] as MapNode ?? [])
            {
                ObjectMeta.Of(next).EnsureMap(part)[key] = value;
            }
        }

        if (ObjectMeta.Text(body, "uid") is { Length: > 0 } uid && uid != ObjectMeta.Text(live, "uid"))
        {
            string key = $"/registry/pods/{ObjectMeta.Text(live, "namespace")}/{name}";
            ServedKind pods = new(new ResourceKind(string.Empty, "v1", "Pod"), "pods", "pod", namespaced: true);
            throw ApiErrors.Conflict(pods, name, $"StorageError: invalid object, Code: 4, Key: {key}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: {uid}, UID in object meta: {ObjectMeta.Text(live, "uid")}");
        }

        MapNode status = next.EnsureMap("status");
        status.Remove("nominatedNodeName");
        ListNode conditions = status["conditions"] as ListNode ?? [];
        conditions.RemoveAll(condition => condition["type"]?.AsString() == "PodScheduled");
        conditions.Add(new MapNode { ["type"] = "PodScheduled", ["status"] = "True", ["lastProbeTime"] = Node.Null, ["lastTransitionTime"] = now });
        status["conditions"] = conditions;
        return next;
    }
}

/// <summary>Deletes a pod unless a disruption budget forbids it.</summary>
internal static class PodEviction
{
    private const string Budgets = "poddisruptionbudgets.policy";

    public static async Task<MapNode> EvictAsync(ResourceService service, ServedKind kind, string @namespace, string name, MapNode body, WriteContext context)
    {
        string sent = body["metadata"]?["name"]?.AsString() ?? string.Empty;
        if (sent.Length > 0 && sent != name)
        {
            throw ApiErrors.BadRequest("name in URL does not match name in Eviction object");
        }

        MapNode pod = service.Get(kind, @namespace, name).Node;
        bool finished = pod.At("status", "phase")?.AsString() is "Succeeded" or "Failed" or "Pending" || ObjectMeta.IsDeleting(pod);
        StoredObject[] budgets = finished ? [] : [.. service.Store.Snapshot(Budgets).In(@namespace).Where(item => Selects(item.Node, pod))];
        if (budgets.Length > 1)
        {
            throw new ApiException(500, string.Empty, "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.");
        }

        if (budgets.Length == 1)
        {
            await TakeDisruption(service, budgets[0], name, context).ConfigureAwait(false);
        }

        DeleteRequest delete = new()
        {
            GracePeriodSeconds = body.At("deleteOptions", "gracePeriodSeconds")?.AsInteger(),
            Uid = body.At("deleteOptions", "preconditions", "uid")?.AsString(),
        };
        bool dryRun = context.DryRun || body.At("deleteOptions", "dryRun") is ListNode { Count: > 0 };
        if (!dryRun && !ObjectMeta.IsDeleting(pod) && finished is false)
        {
            await service.ChangeAsync(kind, @namespace, name, "status", context, (live, _) => Targeted(service, live), tracksOwnership: false).ConfigureAwait(false);
        }

        await service.DeleteAsync(kind, @namespace, name, delete, context with { DryRun = context.DryRun || body.At("deleteOptions", "dryRun") is ListNode { Count: > 0 } }).ConfigureAwait(false);
        return new MapNode { ["kind"] = "Status", ["apiVersion"] = "v1", ["metadata"] = new MapNode(), ["status"] = "Success", ["code"] = 201 };
    }

    private static MapNode Targeted(ResourceService service, MapNode live)
    {
        MapNode next = (MapNode)live.DeepClone();
        ListNode conditions = next.EnsureMap("status")["conditions"] as ListNode ?? [];
        conditions.RemoveAll(condition => condition["type"]?.AsString() == "DisruptionTarget");
        conditions.Add(new MapNode
        {
            ["type"] = "DisruptionTarget",
            ["status"] = "True",
            ["lastProbeTime"] = Node.Null,
            ["lastTransitionTime"] = Now(service),
            ["reason"] = "EvictionByEvictionAPI",
            ["message"] = "Eviction API: evicting",
        });
        next.EnsureMap("status")["conditions"] = conditions;
        return next;
    }

    private static string Now(ResourceService service) => Timestamp.Text(service.Time.GetUtcNow());

    private static bool Selects(MapNode budget, MapNode pod) => LabelSelector.Of(budget.At("spec", "selector")).Matches(pod["metadata"]?["labels"]);

    private static async Task TakeDisruption(ResourceService service, StoredObject budget, string pod, WriteContext context)
    {
        ServedKind kind = service.Kinds.Current.Find("policy", "v1", "poddisruptionbudgets")!;
        WriteContext own = context with { FieldManager = "kube-apiserver" };
        await service.ChangeAsync(kind, budget.Namespace, budget.Name, "status", own, (live, _) => Taken(service, live, pod, budget.Name)).ConfigureAwait(false);
    }

    private static MapNode Taken(ResourceService service, MapNode live, string pod, string budget)
    {
        long allowed = live.At("status", "disruptionsAllowed")?.AsInteger() ?? 0;
        if ((live.At("status", "observedGeneration")?.AsInteger() ?? 0) < (live.At("metadata", "generation")?.AsInteger() ?? 0))
        {
            MapNode early = new() { ["causes"] = new ListNode(new MapNode { ["reason"] = "DisruptionBudget", ["message"] = $"The disruption budget {budget} is still being processed by the server." }), ["retryAfterSeconds"] = 10 };
            throw new ApiException(429, "TooManyRequests", "Cannot evict pod as it would violate the pod's disruption budget.", early);
        }

        if (allowed <= 0 || (live.At("status", "observedGeneration")?.AsInteger() ?? 0) < (live.At("metadata", "generation")?.AsInteger() ?? 0))
        {
            string why = $"The disruption budget {budget} needs {live.At("status", "desiredHealthy")?.AsInteger() ?? 0} healthy pods and has {live.At("status", "currentHealthy")?.AsInteger() ?? 0} currently";
            MapNode details = new() { ["causes"] = new ListNode(new MapNode { ["reason"] = "DisruptionBudget", ["message"] = why }) };
            throw new ApiException(429, "TooManyRequests", "Cannot evict pod as it would violate the pod's disruption budget.", details);
        }

        MapNode next = (MapNode)live.DeepClone();
        MapNode status = next.EnsureMap("status");
        status["disruptionsAllowed"] = allowed - 1;
        status.EnsureMap("disruptedPods")[pod] = Now(service);
        SetAllowed(status, allowed - 1, live.At("metadata", "generation"), Now(service));
        return next;
    }

    private static void SetAllowed(MapNode status, long allowed, Node? generation, string now)
    {
        ListNode conditions = status["conditions"] as ListNode ?? [];
        MapNode? before = conditions.OfType<MapNode>().FirstOrDefault(condition => condition["type"]?.AsString() == "DisruptionAllowed");
        string value = allowed > 0 ? "True" : "False";
        MapNode condition = new()
        {
            ["type"] = "DisruptionAllowed",
            ["status"] = value,
            ["observedGeneration"] = generation ?? IntegerNode.Of(0),
            ["lastTransitionTime"] = before?["status"]?.AsString() == value ? before["lastTransitionTime"] ?? StringNode.Of(now) : StringNode.Of(now),
            ["reason"] = allowed > 0 ? "SufficientPods" : "InsufficientPods",
            ["message"] = string.Empty,
        };
        conditions.RemoveAll(other => other["type"]?.AsString() == "DisruptionAllowed");
        conditions.Add(condition);
        status["conditions"] = conditions;
    }
}
