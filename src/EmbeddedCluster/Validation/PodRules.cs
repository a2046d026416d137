using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Validation;

/// <summary>Pod specs, alone and in templates.</summary>
internal static class PodRules
{
    private static readonly string[] VolumeNames = ["name"];

    /// <param name="claims">Volumes that come from claim templates.</param>
    public static void Spec(Checks check, Node? spec, string path, params IEnumerable<string> claims)
    {
        HashSet<string> volumes = Volumes(check, spec?["volumes"], $"{path}.volumes");
        volumes.UnionWith(claims);
        if (spec?["containers"] is not ListNode { Count: > 0 })
        {
            check.Add(FieldError.Required($"{path}.containers"));
        }

        HashSet<string> names = new(StringComparer.Ordinal);
        foreach (string list in (string[])["containers", "initContainers", "ephemeralContainers"])
        {
            foreach ((Node container, string at) in Checks.Each(spec?[list], $"{path}.{list}"))
            {
                Container(check, container, at, volumes, names);
            }
        }

        check.OneOf(spec?["restartPolicy"], $"{path}.restartPolicy", "Always", "OnFailure", "Never");
        check.OneOf(spec?["dnsPolicy"], $"{path}.dnsPolicy", "ClusterFirst", "ClusterFirstWithHostNet", "Default", "None");
        check.NotNegative(spec?["terminationGracePeriodSeconds"], $"{path}.terminationGracePeriodSeconds");
        MetadataRules.CheckLabels(spec?["nodeSelector"], $"{path}.nodeSelector", check.Errors);
        Tolerations(check, spec, path);
        Accounts(check, spec, path);
        foreach ((Node constraint, string at) in Checks.Each(spec?["topologySpreadConstraints"], $"{path}.topologySpreadConstraints"))
        {
            if ((constraint["maxSkew"]?.AsInteger() ?? 0) <= 0)
            {
                check.Add(FieldError.Invalid($"{at}.maxSkew", constraint["maxSkew"], "must be greater than zero"));
            }

            check.Require(constraint["topologyKey"], $"{at}.topologyKey", "can not be empty");
            check.OneOf(constraint["whenUnsatisfiable"], $"{at}.whenUnsatisfiable", "DoNotSchedule", "ScheduleAnyway");
        }
    }

    public static void OnUpdate(Checks check, MapNode node, MapNode live, string subresource)
    {
        if (subresource.Length > 0)
        {
            return;
        }

        int before = live.At("spec", "containers")?.AsList()?.Count ?? 0;
        int after = node.At("spec", "containers")?.AsList()?.Count ?? 0;
        if (before != after)
        {
            check.Add(FieldError.Forbidden("spec.containers", "pod updates may not add or remove containers"));
            return;
        }

        if (!Node.DeepEquals(Mutable(node), Mutable(live)))
        {
            check.Add(FieldError.Forbidden(
                "spec",
                "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"));
        }
    }

    /// <summary>A pod's spec without what may change.</summary>
    private static MapNode Mutable(MapNode pod)
    {
        MapNode spec = (MapNode)(pod["spec"]?.DeepClone() ?? new MapNode());
        foreach (string list in (ReadOnlySpan<string>)["containers", "initContainers"])
        {
            foreach (MapNode container in (spec[list]?.AsList() ?? []).OfType<MapNode>())
            {
                container.Remove("image");
            }
        }

        foreach (string key in (ReadOnlySpan<string>)["activeDeadlineSeconds", "tolerations", "terminationGracePeriodSeconds", "schedulingGates"])
        {
            spec.Remove(key);
        }

        return spec;
    }

    private static HashSet<string> Volumes(Checks check, Node? list, string path)
    {
        HashSet<string> names = new(StringComparer.Ordinal);
        foreach ((Node volume, string at) in Checks.Each(list, path))
        {
            string name = volume["name"]?.AsString() ?? string.Empty;
            string[] sources = [.. (volume as MapNode ?? []).Keys.Except(VolumeNames)];
            foreach (string second in sources.Skip(1).Take(1))
            {
                check.Add(FieldError.Forbidden($"{at}.{second}", "may not specify more than 1 volume type"));
            }

            if (name.Length == 0)
            {
                check.Add(FieldError.Required($"{at}.name"));
            }
            else
            {
                check.Name(volume["name"], $"{at}.name", NameRules.Label);
            }

            if (!names.Add(name))
            {
                check.Add(FieldError.Duplicate($"{at}.name", name));
            }
        }

        return names;
    }

    private static void Container(Checks check, Node container, string path, HashSet<string> volumes, HashSet<string> names)
    {
        string name = container["name"]?.AsString() ?? string.Empty;
        if (name.Length == 0)
        {
            check.Add(FieldError.Required($"{path}.name"));
        }
        else
        {
            check.Name(container["name"], $"{path}.name", NameRules.Label);
        }

        if (name.Length > 0 && !names.Add(name))
        {
            check.Add(FieldError.Duplicate($"{path}.name", name));
        }

        check.Require(container["image"], $"{path}.image");
        check.OneOf(container["imagePullPolicy"], $"{path}.imagePullPolicy", "Always", "IfNotPresent", "Never");
        check.OneOf(container["terminationMessagePolicy"], $"{path}.terminationMessagePolicy", "File", "FallbackToLogsOnError");
        Ports(check, container["ports"], $"{path}.ports");
        Environment(check, container["env"], $"{path}.env");
        foreach ((Node mount, string at) in Checks.Each(container["volumeMounts"], $"{path}.volumeMounts"))
        {
            Mount(check, mount, at, volumes);
        }

        check.Resources(container["resources"], $"{path}.resources");
        foreach (string probe in (ReadOnlySpan<string>)["livenessProbe", "readinessProbe", "startupProbe"])
        {
            Probe(check, container[probe], $"{path}.{probe}");
        }
    }

    private static void Mount(Checks check, Node mount, string path, HashSet<string> volumes)
    {
        string name = mount["name"]?.AsString() ?? string.Empty;
        if (name.Length == 0)
        {
            check.Add(FieldError.Required($"{path}.name"));
        }
        else if (!volumes.Contains(name))
        {
            check.Add(FieldError.NotFound($"{path}.name", name));
        }

        check.Require(mount["mountPath"], $"{path}.mountPath");
    }

    private static void Ports(Checks check, Node? ports, string path)
    {
        foreach ((Node port, string at) in Checks.Each(ports, path))
        {
            if (port["name"]?.AsString() is { Length: > 15 } name)
            {
                check.Add(FieldError.Invalid($"{at}.name", name, "must be no more than 15 characters"));
            }

            if ((port["containerPort"]?.AsInteger() ?? 0) == 0)
            {
                check.Add(FieldError.Required($"{at}.containerPort"));
            }
            else
            {
                check.Port(port["containerPort"], $"{at}.containerPort");
            }

            check.OneOf(port["protocol"], $"{at}.protocol", "SCTP", "TCP", "UDP");
        }
    }

    private static void Environment(Checks check, Node? variables, string path)
    {
        foreach ((Node variable, string at) in Checks.Each(variables, path))
        {
            check.Require(variable["name"], $"{at}.name");
            if (variable["valueFrom"] is not MapNode from)
            {
                continue;
            }

            if (from.At("fieldRef", "fieldPath")?.AsString() is { } field && !IsFieldPath(field))
            {
                check.Add(FieldError.Invalid($"{at}.valueFrom.fieldRef.fieldPath", field, $"error converting fieldPath: field label not supported: {field}"));
            }

            if (variable["value"]?.AsString() is { Length: > 0 })
            {
                check.Add(FieldError.Invalid($"{at}.valueFrom", StringNode.Empty, "may not be specified when `value` is not empty"));
            }
        }
    }

    private static bool IsFieldPath(string path) => path is "metadata.name" or "metadata.namespace" or "metadata.uid" or "metadata.labels" or "metadata.annotations"
        or "spec.nodeName" or "spec.serviceAccountName" or "status.hostIP" or "status.hostIPs" or "status.podIP" or "status.podIPs" or "spec.restartPolicy" or "spec.schedulerName" or "status.phase"
        || path.StartsWith("metadata.labels['", StringComparison.Ordinal) || path.StartsWith("metadata.annotations['", StringComparison.Ordinal);

    private static void Probe(Checks check, Node? probe, string path)
    {
        if (probe is null)
        {
            return;
        }

        string[] handlers = ["exec", "httpGet", "tcpSocket", "grpc"];
        if (!handlers.Any(handler => probe[handler] is not null))
        {
            check.Add(FieldError.Required(path, "must specify a handler type"));
        }

        foreach (string number in (ReadOnlySpan<string>)["initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"])
        {
            check.NotNegative(probe[number], $"{path}.{number}");
        }

        foreach (string handler in (ReadOnlySpan<string>)["httpGet", "tcpSocket", "grpc"])
        {
            check.Port(probe[handler]?["port"], $"{path}.{handler}.port");
        }
    }

    private static void Tolerations(Checks check, Node? spec, string path)
    {
        foreach ((Node toleration, string at) in Checks.Each(spec?["tolerations"], $"{path}.tolerations"))
        {
            check.OneOf(toleration["operator"], $"{at}.operator", "Equal", "Exists");
            check.OneOf(toleration["effect"], $"{at}.effect", "NoSchedule", "PreferNoSchedule", "NoExecute");
            if (toleration["operator"]?.AsString() == "Exists" && toleration["value"]?.AsString() is { Length: > 0 } value)
            {
                check.Add(FieldError.Invalid($"{at}.operator", toleration, "value must be empty when `operator` is 'Exists'"));
                _ = value;
            }
        }
    }

    private static void Accounts(Checks check, Node? spec, string path)
    {
        if (spec?["serviceAccountName"]?.AsString() is { Length: > 0 })
        {
            check.Name(spec["serviceAccountName"], $"{path}.serviceAccountName", NameRules.Subdomain);
        }
    }
}
