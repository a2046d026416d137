using System.Collections.Frozen;
using Bowline.EmbeddedCluster.Kinds;
using Bowline.Resources.Model;
using Bowline.Resources.Schemas;

namespace Bowline.EmbeddedCluster.Validation;

/// <summary>What is allowed but probably not meant; told in Warning headers.</summary>
internal static class ObjectWarnings
{
    private static readonly FrozenDictionary<string, string> OldLabels = new Dictionary<string, string>
    {
        ["beta.kubernetes.io/arch"] = "deprecated since v1.14; use \"kubernetes.io/arch\" instead",
        ["beta.kubernetes.io/os"] = "deprecated since v1.14; use \"kubernetes.io/os\" instead",
        ["failure-domain.beta.kubernetes.io/region"] = "deprecated since v1.17; use \"topology.kubernetes.io/region\" instead",
        ["failure-domain.beta.kubernetes.io/zone"] = "deprecated since v1.17; use \"topology.kubernetes.io/zone\" instead",
        ["beta.kubernetes.io/instance-type"] = "deprecated since v1.17; use \"node.kubernetes.io/instance-type\" instead",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    private static readonly (string Prefix, string Text)[] OldAnnotations =
    [
        ("seccomp.security.alpha.kubernetes.io/pod", "non-functional in v1.27+; use the \"seccompProfile\" field instead"),
        ("container.seccomp.security.alpha.kubernetes.io/", "non-functional in v1.27+; use the \"seccompProfile\" field instead"),
        ("container.apparmor.security.beta.kubernetes.io/", "deprecated since v1.30; use the \"appArmorProfile\" field instead"),
        ("scheduler.alpha.kubernetes.io/critical-pod", "non-functional in v1.16+; use the \"priorityClassName\" field instead"),
        ("security.alpha.kubernetes.io/sysctls", "non-functional in v1.11+; use the \"sysctls\" field instead"),
        ("security.alpha.kubernetes.io/unsafe-sysctls", "non-functional in v1.11+; use the \"sysctls\" field instead"),
    ];

    private static readonly (string Source, string Text)[] OldVolumes =
    [
        ("gitRepo", "deprecated in v1.11"), ("glusterfs", "deprecated in v1.25, this feature will be completely removed in v1.26"), ("scaleIO", "deprecated in v1.16, non-functional in v1.22+"),
        ("storageos", "deprecated in v1.22, non-functional in v1.25+"), ("flocker", "deprecated in v1.22, non-functional in v1.25+"), ("quobyte", "deprecated in v1.22, non-functional in v1.25+"),
        ("photonPersistentDisk", "deprecated in v1.11, non-functional in v1.16+"), ("cephfs", "deprecated in v1.28, non-functional in v1.31+"), ("rbd", "deprecated in v1.28, non-functional in v1.31+"),
    ];

    /// <param name="live">The object before an update; what did not change is not told again.</param>
    public static IEnumerable<string> Of(ServedKind kind, MapNode node, MapNode? live)
    {
        if (kind.Custom is not null)
        {
            return Finalizers(node, live);
        }

        string[] template = kind.QualifiedPlural switch
        {
            "pods" => [],
            "cronjobs.batch" => ["spec", "jobTemplate", "spec", "template"],
            "podtemplates" => ["template"],
            "deployments.apps" or "statefulsets.apps" or "daemonsets.apps" or "replicasets.apps" or "replicationcontrollers" or "jobs.batch" => ["spec", "template"],
            _ => ["\0"],
        };
        if (template is not ["\0"])
        {
            Node? pod = template.Length == 0 ? node : node.At(template);
            Node? before = template.Length == 0 ? live : live?.At(template);
            bool same = before is not null && Node.DeepEquals(pod?["spec"], before["spec"]) && Node.DeepEquals(pod?.At("metadata", "annotations"), before.At("metadata", "annotations"));
            return same ? [] : Pod(pod, template.Length == 0 ? string.Empty : string.Join('.', template) + ".");
        }

        return kind.QualifiedPlural switch
        {
            "ingresses.networking.k8s.io" when live is null && node.At("metadata", "annotations", "kubernetes.io/ingress.class") is not null =>
                ["annotation \"kubernetes.io/ingress.class\" is deprecated, please use 'spec.ingressClassName' instead"],
            "persistentvolumes" when node.At("spec", "persistentVolumeReclaimPolicy")?.AsString() == "Recycle" =>
                ["spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning."],
            "persistentvolumeclaims" => Claim(node),
            "serviceaccounts" when node.At("metadata", "annotations", "kubernetes.io/enforce-mountable-secrets") is not null =>
                ["metadata.annotations[kubernetes.io/enforce-mountable-secrets]: deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets"],
            "nodes" => NodeFields(node),
            _ => [],
        };
    }

    // Custom resources may have finalizers that built-in kinds would be refused with.
    private static IEnumerable<string> Finalizers(MapNode node, MapNode? live)
    {
        static IEnumerable<string> Of(MapNode? node) => (node?.At("metadata", "finalizers")?.AsList() ?? []).Select(item => item.AsString() ?? string.Empty);
        foreach (string name in Of(node).Except(Of(live)).Order(StringComparer.Ordinal))
        {
            if (!name.Contains('/', StringComparison.Ordinal) && name is not ("orphan" or "foregroundDeletion" or "kubernetes"))
            {
                string path = name.Contains('.', StringComparison.Ordinal) ? " including a path (/)" : string.Empty;
                yield return $"metadata.finalizers: \"{name}\": prefer a domain-qualified finalizer name{path} to avoid accidental conflicts with other finalizer writers";
            }
        }
    }

    private static IEnumerable<string> NodeFields(MapNode node)
    {
        if (node.At("spec", "configSource") is MapNode)
        {
            yield return "spec.configSource: the spec.configSource field is deprecated since v1.22, and has no effect";
        }

        if (node.At("spec", "externalID")?.AsString() is { Length: > 0 })
        {
            yield return "spec.externalID: this field is deprecated, and is unused by Kubernetes";
        }
    }

    private static IEnumerable<string> Claim(MapNode node)
    {
        if (node.At("metadata", "annotations", "volume.beta.kubernetes.io/storage-class") is not null)
        {
            yield return "metadata.annotations[volume.beta.kubernetes.io/storage-class]: deprecated since v1.8; use \"storageClassName\" attribute instead";
        }

        if (Fraction(node.At("spec", "resources", "requests", "storage")) is { } amount)
        {
            yield return $"spec.resources.requests[storage]: fractional byte value \"{amount}\" is invalid, must be an integer";
        }
    }

    private static IEnumerable<string> Pod(Node? pod, string prefix)
    {
        Node? spec = pod?["spec"];
        List<string> found = [];
        foreach (string key in (spec?["nodeSelector"] as MapNode ?? []).Keys.Where(OldLabels.ContainsKey))
        {
            found.Add($"{prefix}spec.nodeSelector[{key}]: {OldLabels[key]}");
        }

        foreach ((Node constraint, string at) in Checks.Each(spec?["topologySpreadConstraints"], $"{prefix}spec.topologySpreadConstraints"))
        {
            if (constraint["topologyKey"]?.AsString() is { } key && OldLabels.TryGetValue(key, out string? text))
            {
                found.Add($"{at}.topologyKey: {key} is {text}");
            }
        }

        foreach (string key in (pod?.At("metadata", "annotations") as MapNode ?? []).Keys)
        {
            found.AddRange(OldAnnotations.Where(old => key == old.Prefix || (old.Prefix.EndsWith('/') && key.StartsWith(old.Prefix, StringComparison.Ordinal))).Select(old => $"{prefix}metadata.annotations[{key}]: {old.Text}"));
        }

        Secrets(spec, prefix, found);
        foreach ((Node volume, string at) in Checks.Each(spec?["volumes"], $"{prefix}spec.volumes"))
        {
            found.AddRange(OldVolumes.Where(old => volume[old.Source] is MapNode).Select(old => $"{at}.{old.Source}: {old.Text}"));
        }

        foreach (string list in (ReadOnlySpan<string>)["initContainers", "containers"])
        {
            foreach ((Node container, string at) in Checks.Each(spec?[list], $"{prefix}spec.{list}"))
            {
                Container(container, at, found);
            }
        }

        if (spec?["terminationGracePeriodSeconds"]?.AsInteger() < 0)
        {
            found.Add($"{prefix}spec.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1");
        }

        return found;
    }

    private static void Secrets(Node? spec, string prefix, List<string> found)
    {
        HashSet<string> names = new(StringComparer.Ordinal);
        foreach ((Node secret, string at) in Checks.Each(spec?["imagePullSecrets"], $"{prefix}spec.imagePullSecrets"))
        {
            string name = secret["name"]?.AsString() ?? string.Empty;
            if (name.Length == 0)
            {
                found.Add($"{at}.name: invalid empty name \"\"");
            }
            else if (!names.Add(name))
            {
                found.Add($"{at}.name: duplicate name \"{name}\"");
            }
        }
    }

    private static void Container(Node container, string path, List<string> found)
    {
        HashSet<string> names = new(StringComparer.Ordinal);
        foreach ((Node variable, string at) in Checks.Each(container["env"], $"{path}.env"))
        {
            if (variable["name"]?.AsString() is { } name && !names.Add(name))
            {
                found.Add($"{at}: hides previous definition of \"{name}\", which may be dropped when using apply");
            }
        }

        Dictionary<string, string> ports = new(StringComparer.Ordinal);
        foreach ((Node port, string at) in Checks.Each(container["ports"], $"{path}.ports"))
        {
            string key = $"{port["containerPort"]}/{port["protocol"]?.AsString()}/{port["hostPort"]}/{port["hostIP"]?.AsString()}";
            if (!ports.TryAdd(key, at))
            {
                found.Add($"{at}: duplicate port definition with {ports[key]}");
            }
        }

        foreach (string part in (ReadOnlySpan<string>)["limits", "requests"])
        {
            foreach (string resource in (ReadOnlySpan<string>)["memory", "ephemeral-storage"])
            {
                if (Fraction(container.At("resources", part, resource)) is { } amount)
                {
                    found.Add($"{path}.resources.{part}[{resource}]: fractional byte value \"{amount}\" is invalid, must be an integer");
                }
            }
        }
    }

    private static string? Fraction(Node? amount) =>
        amount?.AsString() is { } text && Quantity.TryParse(text, out Quantity quantity) && quantity.Nano != quantity.Units * 1_000_000_000 ? text : null;
}
