using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Validation;

/// <summary>Pod specs, alone and in templates.</summary>
internal static partial class PodRules
{
    private const string MirrorAnnotation = "kubernetes.io/config.mirror";
    private const string DeletionCost = "controller.kubernetes.io/pod-deletion-cost";
    private const string UpdateText =
        "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";

    public static void Pod(Checks check, MapNode node)
    {
        Spec(check, node["spec"], "spec", Checks.Text(node.At("metadata", "name")));
        PodAnnotations(check, node.At("metadata", "annotations"), "metadata.annotations", node["spec"]);
        foreach (string list in (ReadOnlySpan<string>)["containers", "initContainers"])
        {
            foreach ((Node container, string at) in Checks.Each(node.At("spec", list), $"spec.{list}"))
            {
                PaddedImage(check, container, at);
            }
        }

        if (!Checks.IsEmpty(node.At("spec", "serviceAccountName")))
        {
            return;
        }

        foreach ((Node source, string at) in Checks.Each(node.At("spec", "volumes"), "spec.volumes").SelectMany(pair => Checks.Each(pair.Item.At("projected", "sources"), $"{pair.Path}.projected.sources")))
        {
            if (source["serviceAccountToken"] is MapNode)
            {
                check.Add(FieldError.Forbidden($"{at}.serviceAccountToken", "must not be specified when serviceAccountName is not set"));
            }
        }
    }

    /// <summary>What only a new pod must not have.</summary>
    public static void OnCreate(Checks check, MapNode node)
    {
        if (node.At("spec", "ephemeralContainers") is ListNode { Count: > 0 })
        {
            check.Add(FieldError.Forbidden("spec.ephemeralContainers", "cannot be set on create"));
        }

        if (node.At("spec", "nodeName") is StringNode { Value.Length: > 0 } && node.At("spec", "schedulingGates") is ListNode { Count: > 0 })
        {
            check.Add(FieldError.Forbidden("spec.nodeName", "cannot be set until all schedulingGates have been cleared"));
        }
    }

    /// <param name="pod">The pod's name; empty in a template.</param>
    private static void Spec(Checks check, Node? spec, string path, string pod)
    {
        PodScope scope = PodScope.Of(spec, Volumes(check, spec?["volumes"], $"{path}.volumes", pod));
        PodClaims(check, spec?["resourceClaims"], $"{path}.resourceClaims");
        Containers(check, spec, path, scope);
        PodResources(check, spec, $"{path}.resources");
        HostNetwork(check, spec, path, pod.Length > 0);
        check.Choice(spec?["restartPolicy"], $"{path}.restartPolicy", "Always", "OnFailure", "Never");
        check.Choice(spec?["dnsPolicy"], $"{path}.dnsPolicy", "ClusterFirstWithHostNet", "ClusterFirst", "Default", "None");
        MetadataRules.CheckLabels(spec?["nodeSelector"], $"{path}.nodeSelector", check.Errors);
        SecurityContext(check, spec?["securityContext"], $"{path}.securityContext", ofPod: true, scope);
        HostNamespaces(check, spec, path);
        Affinity(check, spec?["affinity"], $"{path}.affinity");
        DnsConfig(check, spec, path);
        Gates(check, spec, path);
        Spread(check, spec?["topologySpreadConstraints"], $"{path}.topologySpreadConstraints");
        Names(check, spec, path);
        check.Between(spec?["activeDeadlineSeconds"], $"{path}.activeDeadlineSeconds", 1, int.MaxValue);
        Tolerations(check, spec, path);
        HostAliases(check, spec?["hostAliases"], $"{path}.hostAliases");
        if (spec?["preemptionPolicy"] is not null)
        {
            check.Choice(spec["preemptionPolicy"], $"{path}.preemptionPolicy", "PreemptLowerPriority", "Never");
        }

        ResourceRules.Overhead(check, spec?["overhead"], $"{path}.overhead");
        OperatingSystem(check, spec, path);
    }

    private static void PodClaims(Checks check, Node? claims, string path)
    {
        HashSet<string> names = new(StringComparer.Ordinal);
        foreach ((Node claim, string at) in Checks.Each(claims, path))
        {
            if (!Checks.IsEmpty(claim["name"]) && !names.Add(Checks.Text(claim["name"])))
            {
                check.Add(FieldError.Duplicate($"{at}.name", claim["name"]));
            }
            else
            {
                check.RequireName(claim["name"], $"{at}.name", NameRules.Label);
            }

            bool named = claim["resourceClaimName"] is StringNode;
            bool templated = claim["resourceClaimTemplateName"] is StringNode;
            if (named && templated)
            {
                check.Add(FieldError.Invalid(at, claim, "at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified"));
            }
            else if (!named && !templated)
            {
                check.Add(FieldError.Invalid(at, claim, "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`"));
            }

            foreach (string part in (ReadOnlySpan<string>)["resourceClaimName", "resourceClaimTemplateName"])
            {
                if (claim[part] is StringNode name)
                {
                    check.Name(name, $"{at}.{part}", NameRules.Subdomain);
                }
            }
        }
    }

    /// <summary>Resources of the pod as a whole: only those that can be shared, and never less than its containers ask for.</summary>
    private static void PodResources(Checks check, Node? spec, string path)
    {
        if (spec?["resources"] is not MapNode { Count: > 0 } resources)
        {
            return;
        }

        if (resources["claims"] is ListNode)
        {
            check.Add(FieldError.Forbidden($"{path}.claims", "claims cannot be set for Resources at pod-level"));
        }

        ResourceRules.PodRequirements(check, resources, path);
        foreach ((Node container, int index) in (spec["containers"]?.AsList() ?? []).Select((container, index) => (container, index)))
        {
            foreach ((string name, Node amount, string _) in Checks.Members(container.At("resources", "limits"), path))
            {
                if (ResourceRules.Exceeds(amount, resources.At("limits", name)))
                {
                    check.Add(FieldError.Invalid($"{path}.containers[{index}][{name}].limits", amount, $"must be less than or equal to pod limits of {resources.At("limits", name)!.AsString()}"));
                }
            }
        }
    }

    /// <summary>Annotations that mean something to the kubelet.</summary>
    private static void PodAnnotations(Checks check, Node? annotations, string path, Node? spec)
    {
        if (annotations?[MirrorAnnotation] is { } mirror && Checks.IsEmpty(spec?["nodeName"]))
        {
            check.Add(FieldError.Invalid($"{path}[{MirrorAnnotation}]", mirror, "must set spec.nodeName if mirror pod annotation is set"));
        }

        if (annotations?[DeletionCost] is { } cost && !(int.TryParse(cost.AsString(), System.Globalization.NumberStyles.AllowLeadingSign, null, out int number) && number.ToString(System.Globalization.CultureInfo.InvariantCulture) == cost.AsString()))
        {
            check.Add(FieldError.Invalid($"{path}[{DeletionCost}]", cost, "must be a 32bit integer"));
        }
    }

    /// <summary>A static pod's mark is made by its kubelet, once.</summary>
    public static void AnnotationsUpdate(Checks check, MapNode node, MapNode live)
    {
        Node? before = live.At("metadata", "annotations", MirrorAnnotation);
        if (!Node.DeepEquals(node.At("metadata", "annotations", MirrorAnnotation), before))
        {
            check.Add(FieldError.Forbidden($"metadata.annotations[{MirrorAnnotation}]", before is null ? "may not add mirror pod annotation" : "may not remove or update mirror pod annotation"));
        }
    }

    /// <summary>The template of a controller's pods.</summary>
    public static void Template(Checks check, Node? template, string path)
    {
        TemplateMetadata(check, template, path);
        Spec(check, template?["spec"], $"{path}.spec", string.Empty);
        if (template?.At("spec", "ephemeralContainers") is ListNode { Count: > 0 })
        {
            check.Add(FieldError.Forbidden($"{path}.spec.ephemeralContainers", "ephemeral containers not allowed in pod template"));
        }
    }

    public static void TemplateMetadata(Checks check, Node? template, string path)
    {
        MetadataRules.CheckLabels(template?.At("metadata", "labels"), $"{path}.labels", check.Errors);
        MetadataRules.CheckAnnotations(template?.At("metadata", "annotations"), $"{path}.annotations", check.Errors);
        PodAnnotations(check, template?.At("metadata", "annotations"), $"{path}.annotations", template?["spec"]);
    }

    public static void OnUpdate(Checks check, MapNode node, MapNode live, string subresource)
    {
        AnnotationsUpdate(check, node, live);
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
        MapNode before = live["spec"] as MapNode ?? [];
        MapNode after = WithoutAllowed(node["spec"] as MapNode ?? [], before);
        if (!Node.DeepEquals(after, before))
        {
            check.Add(FieldError.Forbidden("spec", UpdateText + SpecText.OfPods(before, after)));
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
        foreach (string name in (next?.AsList() ?? []).Select(gate => Checks.Text(gate["name"])).Where(name => !before.Contains(name)))
        {
            check.Add(FieldError.Forbidden("spec.schedulingGates", $"only deletion is allowed, but found new scheduling gate '{name}'"));
        }
    }

    /// <summary>A pod's spec with what may change as it was.</summary>
    private static MapNode WithoutAllowed(MapNode next, MapNode before)
    {
        MapNode spec = (MapNode)next.DeepClone();
        foreach (string list in (ReadOnlySpan<string>)["containers", "initContainers"])
        {
            foreach ((Node container, Node own) in (spec[list]?.AsList() ?? []).Zip(before[list]?.AsList() ?? []))
            {
                Restore((MapNode)container, own, "image");
            }
        }

        foreach (string key in (ReadOnlySpan<string>)["activeDeadlineSeconds", "tolerations", "schedulingGates"])
        {
            Restore(spec, before, key);
        }

        if (before["terminationGracePeriodSeconds"]?.AsInteger() < 0 && spec["terminationGracePeriodSeconds"]?.AsInteger() is 1)
        {
            Restore(spec, before, "terminationGracePeriodSeconds");
        }

        // A pod that waits at a gate may still be told more precisely where to go.
        if (before["schedulingGates"] is ListNode { Count: > 0 })
        {
            Restore(spec, before, "nodeSelector");
            Restore(spec, before, "affinity");
        }

        return spec;
    }

    private static void Restore(MapNode next, Node before, string key)
    {
        if (before[key] is { } value)
        {
            next[key] = value;
        }
        else
        {
            next.Remove(key);
        }
    }
}

/// <summary>What the rules of one container take from the pod around it.</summary>
/// <param name="Volumes">Volumes that can be mounted.</param>
/// <param name="Claims">Names of the pod's resource claims.</param>
internal sealed record PodScope(Dictionary<string, Node?> Volumes, string[] Claims, long? GracePeriod, string RestartPolicy, bool HostUsers, bool HostNetwork, bool HostIpc)
{
    public static PodScope Of(Node? spec, Dictionary<string, Node?> volumes) => new(
        volumes,
        [.. (spec?["resourceClaims"]?.AsList() ?? []).Select(claim => Checks.Text(claim["name"])).Where(name => name.Length > 0)],
        spec?["terminationGracePeriodSeconds"]?.AsInteger(),
        Checks.Text(spec?["restartPolicy"]),
        spec?["hostUsers"]?.AsBool() != false,
        spec?["hostNetwork"]?.AsBool() == true,
        spec?["hostIPC"]?.AsBool() == true);
}
