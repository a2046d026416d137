using System.Text.RegularExpressions;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Validation;

internal static partial class PodRules
{
    private static readonly string[] InterProcess = ["kernel.shm", "kernel.msg", "fs.mqueue."];
    private static readonly string[] LinuxContainerOptions = ["appArmorProfile", "seLinuxOptions", "seccompProfile", "capabilities", "readOnlyRootFilesystem", "privileged", "allowPrivilegeEscalation", "procMount", "runAsUser", "runAsGroup"];
    private static readonly string[] LinuxPodOptions = ["appArmorProfile", "seLinuxOptions", "seccompProfile", "fsGroup", "fsGroupChangePolicy", "sysctls", "runAsUser", "runAsGroup", "supplementalGroups", "supplementalGroupsPolicy", "seLinuxChangePolicy"];

    private static void SecurityContext(Checks check, Node? context, string path, bool ofPod, PodScope scope)
    {
        if (context is not MapNode)
        {
            return;
        }

        foreach (string id in ofPod ? (string[])["runAsUser", "runAsGroup", "fsGroup"] : ["runAsUser", "runAsGroup"])
        {
            check.Between(context[id], $"{path}.{id}", 0, int.MaxValue);
        }

        if (ofPod)
        {
            foreach ((Node group, string at) in Checks.Each(context["supplementalGroups"], $"{path}.supplementalGroups"))
            {
                check.Between(group, at, 0, int.MaxValue);
            }

            check.OneOf(context["fsGroupChangePolicy"], $"{path}.fsGroupChangePolicy", "Always", "OnRootMismatch");
            check.OneOf(context["supplementalGroupsPolicy"], $"{path}.supplementalGroupsPolicy", "Merge", "Strict");
            check.OneOf(context["seLinuxChangePolicy"], $"{path}.seLinuxChangePolicy", "MountOption", "Recursive");
            Sysctls(check, context["sysctls"], $"{path}.sysctls", scope);
        }
        else
        {
            check.OneOf(context["procMount"], $"{path}.procMount", "Default", "Unmasked");
            if (context["procMount"]?.AsString() == "Unmasked" && scope.HostUsers)
            {
                check.Add(FieldError.Invalid($"{path}.procMount", context["procMount"], "`hostUsers` must be false to use `Unmasked`"));
            }

            if (context["allowPrivilegeEscalation"]?.AsBool() == false && context["privileged"]?.AsBool() == true)
            {
                check.Add(FieldError.Invalid(path, context, "cannot set `allowPrivilegeEscalation` to false and `privileged` to true"));
            }

            if (context["allowPrivilegeEscalation"]?.AsBool() == false && (context.At("capabilities", "add")?.AsList() ?? []).Any(name => name.AsString() == "CAP_SYS_ADMIN"))
            {
                check.Add(FieldError.Invalid(path, context, "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN"));
            }
        }

        WindowsOptions(check, context["windowsOptions"], $"{path}.windowsOptions");
        Seccomp(check, context["seccompProfile"], $"{path}.seccompProfile");
        AppArmor(check, context["appArmorProfile"], $"{path}.appArmorProfile");
    }

    private static void Sysctls(Checks check, Node? settings, string path, PodScope scope)
    {
        HashSet<string> names = new(StringComparer.Ordinal);
        foreach ((Node setting, string at) in Checks.Each(settings, path))
        {
            string name = Checks.Text(setting["name"]);
            if (name.Length == 0)
            {
                check.Add(FieldError.Required($"{at}.name"));
            }
            else if (name.Length > 253 || !SysctlPattern().IsMatch(name))
            {
                check.Add(FieldError.Invalid($"{at}.name", name, "must have at most 253 characters and match regex ^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$"));
            }
            else if (!names.Add(name))
            {
                check.Add(FieldError.Duplicate($"{at}.name", name));
            }

            string dotted = name.Replace('/', '.');
            if (scope.HostNetwork && dotted.StartsWith("net.", StringComparison.Ordinal))
            {
                check.Add(FieldError.Invalid($"{at}.name", name, "may not be specified when 'hostNetwork' is true"));
            }
            else if (scope.HostIpc && (dotted is "kernel.sem" || InterProcess.Any(prefix => dotted.StartsWith(prefix, StringComparison.Ordinal))))
            {
                check.Add(FieldError.Invalid($"{at}.name", name, "may not be specified when 'hostIPC' is true"));
            }
        }
    }

    private static void Seccomp(Checks check, Node? profile, string path)
    {
        if (profile is not MapNode)
        {
            return;
        }

        ProfileType(check, profile, path, "seccompProfile");
        bool local = Checks.Text(profile["type"]) == "Localhost";
        if (local && profile["localhostProfile"] is not StringNode)
        {
            check.Add(FieldError.Required($"{path}.localhostProfile", "must be set when seccomp type is Localhost"));
        }
        else if (local)
        {
            check.Name(profile["localhostProfile"], $"{path}.localhostProfile", NameRules.LocalPath);
        }
        else if (profile["localhostProfile"] is StringNode)
        {
            check.Add(FieldError.Invalid($"{path}.localhostProfile", profile, "can only be set when seccomp type is Localhost"));
        }
    }

    private static void AppArmor(Checks check, Node? profile, string path)
    {
        if (profile is not MapNode)
        {
            return;
        }

        ProfileType(check, profile, path, "appArmorProfile");
        string type = Checks.Text(profile["type"]);
        string name = Checks.Text(profile["localhostProfile"]);
        if (type == "Localhost" && name.Length > 0 && name != name.Trim())
        {
            check.Add(FieldError.Invalid($"{path}.localhostProfile", name, "must not be padded with whitespace"));
        }
        else if (type == "Localhost" && name.Length == 0)
        {
            check.Add(FieldError.Required($"{path}.localhostProfile", "must be set when AppArmor type is Localhost"));
        }
        else if (type is "RuntimeDefault" or "Unconfined" && profile["localhostProfile"] is StringNode)
        {
            check.Add(FieldError.Invalid($"{path}.localhostProfile", name, "can only be set when AppArmor type is Localhost"));
        }
    }

    private static void ProfileType(Checks check, Node profile, string path, string member)
    {
        if (Checks.IsEmpty(profile["type"]))
        {
            check.Add(FieldError.Required($"{path}.type", $"type is required when {member} is set"));
        }
        else
        {
            check.OneOf(profile["type"], $"{path}.type", "Localhost", "RuntimeDefault", "Unconfined");
        }
    }

    private static void WindowsOptions(Checks check, Node? options, string path)
    {
        if (options is not MapNode)
        {
            return;
        }

        if (options["gmsaCredentialSpecName"] is StringNode name)
        {
            check.Name(name, $"{path}.gmsaCredentialSpecName", NameRules.Subdomain);
        }

        if (options["gmsaCredentialSpec"] is StringNode { Value: "" } empty)
        {
            check.Add(FieldError.Invalid($"{path}.gmsaCredentialSpec", empty, "gmsaCredentialSpec cannot be an empty string"));
        }

        if (options["runAsUserName"] is StringNode user && UserNameProblem(user.Value) is { } wrong)
        {
            check.Add(FieldError.Invalid($"{path}.runAsUserName", user, wrong));
        }
    }

    private static string? UserNameProblem(string name)
    {
        string[] parts = name.Split('\\');
        string user = parts[^1];
        return name switch
        {
            "" => "runAsUserName cannot be an empty string",
            _ when name.Any(char.IsControl) => "runAsUserName cannot contain control characters",
            _ when parts.Length > 2 => "runAsUserName cannot contain more than one backslash",
            _ when parts.Length == 2 && parts[0].Length >= 256 => "runAsUserName's Domain length must be under 256 characters",
            _ when user.Length == 0 => "runAsUserName's User cannot be empty",
            _ when user.Length > 104 => "runAsUserName's User length must not be longer than 104 characters",
            _ when user.All(c => c is '.' or ' ') => "runAsUserName's User cannot contain only periods or spaces",
            _ when user.IndexOfAny(['"', '/', '\\', ':', ';', '|', '=', ',', '+', '*', '?', '<', '>', '@', '[', ']']) >= 0 => "runAsUserName's User cannot contain the following characters: \"/\\:;|=,+*?<>@[]",
            _ => null,
        };
    }

    /// <summary>Namespaces of the host exclude one of the pod's own.</summary>
    private static void HostNamespaces(Checks check, Node? spec, string path)
    {
        if (spec?["shareProcessNamespace"]?.AsBool() == true && spec["hostPID"]?.AsBool() == true)
        {
            check.Add(FieldError.Invalid($"{path}.securityContext.shareProcessNamespace", true, "ShareProcessNamespace and HostPID cannot both be enabled"));
        }

        if (spec?["hostUsers"]?.AsBool() != false)
        {
            return;
        }

        foreach ((string member, string shown) in ((string, string)[])[("hostPID", "HostPID"), ("hostIPC", "HostIPC")])
        {
            if (spec[member]?.AsBool() == true)
            {
                check.Add(FieldError.Forbidden($"{path}.{shown}", "when `pod.Spec.HostUsers` is false"));
            }
        }
    }

    private static void OperatingSystem(Checks check, Node? spec, string path)
    {
        if (spec?["os"] is not MapNode os)
        {
            return;
        }

        string name = Checks.Text(os["name"]);
        if (name.Length == 0)
        {
            check.Add(FieldError.Required($"{path}.os.name", "cannot be empty"));
            return;
        }

        check.OneOf(os["name"], $"{path}.os", "linux", "windows");
        if (name == "linux" && spec.At("securityContext", "windowsOptions") is MapNode)
        {
            check.Add(FieldError.Forbidden($"{path}.securityContext.windowsOptions", "windows options cannot be set for a linux pod"));
        }

        string[] foreign = name switch { "linux" => ["windowsOptions"], "windows" => LinuxContainerOptions, _ => [] };
        string text = name == "linux" ? "windows options cannot be set for a linux pod" : "cannot be set for a windows pod";
        foreach (string list in (ReadOnlySpan<string>)["initContainers", "containers", "ephemeralContainers"])
        {
            foreach ((Node container, string at) in Checks.Each(spec[list], $"{path}.{list}"))
            {
                Foreign(check, container["securityContext"], $"{at}.securityContext", foreign, text);
            }
        }

        if (name == "windows")
        {
            Foreign(check, spec["securityContext"], $"{path}.securityContext", LinuxPodOptions, text);
            Foreign(check, spec, path, ["hostUsers", "hostPID", "hostIPC", "shareProcessNamespace"], text);
        }
    }

    private static void Foreign(Checks check, Node? holder, string path, string[] members, string text)
    {
        foreach (string member in members.Where(member => holder?[member] is not (null or NullNode or ListNode { Count: 0 })))
        {
            check.Add(FieldError.Forbidden($"{path}.{member}", text));
        }
    }

    [GeneratedRegex(@"^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?\z")]
    private static partial Regex SysctlPattern();
}
