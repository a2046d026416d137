using Bowline.Languages.Cel;
using Bowline.Languages.Cel.Types;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Validation;

/// <summary>Kinds of resource.k8s.io, as pkg/apis/resource/validation checks them.</summary>
internal static class DeviceRules
{
    private const int MostSelectors = 32;
    private const int MostRequests = 32;
    private const int MostAlternatives = 8;
    private const int MostConfigurations = 32;
    private const int MostDevices = 128;
    private const string OneOfRequest = "exactly one of `exactly` or `firstAvailable` is required";
    private const string OneOfNodes = "exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required";
    private static readonly CelEnvironment Environment = CelEnvironment.Kubernetes.WithVariable("device", CelType.Dyn);

    public static void Class(Checks check, MapNode node)
    {
        Node? spec = node["spec"];
        Selectors(check, spec, "spec");
        Configurations(check, spec, "spec", null);
        if (spec?["extendedResourceName"] is StringNode { Value: var name } && (!ResourceRules.IsExtended(name) || NameRules.QualifiedName(name).Any()))
        {
            check.Add(FieldError.Invalid("spec.extendedResourceName", name, "doesn't follow extended resource name standard"));
        }
    }

    public static void Claim(Checks check, MapNode node) => Spec(check, node.At("spec", "devices"), "spec.devices");

    public static void Template(Checks check, MapNode node) => Spec(check, node.At("spec", "spec", "devices"), "spec.spec.devices");

    public static void Slice(Checks check, MapNode node)
    {
        Node? spec = node["spec"];
        check.RequireName(spec?["driver"], "spec.driver", NameRules.Subdomain);
        Node? pool = spec?["pool"];
        check.RequireName(pool?["name"], "spec.pool.name", static name => name.Split('/').SelectMany(NameRules.Subdomain));
        if (pool?["resourceSliceCount"]?.AsInteger() is null or <= 0)
        {
            check.Add(FieldError.Invalid("spec.pool.resourceSliceCount", pool?["resourceSliceCount"] ?? IntegerNode.Of(0), Checks.AboveZeroText));
        }

        if (pool?["generation"]?.AsInteger() < 0)
        {
            check.Add(FieldError.Invalid("spec.pool.generation", pool["generation"], "must be greater than or equal to zero"));
        }

        Places(check, spec);
        List<(Node Item, string Path)> devices = [.. Checks.Each(spec?["devices"], "spec.devices")];
        TooMany(check, devices.Count, MostDevices, "spec.devices");
        check.Unique(devices, "name");
        foreach ((Node device, string at) in devices)
        {
            check.RequireName(device["name"], $"{at}.name", NameRules.Label);
        }
    }

    /// <param name="kind">The kind's qualified plural.</param>
    public static void OnUpdate(Checks check, string kind, MapNode node, MapNode live)
    {
        switch (kind)
        {
            case "resourceclaims.resource.k8s.io" or "resourceclaimtemplates.resource.k8s.io":
                check.Immutable(node["spec"], live["spec"], "spec");
                break;
            case "resourceslices.resource.k8s.io":
                check.Immutable(node.At("spec", "pool", "name"), live.At("spec", "pool", "name"), "spec.pool.name");
                check.Immutable(node.At("spec", "driver"), live.At("spec", "driver"), "spec.driver");
                check.Immutable(node.At("spec", "nodeName"), live.At("spec", "nodeName"), "spec.nodeName");
                break;
            default:
                break;
        }
    }

    /// <summary>Where the devices of a slice are.</summary>
    private static void Places(Checks check, Node? spec)
    {
        string[] set = [.. ((string[])["nodeName", "nodeSelector", "allNodes", "perDeviceNodeSelection"]).Where(name => spec?[name] is not (null or NullNode or BoolNode { Value: false } or StringNode { Value: "" }))];
        check.NameIfSet(spec?["nodeName"], "spec.nodeName", NameRules.Subdomain);
        if (set.Length == 0)
        {
            check.Add(FieldError.Required("spec", OneOfNodes));
        }
        else if (set.Length > 1)
        {
            check.Add(FieldError.Invalid("spec", StringNode.Of($"{{{string.Join(", ", set.Select(name => $"`{name}`"))}}}"), $"{OneOfNodes}, but multiple fields are set"));
        }
    }

    private static void Spec(Checks check, Node? devices, string path)
    {
        List<(Node Item, string Path)> requests = [.. Checks.Each(devices?["requests"], $"{path}.requests")];
        TooMany(check, requests.Count, MostRequests, $"{path}.requests");
        check.Unique(requests, "name");
        HashSet<string> names = new(StringComparer.Ordinal);
        foreach ((Node request, string at) in requests)
        {
            string name = Checks.Text(request["name"]);
            check.RequireName(request["name"], $"{at}.name", NameRules.Label);
            names.Add(name);
            names.UnionWith(Checks.Each(request["firstAvailable"], string.Empty).Select(alternative => $"{name}/{Checks.Text(alternative.Item["name"])}"));
            Request(check, request, at);
        }

        foreach ((Node constraint, string at) in Checks.Each(devices?["constraints"], $"{path}.constraints"))
        {
            Named(check, constraint, at, names);
        }

        Configurations(check, devices, path, names);
    }

    private static void Request(Checks check, Node request, string at)
    {
        bool isExact = request["exactly"] is MapNode;
        List<(Node Item, string Path)> alternatives = [.. Checks.Each(request["firstAvailable"], $"{at}.firstAvailable")];
        if (isExact && alternatives.Count > 0)
        {
            check.Add(FieldError.Invalid(at, null, $"{OneOfRequest}, but multiple fields are set"));
        }
        else if (isExact)
        {
            Devices(check, request["exactly"]!, $"{at}.exactly");
        }
        else if (alternatives.Count == 0)
        {
            check.Add(FieldError.Required(at, OneOfRequest));
        }

        TooMany(check, alternatives.Count, MostAlternatives, $"{at}.firstAvailable");
        check.Unique(alternatives, "name");
        foreach ((Node alternative, string own) in alternatives)
        {
            check.RequireName(alternative["name"], $"{own}.name", NameRules.Label);
            Devices(check, alternative, own);
        }
    }

    /// <summary>Which devices are wanted, and how many.</summary>
    private static void Devices(Checks check, Node wanted, string at)
    {
        check.RequireName(wanted["deviceClassName"], $"{at}.deviceClassName", NameRules.Subdomain);
        Selectors(check, wanted, at);
        long count = wanted["count"]?.AsInteger() ?? 0;
        switch (Checks.Text(wanted["allocationMode"]))
        {
            case "All" when count != 0:
                check.Add(FieldError.Invalid($"{at}.count", count, "must not be specified when allocationMode is 'All'"));
                break;
            case "ExactCount" when count <= 0:
                check.Add(FieldError.Invalid($"{at}.count", count, Checks.AboveZeroText));
                break;
            case "All" or "ExactCount":
                break;
            default:
                check.Add(FieldError.NotSupported($"{at}.allocationMode", wanted["allocationMode"] ?? StringNode.Empty, "All", "ExactCount"));
                break;
        }
    }

    private static void Selectors(Checks check, Node? holder, string path)
    {
        List<(Node Item, string Path)> selectors = [.. Checks.Each(holder?["selectors"], $"{path}.selectors")];
        TooMany(check, selectors.Count, MostSelectors, $"{path}.selectors");
        foreach ((Node selector, string at) in selectors)
        {
            string expression = Checks.Text(selector.At("cel", "expression"));
            if (selector["cel"] is not MapNode)
            {
                check.Add(FieldError.Required($"{at}.cel"));
            }
            else if (expression.Length == 0)
            {
                check.Add(FieldError.Required($"{at}.cel.expression"));
            }
            else if (Problem(expression) is { } problem)
            {
                check.Add(FieldError.Invalid($"{at}.cel.expression", expression, problem));
            }
        }
    }

    private static string? Problem(string expression)
    {
        try
        {
            return CelProgram.Compile(expression, Environment).ResultType.Kind is CelKind.Bool or CelKind.Dyn ? null : "must evaluate to bool";
        }
        catch (CelException e)
        {
            return $"compilation failed: {e.Message}";
        }
    }

    /// <param name="names">The requests that there are; null where there are none to name.</param>
    private static void Configurations(Checks check, Node? holder, string path, HashSet<string>? names)
    {
        List<(Node Item, string Path)> configurations = [.. Checks.Each(holder?["config"], $"{path}.config")];
        TooMany(check, configurations.Count, MostConfigurations, $"{path}.config");
        foreach ((Node configuration, string at) in configurations)
        {
            if (names is not null)
            {
                Named(check, configuration, at, names);
            }

            if (configuration["opaque"] is not MapNode opaque)
            {
                check.Add(FieldError.Required($"{at}.opaque"));
                continue;
            }

            check.RequireName(opaque["driver"], $"{at}.opaque.driver", NameRules.Subdomain);
            if (opaque["parameters"] is null or NullNode)
            {
                check.Add(FieldError.Required($"{at}.opaque.parameters"));
            }
        }
    }

    /// <summary>The requests that something is about have to be there.</summary>
    private static void Named(Checks check, Node holder, string path, HashSet<string> names)
    {
        foreach ((Node name, string at) in Checks.Each(holder["requests"], $"{path}.requests").Where(item => !names.Contains(Checks.Text(item.Item))))
        {
            check.Add(FieldError.Invalid(at, name, "must be the name of a request in the claim"));
        }
    }

    private static void TooMany(Checks check, int count, int most, string path)
    {
        if (count > most)
        {
            check.Add(FieldError.TooMany(path, count, most));
        }
    }
}
