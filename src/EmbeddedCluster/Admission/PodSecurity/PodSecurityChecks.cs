using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Admission.PodSecurity;

/// <summary>What a check found.</summary>
internal sealed record PodFinding(string Reason, string Detail)
{
    public override string ToString() => Detail.Length == 0 ? Reason : $"{Reason} ({Detail})";
}

/// <summary>A pod, or the template of one, as checks look at it.</summary>
internal sealed class PodView
{
    public PodView(Node? metadata, Node spec, PodSecurityStandard standard)
    {
        Annotations = metadata?["annotations"] as MapNode ?? [];
        Spec = spec;
        Standard = standard;
        Containers = [.. ((string[])["initContainers", "containers", "ephemeralContainers"]).SelectMany(list => spec[list]?.AsList() ?? [])];
    }

    public MapNode Annotations { get; }

    public Node Spec { get; }

    public PodSecurityStandard Standard { get; }

    public IReadOnlyList<Node> Containers { get; }

    public Node? Security => Spec["securityContext"];

    public bool IsWindows => Standard.IsAtLeast(25) && Spec.At("os", "name")?.AsString() == "windows";

    /// <summary>Restricted relaxes what only matters to the host's users when the pod has its own.</summary>
    public string[] Named(Func<Node, bool> which) => [.. Containers.Where(which).Select(container => container["name"]?.AsString() ?? string.Empty)];
}

/// <summary>The checks of the Pod Security Standards, those of baseline first, each in the order of their ids, in the words of kube-apiserver.</summary>
internal static class PodSecurityChecks
{
    /// <summary>Every finding of a level's checks.</summary>
    public static IReadOnlyList<PodFinding> Run(Node? metadata, Node spec, PodSecurityStandard standard)
    {
        if (standard.Level == PodSecurityLevel.Privileged)
        {
            return [];
        }

        PodView pod = new(metadata, spec, standard);
        bool restricted = standard.Level == PodSecurityLevel.Restricted;
        bool drops = restricted && !pod.IsWindows && standard.IsAtLeast(22);
        bool confines = restricted && !pod.IsWindows && standard.IsAtLeast(19);
        PodFinding?[] found =
        [
            BaselineChecks.AppArmor(pod),
            drops ? null : BaselineChecks.Capabilities(pod),
            BaselineChecks.HostNamespaces(pod),
            restricted ? null : BaselineChecks.HostPaths(pod),
            BaselineChecks.HostPorts(pod),
            standard.IsAtLeast(34) ? BaselineChecks.ProbeHosts(pod) : null,
            BaselineChecks.Privileged(pod),
            BaselineChecks.ProcMount(pod),
            BaselineChecks.SeLinux(pod),
            confines ? null : BaselineChecks.Seccomp(pod),
            BaselineChecks.Sysctls(pod),
            BaselineChecks.HostProcess(pod),
            restricted && !pod.IsWindows ? RestrictedChecks.Escalation(pod) : null,
            drops ? RestrictedChecks.Capabilities(pod) : null,
            restricted ? RestrictedChecks.Volumes(pod) : null,
            restricted ? RestrictedChecks.NonRoot(pod) : null,
            restricted && standard.IsAtLeast(23) ? RestrictedChecks.UserZero(pod) : null,
            confines ? RestrictedChecks.Seccomp(pod) : null,
        ];
        return [.. found.OfType<PodFinding>()];
    }

    public static string Quoted(IEnumerable<string> items) => string.Join(", ", items.Select(item => $"\"{item}\""));

    /// <summary><c>container "a"</c> or <c>containers "a", "b"</c>.</summary>
    public static string Subject(string noun, IReadOnlyList<string> names) => $"{Plural(noun, names.Count)} {Quoted(names)}";

    public static string Plural(string noun, int count) => count == 1 ? noun : noun + "s";

    /// <summary>Pod and containers that set something, as one subject; empty when nobody did.</summary>
    public static string Setters(bool pod, IReadOnlyList<string> containers) =>
        string.Join(" and ", ((string[])[pod ? "pod" : string.Empty, containers.Count > 0 ? Subject("container", containers) : string.Empty]).Where(text => text.Length > 0));
}
