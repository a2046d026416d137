using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Defaulting;

/// <summary>Rights, rules and limits.</summary>
internal static class PolicyDefaults
{
    private const string Rbac = "rbac.authorization.k8s.io";

    public static void Namespace(MapNode node)
    {
        if (node["metadata"]?["name"] is StringNode { Value.Length: > 0 } name)
        {
            node.EnsureMap("metadata").EnsureMap("labels")["kubernetes.io/metadata.name"] = name;
        }
    }

    /// <summary>stringData is a way to write data; it is never stored.</summary>
    public static void Secret(MapNode node)
    {
        node.Default("type", "Opaque");
        if (node["stringData"] is not MapNode text)
        {
            return;
        }

        MapNode data = node["data"] as MapNode ?? [];
        foreach ((string key, Node value) in text)
        {
            data[key] = Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(value.AsString() ?? string.Empty));
        }

        node.Remove("stringData");
        node["data"] = data;
    }

    public static void Binding(MapNode node)
    {
        MapNode? role = node.Part("roleRef");
        if (role?["apiGroup"]?.AsString() is null or "")
        {
            role?.Set("apiGroup", Rbac);
        }

        foreach (MapNode subject in node.Each("subjects"))
        {
            if (subject["kind"]?.AsString() is "User" or "Group")
            {
                subject.Default("apiGroup", Rbac);
            }
        }
    }

    public static void LimitRange(MapNode node)
    {
        foreach (MapNode limit in node.Part("spec").Each("limits").Where(limit => limit["type"]?.AsString() == "Container"))
        {
            Copy(limit, "max", "default");
            Copy(limit, "default", "defaultRequest");
            Copy(limit, "min", "defaultRequest");
        }
    }

    public static void Webhooks(MapNode node, bool mutating)
    {
        foreach (MapNode hook in node.Each("webhooks"))
        {
            hook.Default("failurePolicy", "Fail").Default("matchPolicy", "Equivalent").Default("namespaceSelector", new MapNode())
                .Default("objectSelector", new MapNode()).Default("timeoutSeconds", 10);
            if (mutating)
            {
                hook.Default("reinvocationPolicy", "Never");
            }

            foreach (MapNode rule in hook.Each("rules"))
            {
                rule.Default("scope", "*");
            }

            hook.Part("clientConfig").Part("service")?.Default("port", 443);
        }
    }

    public static void AdmissionPolicy(MapNode node)
    {
        MapNode spec = node.EnsureMap("spec").Default("failurePolicy", "Fail");
        Match(spec.Part("matchConstraints"));
    }

    public static void AdmissionPolicyBinding(MapNode node)
    {
        Match(node.Part("spec").Part("matchResources"));
        node.Part("spec").Part("paramRef")?.Default("parameterNotFoundAction", "Deny");
    }

    public static void Definition(MapNode node)
    {
        if (node.Part("spec") is not { } spec)
        {
            return;
        }

        if (spec.Part("names") is { } names && names["kind"]?.AsString() is { Length: > 0 } kind)
        {
            names.Default("singular", kind.ToLowerInvariant()).Default("listKind", kind + "List");
        }

        spec.EnsureMap("conversion").Default("strategy", "None");
        spec.Part("conversion").Part("webhook").Part("clientConfig").Part("service")?.Default("port", 443);
        foreach (MapNode version in spec.Each("versions"))
        {
            if (version.Part("subresources").Part("scale") is { } scale)
            {
                _ = scale;
            }
        }
    }

    public static void PriorityLevel(MapNode node)
    {
        if (node.Part("spec").Part("exempt") is { } exempt)
        {
            exempt.Default("nominalConcurrencyShares", 0).Default("lendablePercent", 0);
        }

        if (node.Part("spec").Part("limited") is not { } limited)
        {
            return;
        }

        limited.Default("nominalConcurrencyShares", 30).Default("lendablePercent", 0);
        limited.Part("limitResponse").Part("queuing")?.DefaultNumber("queues", 64).DefaultNumber("handSize", 8).DefaultNumber("queueLengthLimit", 50);
    }

    public static void DeviceRequests(Node? spec)
    {
        foreach (MapNode request in spec.Part("devices").Each("requests"))
        {
            foreach (MapNode exact in request.Each("firstAvailable").Append(request.Part("exactly")).OfType<MapNode>())
            {
                exact.Default("allocationMode", "ExactCount");
                if (exact["allocationMode"]!.AsString() == "ExactCount")
                {
                    exact.Default("count", 1);
                }
            }
        }
    }

    private static void Match(MapNode? match)
    {
        match?.Default("matchPolicy", "Equivalent").Default("namespaceSelector", new MapNode()).Default("objectSelector", new MapNode());
        foreach (MapNode rule in match.Each("resourceRules").Concat(match.Each("excludeResourceRules")))
        {
            rule.Default("scope", "*");
        }
    }

    private static void Copy(MapNode limit, string from, string to)
    {
        if (limit.Part(from) is not { Count: > 0 } source)
        {
            return;
        }

        MapNode target = limit.EnsureMap(to);
        foreach ((string resource, Node amount) in source)
        {
            target.Default(resource, amount);
        }
    }
}
