using System.Collections.Frozen;
using Bowline.Resources.Model;
using Bowline.Resources.Schemas;

namespace Bowline.EmbeddedCluster.Validation;

internal static partial class PodRules
{
    private const string HandlerText = "must specify a handler type";
    private static readonly string[] Handlers = ["exec", "httpGet", "tcpSocket", "grpc"];
    private static readonly string[] EnvironmentFields = ["metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName", "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs"];
    private static readonly string[] ResourceFields = ["limits.cpu", "limits.ephemeral-storage", "limits.memory", "requests.cpu", "requests.ephemeral-storage", "requests.memory"];
    private static readonly FrozenSet<string> KnownFields = EnvironmentFields.Concat(["metadata.labels", "metadata.annotations", "spec.restartPolicy", "spec.schedulerName", "status.phase"]).ToFrozenSet(StringComparer.Ordinal);

    private static void Containers(Checks check, Node? spec, string path, Dictionary<string, Node?> volumes)
    {
        if (spec?["containers"] is not ListNode { Count: > 0 })
        {
            check.Add(FieldError.Required($"{path}.containers"));
        }

        HashSet<string> names = new(StringComparer.Ordinal);
        foreach ((Node container, string at) in Checks.Each(spec?["containers"], $"{path}.containers"))
        {
            Container(check, container, at, volumes, names);
            Probes(check, container, at);
            Lifecycle(check, container["lifecycle"], $"{at}.lifecycle");
        }

        foreach ((Node container, string at) in Checks.Each(spec?["initContainers"], $"{path}.initContainers"))
        {
            Container(check, container, at, volumes, names);
            if (container["restartPolicy"]?.AsString() == "Always")
            {
                Probes(check, container, at);
                Lifecycle(check, container["lifecycle"], $"{at}.lifecycle");
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

        EphemeralContainers(check, spec, path, volumes, names);
    }

    private static void EphemeralContainers(Checks check, Node? spec, string path, Dictionary<string, Node?> volumes, HashSet<string> names)
    {
        string[] targets = [.. (spec?["containers"]?.AsList() ?? []).Concat(spec?["initContainers"]?.AsList() ?? []).Select(item => item["name"]?.AsString() ?? string.Empty)];
        foreach ((Node container, string at) in Checks.Each(spec?["ephemeralContainers"], $"{path}.ephemeralContainers"))
        {
            Container(check, container, at, volumes, names);
            if (container["targetContainerName"]?.AsString() is { Length: > 0 } target && !targets.Contains(target))
            {
                check.Add(FieldError.NotFound($"{at}.targetContainerName", target));
            }

            foreach (string part in (ReadOnlySpan<string>)["ports", "livenessProbe", "readinessProbe", "startupProbe", "lifecycle", "resizePolicy"])
            {
                if (container[part] is MapNode or ListNode { Count: > 0 })
                {
                    check.Add(FieldError.Forbidden($"{at}.{part}", "cannot be set for an Ephemeral Container"));
                }
            }

            if (container["resources"] is MapNode { Count: > 0 })
            {
                check.Add(FieldError.Forbidden($"{at}.resources", "cannot be set for an Ephemeral Container"));
            }
        }
    }

    private static void Container(Checks check, Node container, string path, Dictionary<string, Node?> volumes, HashSet<string> names)
    {
        string name = container["name"]?.AsString() ?? string.Empty;
        check.RequireName(container["name"], $"{path}.name", NameRules.Label);
        if (name.Length > 0 && !names.Add(name))
        {
            check.Add(FieldError.Duplicate($"{path}.name", name));
        }

        string image = container["image"]?.AsString() ?? string.Empty;
        if (image.Length == 0)
        {
            check.Add(FieldError.Required($"{path}.image"));
        }
        else if (image != image.Trim())
        {
            check.Add(FieldError.Invalid($"{path}.image", image, "must not have leading or trailing whitespace"));
        }

        check.Choice(container["terminationMessagePolicy"], $"{path}.terminationMessagePolicy", "FallbackToLogsOnError", "File");
        Ports(check, container["ports"], $"{path}.ports");
        Environment(check, container["env"], $"{path}.env");
        EnvironmentSources(check, container["envFrom"], $"{path}.envFrom");
        Mounts(check, container, path, volumes);
        check.Choice(container["imagePullPolicy"], $"{path}.imagePullPolicy", "Always", "IfNotPresent", "Never");
        ResourceRules.Requirements(check, container["resources"], $"{path}.resources");
        SecurityContext(check, container["securityContext"], $"{path}.securityContext", ofPod: false);
    }

    private static void Mounts(Checks check, Node container, string path, Dictionary<string, Node?> volumes)
    {
        HashSet<string> paths = new(StringComparer.Ordinal);
        foreach ((Node mount, string at) in Checks.Each(container["volumeMounts"], $"{path}.volumeMounts"))
        {
            string name = mount["name"]?.AsString() ?? string.Empty;
            if (name.Length == 0)
            {
                check.Add(FieldError.Required($"{at}.name"));
            }
            else if (!volumes.ContainsKey(name))
            {
                check.Add(FieldError.NotFound($"{at}.name", name));
            }

            check.Require(mount["mountPath"], $"{at}.mountPath");
            if (mount["mountPath"]?.AsString() is { Length: > 0 } target && !paths.Add(target))
            {
                check.Add(FieldError.Invalid($"{at}.mountPath", target, "must be unique"));
            }

            check.NameIfSet(mount["subPath"], $"{at}.subPath", NameRules.LocalPath);
            if (mount["subPathExpr"]?.AsString() is { Length: > 0 } expression)
            {
                if (mount["subPath"]?.AsString() is { Length: > 0 })
                {
                    check.Add(FieldError.Invalid($"{at}.subPathExpr", expression, "subPathExpr and subPath are mutually exclusive"));
                }

                check.Name(mount["subPathExpr"], $"{at}.subPathExpr", NameRules.LocalPath);
            }

            check.OneOf(mount["mountPropagation"], $"{at}.mountPropagation", "Bidirectional", "HostToContainer", "None");
            if (mount["mountPropagation"]?.AsString() == "Bidirectional" && container.At("securityContext", "privileged")?.AsBool() != true)
            {
                check.Add(FieldError.Forbidden($"{at}.mountPropagation", "Bidirectional mount propagation is available only to privileged containers"));
            }
        }
    }

    private static void Ports(Checks check, Node? ports, string path)
    {
        HashSet<string> names = new(StringComparer.Ordinal);
        foreach ((Node port, string at) in Checks.Each(ports, path))
        {
            check.NameIfSet(port["name"], $"{at}.name", NameRules.PortName);
            if (port["name"]?.AsString() is { Length: > 0 } name && !names.Add(name))
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

    private static void Environment(Checks check, Node? variables, string path)
    {
        foreach ((Node variable, string at) in Checks.Each(variables, path))
        {
            check.RequireName(variable["name"], $"{at}.name", NameRules.EnvironmentName);
            if (variable["valueFrom"] is not MapNode from)
            {
                continue;
            }

            string where = $"{at}.valueFrom";
            FieldReference(check, from["fieldRef"], $"{where}.fieldRef", EnvironmentFields);
            ResourceField(check, from["resourceFieldRef"], $"{where}.resourceFieldRef", needsContainer: false);
            foreach (string reference in (ReadOnlySpan<string>)["configMapKeyRef", "secretKeyRef"])
            {
                if (from[reference] is MapNode key)
                {
                    check.Require(key["name"], $"{where}.{reference}.name");
                    check.RequireName(key["key"], $"{where}.{reference}.key", NameRules.ConfigKey);
                }
            }

            if (from.Count == 0)
            {
                check.Add(FieldError.Invalid(where, string.Empty, "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`"));
            }
            else if (variable["value"]?.AsString() is { Length: > 0 })
            {
                check.Add(FieldError.Invalid(where, string.Empty, "may not be specified when `value` is not empty"));
            }
            else if (from.Count > 1)
            {
                check.Add(FieldError.Invalid(where, string.Empty, "may not have more than one field specified at a time"));
            }
        }
    }

    private static void EnvironmentSources(Checks check, Node? sources, string path)
    {
        foreach ((Node source, string at) in Checks.Each(sources, path))
        {
            check.NameIfSet(source["prefix"], $"{at}.prefix", NameRules.EnvironmentName);
            int count = 0;
            foreach (string reference in (ReadOnlySpan<string>)["configMapRef", "secretRef"])
            {
                if (source[reference] is MapNode from)
                {
                    count++;
                    check.Require(from["name"], $"{at}.{reference}.name");
                }
            }

            if (count != 1)
            {
                check.Add(FieldError.Invalid(at, string.Empty, count == 0 ? "must specify one of: `configMapRef` or `secretRef`" : "may not have more than one field specified at a time"));
            }
        }
    }

    internal static void FieldReference(Checks check, Node? reference, string path, string[] supported)
    {
        if (reference is not MapNode)
        {
            return;
        }

        string field = reference["fieldPath"]?.AsString() ?? string.Empty;
        if (field.Length == 0)
        {
            check.Add(FieldError.Required($"{path}.fieldPath"));
            return;
        }

        bool subscripted = (field.StartsWith("metadata.labels['", StringComparison.Ordinal) || field.StartsWith("metadata.annotations['", StringComparison.Ordinal)) && field.EndsWith("']", StringComparison.Ordinal);
        if (!subscripted && !KnownFields.Contains(field))
        {
            check.Add(FieldError.Invalid($"{path}.fieldPath", field, $"error converting fieldPath: field label not supported: {field}"));
        }
        else if (!subscripted && !supported.Contains(field))
        {
            check.Add(FieldError.NotSupported($"{path}.fieldPath", field, supported));
        }
    }

    internal static void ResourceField(Checks check, Node? reference, string path, bool needsContainer)
    {
        if (reference is not MapNode)
        {
            return;
        }

        string resource = reference["resource"]?.AsString() ?? string.Empty;
        if (needsContainer)
        {
            check.Require(reference["containerName"], $"{path}.containerName");
        }

        if (resource.Length == 0)
        {
            check.Add(FieldError.Required($"{path}.resource"));
        }
        else if (!ResourceFields.Contains(resource) && !resource.StartsWith("limits.hugepages-", StringComparison.Ordinal) && !resource.StartsWith("requests.hugepages-", StringComparison.Ordinal))
        {
            check.Add(FieldError.NotSupported($"{path}.resource", resource, ResourceFields));
        }
    }

    private static void Lifecycle(Checks check, Node? lifecycle, string path)
    {
        foreach (string hook in (ReadOnlySpan<string>)["postStart", "preStop"])
        {
            if (lifecycle?[hook] is { } handler)
            {
                Handler(check, handler, $"{path}.{hook}", "exec", "httpGet", "tcpSocket", "sleep");
            }
        }
    }

    private static void Probes(Checks check, Node container, string path)
    {
        foreach (string name in (ReadOnlySpan<string>)["livenessProbe", "readinessProbe", "startupProbe"])
        {
            if (container[name] is not MapNode probe)
            {
                continue;
            }

            string at = $"{path}.{name}";
            Handler(check, probe, at, Handlers);
            foreach (string number in (ReadOnlySpan<string>)["initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"])
            {
                check.NotNegative(probe[number], $"{at}.{number}");
            }

            check.Positive(probe["terminationGracePeriodSeconds"], $"{at}.terminationGracePeriodSeconds");
            if (name != "readinessProbe" && probe["successThreshold"]?.AsInteger() is { } threshold and not 1)
            {
                check.Add(FieldError.Invalid($"{at}.successThreshold", threshold, "must be 1"));
            }

            if (name == "readinessProbe" && probe["terminationGracePeriodSeconds"] is { IsNull: false } grace)
            {
                check.Add(FieldError.Invalid($"{at}.terminationGracePeriodSeconds", grace, "must not be set for readinessProbes"));
            }
        }
    }

    private static void Handler(Checks check, Node handler, string path, params string[] kinds)
    {
        string[] set = [.. kinds.Where(kind => handler[kind] is MapNode)];
        foreach (string second in set.Skip(1))
        {
            check.Add(FieldError.Forbidden($"{path}.{second}", "may not specify more than 1 handler type"));
        }

        if (set.Length == 0)
        {
            check.Add(FieldError.Required(path, HandlerText));
            return;
        }

        Node action = handler[set[0]]!;
        string at = $"{path}.{set[0]}";
        switch (set[0])
        {
            case "exec":
                check.Require(action["command"], $"{at}.command");
                break;
            case "httpGet":
                check.Require(action["path"], $"{at}.path");
                check.PortOrName(action["port"], $"{at}.port");
                check.OneOf(action["scheme"], $"{at}.scheme", "HTTP", "HTTPS");
                foreach ((Node header, string where) in Checks.Each(action["httpHeaders"], $"{at}.httpHeaders"))
                {
                    check.Name(header["name"], $"{where}.name", NameRules.HttpHeader);
                }

                break;
            case "sleep":
                check.NotNegative(action["seconds"], at);
                break;
            default:
                check.PortOrName(action["port"], $"{at}.port");
                break;
        }
    }
}
