using System.Globalization;
using Bowline.EmbeddedCluster.Admission;
using Bowline.EmbeddedCluster.ApiServer.Pods;
using Bowline.EmbeddedCluster.Kinds;
using Bowline.EmbeddedCluster.Storage;
using Bowline.EmbeddedCluster.Validation;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.ApiServer.Strategies;

/// <summary>What registries set on new and changed objects beside defaults: first statuses, server-made fields.</summary>
internal static class Preparation
{
    public static void OnCreate(ObjectStore store, ServedKind kind, MapNode node, UserInfo user, string now)
    {
        switch (kind.QualifiedPlural)
        {
            case "namespaces":
                PrepareNamespace(node);
                break;
            case "pods":
                PodStatus.Prepare(node);
                break;
            case "persistentvolumes":
                node["status"] = new MapNode { ["phase"] = "Pending", ["lastPhaseTransitionTime"] = now };
                break;
            case "limitranges" when ObjectMeta.Name(node).Length == 0:
                ObjectMeta.Of(node)["name"] = Guid.NewGuid().ToString();
                break;
            case "persistentvolumeclaims":
                ClaimSources.Prepare(node);
                node["status"] = new MapNode { ["phase"] = "Pending" };
                break;
            case "roles.rbac.authorization.k8s.io" or "clusterroles.rbac.authorization.k8s.io" when node["rules"] is ListNode { Count: 0 }:
                node["rules"] = Node.Null;
                break;
            case "jobs.batch":
                JobSelector.Prepare(node);
                break;
            case "nodes":
                TaintNew(node);
                break;
            case "customresourcedefinitions.apiextensions.k8s.io":
                PrepareDefinition(node);
                break;
            case "certificatesigningrequests.certificates.k8s.io":
                PrepareRequest(node, user);
                break;
            default:
                break;
        }
    }

    /// <summary>What an update leaves to the server, or may not touch at all, stays what it was.</summary>
    public static void OnUpdate(ServedKind kind, MapNode node, MapNode live, string subresource, string now)
    {
        switch (kind.QualifiedPlural)
        {
            case "customresourcedefinitions.apiextensions.k8s.io":
                StoreVersion(node);
                break;
            case "certificatesigningrequests.certificates.k8s.io" when live["spec"] is { } request:
                node["spec"] = request;
                break;
            case "daemonsets.apps":
                CountTemplates(node, live);
                break;
            case "pods" when subresource == "status":
                PodStatus.Keep(node, live);
                break;
            case "persistentvolumeclaims":
                ClaimSources.Prepare(node);
                break;
            case "persistentvolumes" when subresource == "status":
                TimePhase(node, live, now);
                break;
            case "services" when node["spec"] is MapNode spec && live["spec"] is MapNode before:
                ServiceAllocator.Release(spec, live);
                KeepAllocations(spec, before);
                break;
            default:
                break;
        }
    }

    /// <summary>When a volume's phase changed: the server's time, unless whoever changed the phase gives another.</summary>
    private static void TimePhase(MapNode node, MapNode live, string now)
    {
        Node? before = live.At("status", "lastPhaseTransitionTime");
        Node? sent = node.At("status", "lastPhaseTransitionTime");
        bool changed = !Node.DeepEquals(node.At("status", "phase"), live.At("status", "phase"));
        if (changed && (sent is null || Node.DeepEquals(sent, before)))
        {
            node.EnsureMap("status")["lastPhaseTransitionTime"] = now;
        }
        else if (!changed && sent is null && before is not null)
        {
            node.EnsureMap("status")["lastPhaseTransitionTime"] = before;
        }
    }

    /// <summary>The generation of the template lives on in an annotation that only the server writes.</summary>
    private static void CountTemplates(MapNode node, MapNode live)
    {
        const string Annotation = "deprecated.daemonset.template.generation";
        long generation = long.TryParse(live.At("metadata", "annotations", Annotation)?.AsString(), CultureInfo.InvariantCulture, out long known) ? known : 0;
        if (!Node.DeepEquals(node.At("spec", "template"), live.At("spec", "template")))
        {
            generation++;
        }

        ObjectMeta.Of(node).EnsureMap("annotations")[Annotation] = generation.ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>Addresses and ports of a service that an update leaves out.</summary>
    private static void KeepAllocations(MapNode spec, MapNode before)
    {
        if (spec["type"]?.AsString() == "ExternalName" || before["type"]?.AsString() == "ExternalName")
        {
            return;
        }

        string address = before["clusterIP"]?.AsString() ?? string.Empty;
        if (spec["clusterIP"]?.AsString() is null or "" && address.Length > 0)
        {
            spec["clusterIP"] = StringNode.Of(address);
        }

        bool kept = address.Length > 0 && spec["clusterIP"]?.AsString() == address;
        if (spec["clusterIPs"] is not ListNode { Count: > 0 } && kept && before["clusterIPs"] is { } addresses)
        {
            spec["clusterIPs"] = addresses;
        }
        else if (!kept && spec["clusterIP"] is StringNode own && (spec["clusterIPs"] is not ListNode { Count: > 0 } || Node.DeepEquals(spec["clusterIPs"], before["clusterIPs"])))
        {
            spec["clusterIPs"] = new ListNode(own);
        }

        if (ServiceRules.NeedsHealthCheck(spec) && ServiceRules.NeedsHealthCheck(before) && spec["healthCheckNodePort"]?.AsInteger() is null or 0 && before["healthCheckNodePort"] is { } port)
        {
            spec["healthCheckNodePort"] = port;
        }

        if (spec["type"]?.AsString() is "NodePort" or "LoadBalancer" && before["type"]?.AsString() is "NodePort" or "LoadBalancer")
        {
            KeepPorts(spec, before);
        }
    }

    private static void KeepPorts(MapNode spec, MapNode before)
    {
        foreach (MapNode port in (spec["ports"]?.AsList() ?? []).OfType<MapNode>().Where(port => port["nodePort"] is null))
        {
            Node? same = (before["ports"]?.AsList() ?? []).FirstOrDefault(old => Node.DeepEquals(old["port"], port["port"]) && Node.DeepEquals(old["protocol"], port["protocol"]));
            bool taken = (spec["ports"]?.AsList() ?? []).Any(other => same?["nodePort"] is { } number && Node.DeepEquals(other["nodePort"], number));
            if (same?["nodePort"] is { } kept && !taken)
            {
                port["nodePort"] = kept;
            }
        }
    }

    /// <summary>A node takes pods only once a controller saw it ready.</summary>
    private static void TaintNew(MapNode node)
    {
        MapNode spec = node.EnsureMap("spec");
        ListNode taints = spec["taints"] as ListNode ?? [];
        if (!taints.Any(taint => taint["key"]?.AsString() == "node.kubernetes.io/not-ready" && taint["effect"]?.AsString() == "NoSchedule"))
        {
            taints.Add(new MapNode { ["key"] = "node.kubernetes.io/not-ready", ["effect"] = "NoSchedule" });
        }

        spec["taints"] = taints;
    }

    /// <summary>Every version that was ever a storage version is remembered.</summary>
    private static void StoreVersion(MapNode node)
    {
        string? storage = (node.At("spec", "versions")?.AsList() ?? []).FirstOrDefault(version => version["storage"]?.AsBool() == true)?["name"]?.AsString();
        if (storage is null || node["status"] is not MapNode status || (status["storedVersions"]?.AsList() ?? []).Any(item => item.AsString() == storage))
        {
            return;
        }

        ListNode stored = new(status["storedVersions"]?.AsList() ?? []) { StringNode.Of(storage) };
        MapNode next = (MapNode)status.DeepClone();
        next["storedVersions"] = stored;
        node["status"] = next;
    }

    private static void PrepareDefinition(MapNode node)
    {
        ListNode stored = new((node.At("spec", "versions")?.AsList() ?? []).Where(version => version["storage"]?.AsBool() == true).Take(1).Select(version => version["name"] ?? StringNode.Empty));
        node["status"] = new MapNode { ["conditions"] = Node.Null, ["acceptedNames"] = new MapNode { ["plural"] = string.Empty, ["kind"] = string.Empty }, ["storedVersions"] = stored };
    }

    private static void PrepareNamespace(MapNode node)
    {
        MapNode spec = node.EnsureMap("spec");
        ListNode finalizers = spec["finalizers"] as ListNode ?? [];
        if (!finalizers.Any(item => item.AsString() == "kubernetes"))
        {
            finalizers.Add("kubernetes");
        }

        spec["finalizers"] = finalizers;
        node["status"] = new MapNode { ["phase"] = "Active" };
    }

    private static void PrepareRequest(MapNode node, UserInfo user)
    {
        MapNode spec = node.EnsureMap("spec");
        spec["username"] = user.Name;
        if (user.Groups.Count > 0)
        {
            spec["groups"] = new ListNode(user.Groups.Select(group => (Node)StringNode.Of(group)));
        }

        if (user.Uid.Length > 0)
        {
            spec["uid"] = user.Uid;
        }

        if (user.Extra.Count > 0)
        {
            MapNode extra = [];
            foreach ((string key, IReadOnlyList<string> values) in user.Extra)
            {
                extra[key] = new ListNode(values.Select(value => (Node)StringNode.Of(value)));
            }

            spec["extra"] = extra;
        }
    }
}

/// <summary>A Job selects its pods by its own uid unless the client insists on a selector.</summary>
internal static class JobSelector
{
    public static void Prepare(MapNode node)
    {
        if (node["spec"] is not MapNode spec || spec["manualSelector"]?.AsBool() == true || spec["template"] is not MapNode template)
        {
            return;
        }

        string uid = ObjectMeta.Text(node, "uid");
        string name = ObjectMeta.Name(node);
        MapNode labels = template.EnsureMap("metadata").EnsureMap("labels");
        labels["controller-uid"] = uid;
        labels["job-name"] = name;
        labels["batch.kubernetes.io/controller-uid"] = uid;
        labels["batch.kubernetes.io/job-name"] = name;
        if (node["metadata"]?["labels"] is null)
        {
            ObjectMeta.Of(node)["labels"] = labels.DeepClone();
        }

        if (spec["selector"] is null)
        {
            spec["selector"] = new MapNode { ["matchLabels"] = new MapNode { ["batch.kubernetes.io/controller-uid"] = uid } };
        }
    }
}
