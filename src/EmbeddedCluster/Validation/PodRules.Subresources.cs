using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Validation;

/// <summary>What a pod's subresources may change.</summary>
internal static partial class PodRules
{
    private const string OnlyComputeText = "only cpu and memory resources are mutable";
    private static readonly string[] Compute = ["cpu", "memory"];

    private static void EphemeralContainersUpdate(Checks check, MapNode node, MapNode live)
    {
        if (IsStatic(live))
        {
            check.Only(FieldError.Forbidden(string.Empty, "static pods do not support ephemeral containers"));
            return;
        }

        ListNode next = node.At("spec", "ephemeralContainers")?.AsList() ?? [];
        foreach (Node before in live.At("spec", "ephemeralContainers")?.AsList() ?? [])
        {
            string name = Checks.Text(before["name"]);
            Node? after = next.FirstOrDefault(item => Checks.Text(item["name"]) == name);
            if (after is null || !after.DeepEquals(before))
            {
                check.Add(FieldError.Forbidden("spec.ephemeralContainers", $"existing ephemeral containers \"{name}\" may not be {(after is MapNode changed ? "changed" + SpecText.Difference("v1.EphemeralContainer", (MapNode)before, changed) : "removed\n")}"));
            }
        }
    }

    /// <summary>Amounts of cpu and memory change, in place; nothing else does, and the pod keeps its class of service.</summary>
    private static void ResizeUpdate(Checks check, MapNode node, MapNode live)
    {
        MapNode next = node["spec"] as MapNode ?? [];
        MapNode before = live["spec"] as MapNode ?? [];
        string? refused = IsStatic(live) ? "static pods cannot be resized" : before.At("os", "name")?.AsString() == "windows" ? "windows pods cannot be resized" : null;
        if (refused is not null)
        {
            check.Only(FieldError.Forbidden(string.Empty, refused));
            return;
        }

        if ((live.At("status", "qosClass")?.AsString() ?? QualityOfService.Of(before)) != QualityOfService.Of(next))
        {
            check.Add(FieldError.Invalid("spec", node.At("status", "qosClass") ?? StringNode.Empty, "Pod QOS Class may not change as a result of resizing"));
        }

        if ((live.At("status", "containerStatuses")?.AsList() ?? []).FirstOrDefault(status => status.At("state", "running") is MapNode) is { } running && running["resources"] is null)
        {
            check.Add(FieldError.Forbidden("spec", "Pod running on node without support for resize"));
        }

        MapNode unsized = (MapNode)next.DeepClone();
        PodResize(check, next, before, unsized);
        if (!SameOrder(check, next, before))
        {
            return;
        }

        foreach (string list in (ReadOnlySpan<string>)["initContainers", "containers"])
        {
            foreach ((Node container, int index) in (before[list]?.AsList() ?? []).Select((container, index) => (container, index)))
            {
                ContainerResize(check, next[list]!.AsList()![index], container, (MapNode)unsized[list]!.AsList()![index], $"spec.{list}[{index}]");
            }
        }

        if (check.Errors.Count == 0 && !unsized.DeepEquals(before))
        {
            check.Add(FieldError.Forbidden("spec", OnlyComputeText));
        }
    }

    /// <summary>Resources of the pod as a whole.</summary>
    private static void PodResize(Checks check, MapNode next, MapNode before, MapNode unsized)
    {
        if (!IsSized(next["resources"]) && !IsSized(before["resources"]))
        {
            return;
        }

        if (before["resources"] is not null && next["resources"] is null)
        {
            check.Add(FieldError.Forbidden("spec.resources", "pod-level resources cannot be removed"));
            return;
        }

        Removed(check, next["resources"], before["resources"], "spec.resources", "pod-level resource");
        Unsize(unsized, before["resources"]);
        if (!Node.DeepEquals(unsized["resources"], before["resources"]))
        {
            check.Add(FieldError.Forbidden("spec", "only cpu and memory resources are mutable at pod-level"));
        }
    }

    private static bool SameOrder(Checks check, MapNode next, MapNode before)
    {
        int had = check.Errors.Count;
        foreach (string list in (ReadOnlySpan<string>)["containers", "initContainers"])
        {
            ListNode old = before[list]?.AsList() ?? [];
            ListNode given = next[list]?.AsList() ?? [];
            if (old.Count != given.Count)
            {
                check.Add(FieldError.Forbidden($"spec.{list}", $"{list} may not be added or removed on resize"));
                continue;
            }

            for (int i = 0; i < old.Count; i++)
            {
                if (Checks.Text(old[i]["name"]) != Checks.Text(given[i]["name"]))
                {
                    check.Add(FieldError.Forbidden($"spec.{list}[{i}].name", $"{list} may not be renamed or reordered on resize"));
                }
            }
        }

        return check.Errors.Count == had;
    }

    private static void ContainerResize(Checks check, Node next, Node before, MapNode unsized, string path)
    {
        bool isInit = path.StartsWith("spec.initContainers", StringComparison.Ordinal);
        Removed(check, next["resources"], before["resources"], $"{path}.resources", "resource");
        Unsize(unsized, before["resources"]);
        if (!unsized.DeepEquals(before))
        {
            check.Add(isInit ? FieldError.Forbidden(path, "only cpu and memory resources for init or sidecar containers are mutable") : FieldError.Forbidden("spec", OnlyComputeText));
        }

        bool restarts = (next["resizePolicy"]?.AsList() ?? []).Any(policy => policy["restartPolicy"]?.AsString() == "RestartContainer");
        if (isInit && next["restartPolicy"]?.AsString() != "Always" && restarts && !next.DeepEquals(before))
        {
            check.Add(FieldError.Forbidden(path, "non-sidecar init containers with a resize policy of RestartContainer cannot be resized"));
        }
    }

    private static void Removed(Checks check, Node? next, Node? before, string path, string what)
    {
        foreach (string part in (ReadOnlySpan<string>)["requests", "limits"])
        {
            if ((before?[part] as MapNode ?? []).Keys.Any(name => next?[part]?[name] is null))
            {
                check.Add(FieldError.Forbidden($"{path}.{part}", $"{what} {part} cannot be removed"));
            }
        }
    }

    /// <summary>Puts amounts of cpu and memory back to what they were.</summary>
    private static void Unsize(MapNode sized, Node? before)
    {
        MapNode resources = sized.EnsureMap("resources");
        foreach (string part in (ReadOnlySpan<string>)["requests", "limits"])
        {
            MapNode amounts = resources[part] as MapNode ?? [];
            foreach (string name in Compute)
            {
                if (before?[part]?[name] is { } amount)
                {
                    amounts[name] = amount;
                }
                else
                {
                    amounts.Remove(name);
                }
            }

            if (amounts.Count > 0)
            {
                resources[part] = amounts;
            }
            else
            {
                resources.Remove(part);
            }
        }

        if (resources.Count == 0 && before is null)
        {
            sized.Remove("resources");
        }
    }

    private static bool IsSized(Node? resources) => resources?["requests"] is MapNode { Count: > 0 } || resources?["limits"] is MapNode { Count: > 0 };

    private static bool IsStatic(MapNode pod) => pod.At("metadata", "annotations", MirrorAnnotation) is not null;
}
