using Bowline.Resources.Model;
using static Bowline.EmbeddedCluster.Admission.PodSecurity.PodSecurityChecks;

namespace Bowline.EmbeddedCluster.Admission.PodSecurity;

/// <summary>What level restricted demands on top of baseline: pods that give up what they do not need.</summary>
internal static class RestrictedChecks
{
    private static readonly string[] AllowedVolumes = ["configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret", "image"];

    public static PodFinding? Escalation(PodView pod)
    {
        string[] names = pod.Named(container => container.At("securityContext", "allowPrivilegeEscalation")?.AsBool() != false);
        return names.Length == 0 ? null : new PodFinding("allowPrivilegeEscalation != false", $"{Subject("container", names)} must set securityContext.allowPrivilegeEscalation=false");
    }

    public static PodFinding? Capabilities(PodView pod)
    {
        static bool DropsAll(Node container) => (container.At("securityContext", "capabilities", "drop")?.AsList() ?? []).Any(item => item.AsString() == "ALL");
        static bool Wrong(string name) => name != "NET_BIND_SERVICE";
        string[] keeping = pod.Named(container => !DropsAll(container));
        string[] adding = pod.Named(container => BaselineChecks.Added(container).Any(Wrong));
        List<string> details = [];
        if (keeping.Length > 0)
        {
            details.Add($"{Subject("container", keeping)} must set securityContext.capabilities.drop=[\"ALL\"]");
        }

        if (adding.Length > 0)
        {
            details.Add($"{Subject("container", adding)} must not include {Quoted(pod.Containers.SelectMany(BaselineChecks.Added).Where(Wrong).Distinct().Order(StringComparer.Ordinal))} in securityContext.capabilities.add");
        }

        return details.Count == 0 ? null : new PodFinding("unrestricted capabilities", string.Join("; ", details));
    }

    public static PodFinding? Volumes(PodView pod)
    {
        List<(string Name, string Type)> wrong = [];
        foreach (MapNode volume in (pod.Spec["volumes"]?.AsList() ?? []).OfType<MapNode>())
        {
            string? type = volume.Keys.FirstOrDefault(key => key != "name");
            if (type is not null && !AllowedVolumes.Contains(type))
            {
                wrong.Add((volume["name"]?.AsString() ?? string.Empty, type));
            }
        }

        if (wrong.Count == 0)
        {
            return null;
        }

        string[] types = [.. wrong.Select(item => item.Type).Distinct().Order(StringComparer.Ordinal)];
        string[] names = [.. wrong.Select(item => item.Name)];
        return new PodFinding("restricted volume types", $"{Subject("volume", names)} {(names.Length == 1 ? "uses" : "use")} {Subject("restricted volume type", types)}");
    }

    public static PodFinding? NonRoot(PodView pod)
    {
        if (HasOwnUsers(pod))
        {
            return null;
        }

        bool? podSays = pod.Security?["runAsNonRoot"]?.AsBool();
        string setters = Setters(podSays == false, pod.Named(container => container.At("securityContext", "runAsNonRoot")?.AsBool() == false));
        if (setters.Length > 0)
        {
            return new PodFinding("runAsNonRoot != true", $"{setters} must not set securityContext.runAsNonRoot=false");
        }

        string[] silent = pod.Named(container => podSays != true && container.At("securityContext", "runAsNonRoot")?.AsBool() is null);
        return silent.Length == 0 ? null : new PodFinding("runAsNonRoot != true", $"pod or {Subject("container", silent)} must set securityContext.runAsNonRoot=true");
    }

    public static PodFinding? UserZero(PodView pod)
    {
        static bool IsRoot(Node? context) => context?["runAsUser"]?.AsInteger() == 0;
        string setters = HasOwnUsers(pod) ? string.Empty : Setters(IsRoot(pod.Security), pod.Named(container => IsRoot(container["securityContext"])));
        return setters.Length == 0 ? null : new PodFinding("runAsUser=0", $"{setters} must not set runAsUser=0");
    }

    public static PodFinding? Seccomp(PodView pod)
    {
        if (BaselineChecks.Seccomp(pod) is { } explicitlyWrong)
        {
            return explicitlyWrong;
        }

        bool podSays = pod.Security?["seccompProfile"] is MapNode;
        string[] silent = pod.Named(container => !podSays && container.At("securityContext", "seccompProfile") is null);
        return silent.Length == 0 ? null : new PodFinding("seccompProfile", $"pod or {Subject("container", silent)} must set securityContext.seccompProfile.type to \"RuntimeDefault\" or \"Localhost\"");
    }

    // Root in a user namespace of its own is nobody on the host.
    private static bool HasOwnUsers(PodView pod) => pod.Standard.IsAtLeast(35) && pod.Spec["hostUsers"]?.AsBool() == false;
}
