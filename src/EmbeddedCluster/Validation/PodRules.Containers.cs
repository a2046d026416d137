using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Validation;

internal static partial class PodRules
{
    private const string NotEphemeralText = "cannot be set for an Ephemeral Container";

    private static void Containers(Checks check, Node? spec, string path, PodScope scope)
    {
        if (spec?["containers"] is not ListNode { Count: > 0 })
        {
            check.Add(FieldError.Required($"{path}.containers"));
        }

        HashSet<string> names = new(StringComparer.Ordinal);
        HashSet<string> ports = new(StringComparer.Ordinal);
        foreach ((Node container, string at) in Checks.Each(spec?["containers"], $"{path}.containers"))
        {
            Container(check, container, at, scope);
            Named(check, container, at, names);
            Lifecycle(check, container["lifecycle"], $"{at}.lifecycle", scope);
            Probes(check, container, at, scope);
            HostPorts(check, container, at, ports);
        }

        foreach ((Node container, string at) in Checks.Each(spec?["initContainers"], $"{path}.initContainers"))
        {
            Container(check, container, at, scope);
            Named(check, container, at, names);
            HostPorts(check, container, at, []);
            if (container["restartPolicy"]?.AsString() == "Always")
            {
                Lifecycle(check, container["lifecycle"], $"{at}.lifecycle", scope);
                Probes(check, container, at, scope);
                continue;
            }

            foreach (string part in (ReadOnlySpan<string>)["lifecycle", "livenessProbe", "readinessProbe", "startupProbe"])
            {
                if (container[part] is MapNode)
                {
                    check.Add(FieldError.Forbidden($"{at}.{part}", "may not be set for init containers without restartPolicy=Always"));
                }
            }
        }

        EphemeralContainers(check, spec, path, scope, names);
    }

    private static void Named(Checks check, Node container, string path, HashSet<string> names)
    {
        string name = Checks.Text(container["name"]);
        if (!names.Add(name) && name.Length > 0)
        {
            check.Add(FieldError.Duplicate($"{path}.name", name));
        }
    }

    private static void HostPorts(Checks check, Node container, string path, HashSet<string> taken)
    {
        foreach ((Node port, string at) in Checks.Each(container["ports"], $"{path}.ports"))
        {
            string text = $"{Checks.Text(port["protocol"])}/{Checks.Text(port["hostIP"])}/{port["hostPort"]?.AsInteger()}";
            if (port["hostPort"]?.AsInteger() is not (null or 0) && !taken.Add(text))
            {
                check.Add(FieldError.Duplicate($"{at}.hostPort", text));
            }
        }
    }

    private static void EphemeralContainers(Checks check, Node? spec, string path, PodScope scope, HashSet<string> names)
    {
        string[] targets = [.. names];
        foreach ((Node container, string at) in Checks.Each(spec?["ephemeralContainers"], $"{path}.ephemeralContainers"))
        {
            Container(check, container, at, scope);
            PaddedImage(check, container, at);
            Named(check, container, at, names);
            if (container["targetContainerName"]?.AsString() is { Length: > 0 } target && !targets.Contains(target))
            {
                check.Add(FieldError.NotFound($"{at}.targetContainerName", target));
            }

            foreach (string part in (ReadOnlySpan<string>)["ports", "resources", "livenessProbe", "readinessProbe", "startupProbe", "lifecycle", "resizePolicy", "restartPolicy", "restartPolicyRules"])
            {
                if (container[part] is MapNode { Count: > 0 } or ListNode { Count: > 0 } or StringNode)
                {
                    check.Add(FieldError.Forbidden($"{at}.{part}", NotEphemeralText));
                }
            }

            foreach ((Node mount, string where) in Checks.Each(container["volumeMounts"], $"{at}.volumeMounts"))
            {
                foreach (string part in (ReadOnlySpan<string>)["subPath", "subPathExpr"])
                {
                    if (!Checks.IsEmpty(mount[part]))
                    {
                        check.Add(FieldError.Forbidden($"{where}.{part}", NotEphemeralText));
                    }
                }
            }
        }
    }

    private static void Container(Checks check, Node container, string path, PodScope scope)
    {
        check.RequireName(container["name"], $"{path}.name", NameRules.Label);
        check.Require(container["image"], $"{path}.image");
        check.Choice(container["terminationMessagePolicy"], $"{path}.terminationMessagePolicy", "File", "FallbackToLogsOnError");
        Ports(check, container["ports"], $"{path}.ports");
        Environment(check, container["env"], $"{path}.env");
        EnvironmentSources(check, container["envFrom"], $"{path}.envFrom");
        Mounts(check, container, path, scope.Volumes);
        Devices(check, container, path, scope.Volumes);
        check.Choice(container["imagePullPolicy"], $"{path}.imagePullPolicy", "Always", "IfNotPresent", "Never");
        ResourceRules.Requirements(check, container["resources"], $"{path}.resources", scope.Claims);
        Resizing(check, container["resizePolicy"], $"{path}.resizePolicy", scope.RestartPolicy);
        Restarting(check, container, path);
        SecurityContext(check, container["securityContext"], $"{path}.securityContext", ofPod: false, scope);
    }

    /// <summary>Templates may hold placeholders for images; pods may not.</summary>
    private static void PaddedImage(Checks check, Node container, string path)
    {
        string image = Checks.Text(container["image"]);
        if (image != image.Trim())
        {
            check.Add(FieldError.Invalid($"{path}.image", image, "must not have leading or trailing whitespace"));
        }
    }

    private static void Resizing(Checks check, Node? policies, string path, string restart)
    {
        HashSet<string> seen = new(StringComparer.Ordinal);
        foreach ((Node policy, string at) in Checks.Each(policies, path))
        {
            if (!seen.Add(Checks.Text(policy["resourceName"])))
            {
                check.Add(FieldError.Duplicate(at, policy["resourceName"]));
            }

            check.Choice(policy["resourceName"], path, "cpu", "memory");
            check.Choice(policy["restartPolicy"], path, "NotRequired", "RestartContainer");
            if (restart == "Never" && Checks.Text(policy["restartPolicy"]) != "NotRequired")
            {
                check.Add(FieldError.Invalid(path, policy["restartPolicy"], "must be 'NotRequired' when `restartPolicy` is 'Never'"));
            }
        }
    }

    private static void Restarting(Checks check, Node container, string path)
    {
        check.OneOf(container["restartPolicy"], $"{path}.restartPolicy", "Always", "Never", "OnFailure");
        if (container["restartPolicyRules"] is ListNode { Count: > 0 } && container["restartPolicy"] is not StringNode)
        {
            check.Add(FieldError.Required($"{path}.restartPolicy", "must specify restartPolicy when restart rules are used"));
        }

        foreach ((Node rule, string at) in Checks.Each(container["restartPolicyRules"], $"{path}.restartPolicyRules"))
        {
            check.Choice(rule["action"], $"{at}.action", "Restart", "RestartAllContainers");
            if (rule["exitCodes"] is not MapNode codes)
            {
                check.Add(FieldError.Required($"{at}.exitCodes", "must be specified"));
                continue;
            }

            check.Choice(codes["operator"], $"{at}.exitCodes.operator", "In", "NotIn");
        }
    }

    private static void Ports(Checks check, Node? ports, string path)
    {
        HashSet<string> names = new(StringComparer.Ordinal);
        foreach ((Node port, string at) in Checks.Each(ports, path))
        {
            check.NameIfSet(port["name"], $"{at}.name", NameRules.PortName);
            if (port["name"]?.AsString() is { Length: > 0 } name && !NameRules.PortName(name).Any() && !names.Add(name))
            {
                check.Add(FieldError.Duplicate($"{at}.name", name));
            }

            if ((port["containerPort"]?.AsInteger() ?? 0) == 0)
            {
                check.Add(FieldError.Required($"{at}.containerPort"));
            }
            else
            {
                check.Port(port["containerPort"], $"{at}.containerPort");
            }

            if (port["hostPort"]?.AsInteger() is not (null or 0))
            {
                check.Port(port["hostPort"], $"{at}.hostPort");
            }

            check.Choice(port["protocol"], $"{at}.protocol", "SCTP", "TCP", "UDP");
        }
    }
}
