using System.Collections.Frozen;
using Bowline.Resources.Model;
using static Bowline.EmbeddedCluster.Admission.PodSecurity.PodSecurityChecks;

namespace Bowline.EmbeddedCluster.Admission.PodSecurity;

/// <summary>What level baseline forbids: known ways out of a container.</summary>
internal static class BaselineChecks
{
    private const string AppArmorAnnotation = "container.apparmor.security.beta.kubernetes.io/";
    private const string SeccompPodAnnotation = "seccomp.security.alpha.kubernetes.io/pod";
    private static readonly FrozenSet<string> DefaultCapabilities = FrozenSet.Create(
        StringComparer.Ordinal,
        "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT");

    private static readonly FrozenDictionary<string, int> SafeSysctls = new Dictionary<string, int>(StringComparer.Ordinal)
    {
        ["kernel.shm_rmid_forced"] = 0,
        ["net.ipv4.ip_local_port_range"] = 0,
        ["net.ipv4.tcp_syncookies"] = 0,
        ["net.ipv4.ping_group_range"] = 0,
        ["net.ipv4.ip_unprivileged_port_start"] = 0,
        ["net.ipv4.ip_local_reserved_ports"] = 27,
        ["net.ipv4.tcp_keepalive_time"] = 29,
        ["net.ipv4.tcp_fin_timeout"] = 29,
        ["net.ipv4.tcp_keepalive_intvl"] = 29,
        ["net.ipv4.tcp_keepalive_probes"] = 29,
        ["net.ipv4.tcp_rmem"] = 32,
        ["net.ipv4.tcp_wmem"] = 32,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    public static PodFinding? AppArmor(PodView pod)
    {
        bool Wrong(Node? context) => context?["appArmorProfile"] is MapNode profile && profile["type"]?.AsString() is not ("RuntimeDefault" or "Localhost");
        string[] annotations = [.. pod.Annotations
            .Where(pair => pair.Key.StartsWith(AppArmorAnnotation, StringComparison.Ordinal) && pair.Value.AsString() is { } value && value is not ("" or "runtime/default") && !value.StartsWith("localhost/", StringComparison.Ordinal))
            .Select(pair => $"{pair.Key}=\"{pair.Value.AsString()}\"").Order(StringComparer.Ordinal)];
        bool podWrong = Wrong(pod.Security);
        string[] containers = pod.Named(container => Wrong(container["securityContext"]));
        string setters = string.Join(" and ", ((string[])[Setters(podWrong, containers), annotations.Length > 0 ? Plural("annotation", annotations.Length) + " " + string.Join(", ", annotations) : string.Empty]).Where(text => text.Length > 0));
        if (setters.Length == 0)
        {
            return null;
        }

        string[] types = [.. pod.Containers.Select(container => container["securityContext"]).Append(pod.Security).Where(Wrong).Select(context => context!.At("appArmorProfile", "type")?.AsString() ?? string.Empty).Distinct().Order(StringComparer.Ordinal)];
        return new PodFinding(
            types.Length + annotations.Length > 1 ? "forbidden AppArmor profiles" : "forbidden AppArmor profile",
            types.Length == 0 ? $"{setters} must not set AppArmor profile type" : $"{setters} must not set AppArmor profile type to {Quoted(types)}");
    }

    public static PodFinding? Capabilities(PodView pod)
    {
        bool Wrong(string name) => !DefaultCapabilities.Contains(name);
        string[] names = pod.Named(container => Added(container).Any(Wrong));
        return names.Length == 0 ? null : new PodFinding("non-default capabilities", $"{Subject("container", names)} must not include {Quoted(pod.Containers.SelectMany(Added).Where(Wrong).Distinct().Order(StringComparer.Ordinal))} in securityContext.capabilities.add");
    }

    public static IEnumerable<string> Added(Node container) => (container.At("securityContext", "capabilities", "add")?.AsList() ?? []).Select(item => item.AsString() ?? string.Empty);

    public static PodFinding? HostNamespaces(PodView pod)
    {
        string[] shared = [.. ((string[])["hostNetwork", "hostPID", "hostIPC"]).Where(name => pod.Spec[name]?.AsBool() == true).Select(name => name + "=true")];
        return shared.Length == 0 ? null : new PodFinding("host namespaces", string.Join(", ", shared));
    }

    public static PodFinding? HostPaths(PodView pod)
    {
        string[] names = [.. (pod.Spec["volumes"]?.AsList() ?? []).Where(volume => volume["hostPath"] is not null).Select(volume => volume["name"]?.AsString() ?? string.Empty)];
        return names.Length == 0 ? null : new PodFinding("hostPath volumes", Subject("volume", names));
    }

    public static PodFinding? HostPorts(PodView pod)
    {
        static IEnumerable<string> Ports(Node container) => (container["ports"]?.AsList() ?? []).Select(port => port["hostPort"]?.AsInteger() ?? 0).Where(port => port != 0).Select(port => port.ToString());
        string[] names = pod.Named(container => Ports(container).Any());
        string[] ports = [.. pod.Containers.SelectMany(Ports).Distinct().Order(StringComparer.Ordinal)];
        return names.Length == 0 ? null : new PodFinding("hostPort", $"{Subject("container", names)} {(names.Length == 1 ? "uses" : "use")} {Plural("hostPort", ports.Length)} {string.Join(", ", ports)}");
    }

    public static PodFinding? ProbeHosts(PodView pod)
    {
        static IEnumerable<string> Hosts(Node container) => ((Node?[])[container["livenessProbe"], container["readinessProbe"], container["startupProbe"], container.At("lifecycle", "postStart"), container.At("lifecycle", "preStop")])
            .SelectMany(handler => (string?[])[handler?.At("httpGet", "host")?.AsString(), handler?.At("tcpSocket", "host")?.AsString()]).OfType<string>().Where(host => host.Length > 0);
        string[] names = [.. pod.Named(container => Hosts(container).Any()).Distinct().Order(StringComparer.Ordinal)];
        string[] hosts = [.. pod.Containers.SelectMany(Hosts).Distinct().Order(StringComparer.Ordinal)];
        return names.Length == 0 ? null : new PodFinding("probe or lifecycle host", $"{Subject("container", names)} {(names.Length == 1 ? "uses" : "use")} {Subject("probe or lifecycle host", hosts)}");
    }

    public static PodFinding? Privileged(PodView pod)
    {
        string[] names = pod.Named(container => container.At("securityContext", "privileged")?.AsBool() == true);
        return names.Length == 0 ? null : new PodFinding("privileged", $"{Subject("container", names)} must not set securityContext.privileged=true");
    }

    public static PodFinding? ProcMount(PodView pod)
    {
        static string Mount(Node container) => container.At("securityContext", "procMount")?.AsString() ?? "Default";
        string[] names = pod.Named(container => Mount(container) != "Default");
        return names.Length == 0 ? null : new PodFinding("procMount", $"{Subject("container", names)} must not set securityContext.procMount to {Quoted(pod.Containers.Select(Mount).Where(mount => mount != "Default").Distinct().Order(StringComparer.Ordinal))}");
    }

    public static PodFinding? SeLinux(PodView pod)
    {
        bool AllowedType(string type) => type is "" or "container_t" or "container_init_t" or "container_kvm_t" || (type == "container_engine_t" && pod.Standard.IsAtLeast(31));
        string Part(Node? options, string key) => options?[key]?.AsString() ?? string.Empty;
        bool Wrong(Node? options) => options is not null && (!AllowedType(Part(options, "type")) || Part(options, "user").Length > 0 || Part(options, "role").Length > 0);
        Node?[] wrong = [.. pod.Containers.Select(container => container.At("securityContext", "seLinuxOptions")).Append(pod.Security?["seLinuxOptions"]).Where(Wrong)];
        if (wrong.Length == 0)
        {
            return null;
        }

        string[] types = [.. wrong.Select(options => Part(options, "type")).Where(type => !AllowedType(type)).Distinct().Order(StringComparer.Ordinal)];
        List<string> bad = types.Length > 0 ? [Subject("type", types)] : [];
        if (wrong.Any(options => Part(options, "user").Length > 0))
        {
            bad.Add("user may not be set");
        }

        if (wrong.Any(options => Part(options, "role").Length > 0))
        {
            bad.Add("role may not be set");
        }

        string setters = Setters(Wrong(pod.Security?["seLinuxOptions"]), pod.Named(container => Wrong(container.At("securityContext", "seLinuxOptions"))));
        return new PodFinding("seLinuxOptions", $"{setters} set forbidden securityContext.seLinuxOptions: {string.Join("; ", bad)}");
    }

    public static PodFinding? Seccomp(PodView pod)
    {
        static bool Wrong(Node? context) => context?["seccompProfile"] is MapNode profile && profile["type"]?.AsString() is not ("RuntimeDefault" or "Localhost");
        string setters = Setters(Wrong(pod.Security), pod.Named(container => Wrong(container["securityContext"])));
        if (setters.Length == 0)
        {
            string annotated = pod.Annotations[SeccompPodAnnotation]?.AsString() ?? string.Empty;
            return annotated == "unconfined" && !pod.Standard.IsAtLeast(19) ? new PodFinding("seccompProfile", $"forbidden annotation {SeccompPodAnnotation}=\"{annotated}\"") : null;
        }

        string[] types = [.. pod.Containers.Select(container => container["securityContext"]).Append(pod.Security).Where(Wrong).Select(context => context!.At("seccompProfile", "type")?.AsString() ?? string.Empty).Distinct().Order(StringComparer.Ordinal)];
        return new PodFinding("seccompProfile", $"{setters} must not set securityContext.seccompProfile.type to {Quoted(types)}");
    }

    public static PodFinding? Sysctls(PodView pod)
    {
        string[] names = [.. (pod.Security?["sysctls"]?.AsList() ?? []).Select(sysctl => sysctl["name"]?.AsString() ?? string.Empty)
            .Where(name => !SafeSysctls.TryGetValue(name, out int since) || !pod.Standard.IsAtLeast(since))];
        return names.Length == 0 ? null : new PodFinding("forbidden sysctls", string.Join(", ", names));
    }

    public static PodFinding? HostProcess(PodView pod)
    {
        static bool Wrong(Node? context) => context?.At("windowsOptions", "hostProcess")?.AsBool() == true;
        string setters = Setters(Wrong(pod.Security), pod.Named(container => Wrong(container["securityContext"])));
        return setters.Length == 0 ? null : new PodFinding("hostProcess", $"{setters} must not set securityContext.windowsOptions.hostProcess=true");
    }
}
