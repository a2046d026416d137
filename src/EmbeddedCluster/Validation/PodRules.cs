using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Validation;

/// <summary>Pod specs, alone and in templates.</summary>
internal static partial class PodRules
{
    private const string UpdateText =
        "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";

    public static void Pod(Checks check, MapNode node)
    {
        Spec(check, node["spec"], "spec");
        if (node.At("spec", "nodeName") is StringNode { Value.Length: > 0 } && node.At("spec", "schedulingGates") is ListNode { Count: > 0 })
        {
            check.Add(FieldError.Forbidden("spec.nodeName", "cannot be set until all schedulingGates have been cleared"));
        }
    }

    /// <summary>What only a new pod must not have.</summary>
    public static void OnCreate(Checks check, MapNode node)
    {
        if (node.At("spec", "ephemeralContainers") is ListNode { Count: > 0 })
        {
            check.Add(FieldError.Forbidden("spec.ephemeralContainers", "cannot be set on create"));
        }
    }

    /// <param name="claims">Volumes that come from claim templates.</param>
    public static void Spec(Checks check, Node? spec, string path, params IEnumerable<string> claims)
    {
        Dictionary<string, Node?> volumes = Volumes(check, spec?["volumes"], $"{path}.volumes");
        foreach (string claim in claims)
        {
            volumes.TryAdd(claim, null);
        }

        Containers(check, spec, path, volumes);
        HostNetwork(check, spec, path);
        check.Choice(spec?["restartPolicy"], $"{path}.restartPolicy", "Always", "OnFailure", "Never");
        check.Choice(spec?["dnsPolicy"], $"{path}.dnsPolicy", "ClusterFirstWithHostNet", "ClusterFirst", "Default", "None");
        MetadataRules.CheckLabels(spec?["nodeSelector"], $"{path}.nodeSelector", check.Errors);
        SecurityContext(check, spec?["securityContext"], $"{path}.securityContext", ofPod: true);
        foreach ((Node secret, string at) in Checks.Each(spec?["imagePullSecrets"], $"{path}.imagePullSecrets"))
        {
            check.Require(secret["name"], $"{at}.name");
        }

        Affinity(check, spec?["affinity"], $"{path}.affinity");
        DnsConfig(check, spec, path);
        Gates(check, spec, path);
        Spread(check, spec?["topologySpreadConstraints"], $"{path}.topologySpreadConstraints");
        Names(check, spec, path);
        check.Between(spec?["activeDeadlineSeconds"], $"{path}.activeDeadlineSeconds", 1, int.MaxValue);
        Tolerations(check, spec, path);
        HostAliases(check, spec?["hostAliases"], $"{path}.hostAliases");
        check.OneOf(spec?["preemptionPolicy"], $"{path}.preemptionPolicy", "Never", "PreemptLowerPriority");
        foreach ((string _, Node amount, string at) in Checks.Members(spec?["overhead"], $"{path}.overhead"))
        {
            check.Amount(amount, at);
        }

        check.OneOf(spec?.At("os", "name"), $"{path}.os.name", "linux", "windows");
    }

    /// <summary>The template of a controller's pods.</summary>
    public static void Template(Checks check, Node? template, string path, IEnumerable<string> claims)
    {
        MetadataRules.CheckLabels(template?.At("metadata", "labels"), $"{path}.metadata.labels", check.Errors);
        MetadataRules.CheckAnnotations(template?.At("metadata", "annotations"), $"{path}.metadata.annotations", check.Errors);
        Spec(check, template?["spec"], $"{path}.spec", claims);
        if (template?.At("spec", "ephemeralContainers") is ListNode { Count: > 0 })
        {
            check.Add(FieldError.Forbidden($"{path}.spec.ephemeralContainers", "ephemeral containers not allowed in pod template"));
        }
    }

    public static void OnUpdate(Checks check, MapNode node, MapNode live, string subresource)
    {
        switch (subresource)
        {
            case "ephemeralcontainers":
                EphemeralContainersUpdate(check, node, live);
                return;
            case "resize":
                ResizeUpdate(check, node, live);
                return;
            case not "":
                return;
        }

        foreach (string list in (ReadOnlySpan<string>)["containers", "initContainers"])
        {
            if ((live.At("spec", list)?.AsList()?.Count ?? 0) != (node.At("spec", list)?.AsList()?.Count ?? 0))
            {
                check.Add(FieldError.Forbidden($"spec.{list}", "pod updates may not add or remove containers"));
                return;
            }
        }

        Deadline(check, node.At("spec", "activeDeadlineSeconds"), live.At("spec", "activeDeadlineSeconds"));
        KeptTolerations(check, node.At("spec", "tolerations"), live.At("spec", "tolerations"));
        FewerGates(check, node.At("spec", "schedulingGates"), live.At("spec", "schedulingGates"));
        if (!Node.DeepEquals(Fixed(node, live), Fixed(live, live)))
        {
            check.Add(FieldError.Forbidden("spec", UpdateText));
        }
    }

    private static void EphemeralContainersUpdate(Checks check, MapNode node, MapNode live)
    {
        ListNode next = node.At("spec", "ephemeralContainers")?.AsList() ?? [];
        foreach (Node before in live.At("spec", "ephemeralContainers")?.AsList() ?? [])
        {
            string name = before["name"]?.AsString() ?? string.Empty;
            Node? after = next.FirstOrDefault(item => item["name"]?.AsString() == name);
            if (after is null || !after.DeepEquals(before))
            {
                check.Add(FieldError.Forbidden("spec.ephemeralContainers", $"existing ephemeral containers \"{name}\" may not be {(after is null ? "removed" : "changed")}"));
            }
        }
    }

    private static void ResizeUpdate(Checks check, MapNode node, MapNode live)
    {
        string before = QualityOfService.Of((MapNode)live["spec"]!);
        string after = QualityOfService.Of((MapNode)node["spec"]!);
        if (before != after)
        {
            check.Add(FieldError.Invalid("spec", after, "Pod QOS Class may not change as a result of resizing"));
        }

        MapNode left = (MapNode)node["spec"]!.DeepClone();
        MapNode right = (MapNode)live["spec"]!.DeepClone();
        foreach (MapNode spec in (MapNode[])[left, right])
        {
            foreach (MapNode container in (spec["containers"]?.AsList() ?? []).Concat(spec["initContainers"]?.AsList() ?? []).OfType<MapNode>())
            {
                container.Remove("resources");
                container.Remove("resizePolicy");
            }
        }

        if (!left.DeepEquals(right))
        {
            check.Add(FieldError.Forbidden("spec", "only cpu and memory resources are mutable"));
        }
    }

    private static void Deadline(Checks check, Node? next, Node? live)
    {
        if (live?.AsInteger() is not { } before)
        {
            return;
        }

        if (next?.AsInteger() is not { } after)
        {
            check.Add(FieldError.Invalid("spec.activeDeadlineSeconds", Node.Null, "must not update from a positive integer to nil value"));
        }
        else if (after > before)
        {
            check.Add(FieldError.Invalid("spec.activeDeadlineSeconds", after, "must be less than or equal to previous value"));
        }
    }

    private static void KeptTolerations(Checks check, Node? next, Node? live)
    {
        static MapNode Identity(Node toleration)
        {
            MapNode copy = (MapNode)toleration.DeepClone();
            copy.Remove("tolerationSeconds");
            return copy;
        }

        MapNode[] kept = [.. (next?.AsList() ?? []).Select(Identity)];
        if ((live?.AsList() ?? []).Any(toleration => !kept.Any(other => other.DeepEquals(Identity(toleration)))))
        {
            check.Add(FieldError.Forbidden("spec.tolerations", "existing toleration can not be modified except its tolerationSeconds"));
        }
    }

    private static void FewerGates(Checks check, Node? next, Node? live)
    {
        string[] before = [.. (live?.AsList() ?? []).Select(gate => gate["name"]?.AsString() ?? string.Empty)];
        foreach ((Node gate, string at) in Checks.Each(next, "spec.schedulingGates"))
        {
            string name = gate["name"]?.AsString() ?? string.Empty;
            if (!before.Contains(name))
            {
                check.Add(FieldError.Forbidden("spec.schedulingGates", $"only deletion is allowed, but found new scheduling gate '{name}'"));
            }

            _ = at;
        }
    }

    /// <summary>A pod's spec without what may change.</summary>
    private static MapNode Fixed(MapNode pod, MapNode live)
    {
        MapNode spec = (MapNode)(pod["spec"]?.DeepClone() ?? new MapNode());
        foreach (string list in (ReadOnlySpan<string>)["containers", "initContainers"])
        {
            foreach (MapNode container in (spec[list]?.AsList() ?? []).OfType<MapNode>())
            {
                container.Remove("image");
            }
        }

        foreach (string key in (ReadOnlySpan<string>)["activeDeadlineSeconds", "tolerations", "schedulingGates"])
        {
            spec.Remove(key);
        }

        if (live.At("spec", "terminationGracePeriodSeconds")?.AsInteger() < 0 && spec["terminationGracePeriodSeconds"]?.AsInteger() is 1)
        {
            spec["terminationGracePeriodSeconds"] = live.At("spec", "terminationGracePeriodSeconds")!;
        }

        // A pod that waits at a gate may still be told more precisely where to go.
        if (live.At("spec", "schedulingGates") is ListNode { Count: > 0 })
        {
            spec.Remove("nodeSelector");
            spec.Remove("affinity");
        }

        return spec;
    }
}
