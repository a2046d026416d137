using System.Text;
using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Validation;

/// <summary>Core objects beside pods.</summary>
internal static class CoreRules
{
    private const int MaxData = 1024 * 1024;

    public static void ConfigMap(Checks check, MapNode node)
    {
        Keys(check, node["data"], "data");
        Keys(check, node["binaryData"], "binaryData");
        foreach (string key in (node["data"] as MapNode ?? []).Keys.Where(key => node["binaryData"]?[key] is not null))
        {
            check.Add(FieldError.Invalid($"data[{key}]", key, "duplicate of key present in binaryData"));
        }

        Size(check, node, "data", "binaryData");
    }

    public static void Secret(Checks check, MapNode node)
    {
        Keys(check, node["data"], "data");
        string type = node["type"]?.AsString() ?? string.Empty;
        string[] required = type switch
        {
            "kubernetes.io/tls" => ["tls.crt", "tls.key"],
            "kubernetes.io/dockerconfigjson" => [".dockerconfigjson"],
            "kubernetes.io/dockercfg" => [".dockercfg"],
            "kubernetes.io/ssh-auth" => ["ssh-privatekey"],
            "kubernetes.io/basic-auth" when node.At("data", "username") is null && node.At("data", "password") is null => ["username", "password"],
            _ => [],
        };
        foreach (string key in required.Where(key => node["data"]?[key] is null || (key == "ssh-privatekey" && Checks.IsEmpty(node["data"]![key]))))
        {
            check.Add(FieldError.Required($"data[{key}]"));
        }

        string file = type switch { "kubernetes.io/dockerconfigjson" => ".dockerconfigjson", "kubernetes.io/dockercfg" => ".dockercfg", _ => string.Empty };
        if (node.At("data", file)?.AsString() is { } config && JsonProblem(config) is { } problem)
        {
            check.Add(FieldError.Invalid($"data[{file}]", "<secret contents redacted>", problem));
        }

        if (type == "kubernetes.io/service-account-token" && node.At("metadata", "annotations", "kubernetes.io/service-account.name")?.AsString() is null or "" && type == "kubernetes.io/service-account-token")
        {
            check.Add(FieldError.Required("metadata.annotations[kubernetes.io/service-account.name]"));
        }

        Size(check, node, "data", "data");
    }

    public static void Node(Checks check, MapNode node)
    {
        Taints(check, node);
        ListNode cidrs = node.At("spec", "podCIDRs")?.AsList() ?? [];
        HashSet<string> seen = new(StringComparer.Ordinal);
        foreach ((Node cidr, string at) in Checks.Each(cidrs, "spec.podCIDRs"))
        {
            check.Name(cidr, at, AddressRules.Cidr);
            if (!seen.Add(Checks.Text(cidr)))
            {
                check.Add(FieldError.Duplicate(at, cidr));
            }
        }

        bool[] six = [.. cidrs.Select(cidr => Checks.Text(cidr).Contains(':', StringComparison.Ordinal))];
        if (six.Length > 2 || (six.Length == 2 && six[0] == six[1]))
        {
            check.Add(FieldError.Invalid("spec.podCIDRs", cidrs, "may specify no more than one CIDR for each IP family"));
        }
    }

    private static void Taints(Checks check, MapNode node)
    {
        HashSet<string> seen = new(StringComparer.Ordinal);
        foreach ((Node taint, string at) in Checks.Each(node.At("spec", "taints"), "metadata.taints"))
        {
            check.Name(taint["key"], $"{at}.key", NameRules.LabelKey);
            check.NameIfSet(taint["value"], $"{at}.value", NameRules.LabelValue);
            check.Choice(taint["effect"], $"{at}.effect", "NoSchedule", "PreferNoSchedule", "NoExecute");
            if (!seen.Add($"{Checks.Text(taint["effect"])}/{Checks.Text(taint["key"])}"))
            {
                FieldError duplicate = FieldError.Duplicate(at, taint);
                check.Add(duplicate with { Message = $"{duplicate.Message}: taints must be unique by key and effect pair" });
            }
        }
    }

    public static void NodeUpdate(Checks check, MapNode node, MapNode live)
    {
        if (live.At("spec", "podCIDRs") is ListNode { Count: > 0 } cidrs && !cidrs.DeepEquals(node.At("spec", "podCIDRs")))
        {
            check.Add(FieldError.Forbidden("spec.podCIDRs", "node updates may not change podCIDR except from \"\" to valid"));
        }

        if (!Checks.IsEmpty(live.At("spec", "providerID")) && Checks.Text(live.At("spec", "providerID")) != Checks.Text(node.At("spec", "providerID")))
        {
            check.Add(FieldError.Forbidden("spec.providerID", "node updates may not change providerID except from \"\" to valid"));
        }
    }

    public static void Namespace(Checks check, MapNode node)
    {
        foreach (Node finalizer in node.At("spec", "finalizers")?.AsList() ?? [])
        {
            check.Name(finalizer, "spec.finalizers", NameRules.QualifiedName);
            if (!Checks.Text(finalizer).Contains('/', StringComparison.Ordinal) && Checks.Text(finalizer) is not ("kubernetes" or "foregroundDeletion" or "orphan"))
            {
                check.Add(FieldError.Invalid("spec.finalizers", finalizer, "name is neither a standard finalizer name nor is it fully qualified"));
            }
        }
    }

    public static void ImmutableData(Checks check, MapNode node, MapNode live)
    {
        if (live["immutable"]?.AsBool() != true)
        {
            return;
        }

        if (node["immutable"]?.AsBool() != true)
        {
            check.Add(FieldError.Forbidden("immutable", "field is immutable when `immutable` is set"));
        }

        foreach (string part in (ReadOnlySpan<string>)["data", "binaryData"])
        {
            if (!Bowline.Resources.Model.Node.DeepEquals(node[part], live[part]))
            {
                check.Add(FieldError.Forbidden(part, "field is immutable when `immutable` is set"));
            }
        }
    }

    private static void Keys(Checks check, Node? data, string path)
    {
        foreach (string key in (data as MapNode ?? []).Keys)
        {
            foreach (string wrong in NameRules.ConfigKey(key))
            {
                check.Add(FieldError.Invalid($"{path}[{key}]", key, wrong));
            }
        }
    }

    private static void Size(Checks check, MapNode node, string text, string binary)
    {
        long size = text == binary ? 0 : (node[text] as MapNode ?? []).Sum(pair => (long)Encoding.UTF8.GetByteCount(pair.Value.AsString() ?? string.Empty));
        size += (node[binary] as MapNode ?? []).Sum(pair => (pair.Value.AsString()?.Length ?? 0) * 3L / 4);
        if (size > MaxData)
        {
            check.Add(FieldError.TooLong(text == binary ? "data" : "[]", MaxData));
        }
    }

    /// <summary>What Go's reader says of a text that should be a JSON object; null when it is one.</summary>
    private static string? JsonProblem(string base64)
    {
        string text = Encoding.UTF8.GetString(Convert.FromBase64String(base64));
        string trimmed = text.TrimStart(' ', '\t', '\r', '\n');
        if (trimmed.Length == 0)
        {
            return "unexpected end of JSON input";
        }

        try
        {
            return JsonReader.Read(Encoding.UTF8.GetBytes(text), 32) switch
            {
                MapNode or NullNode => null,
                StringNode => $"json: cannot unmarshal string into Go value of type map[string]interface {{}}",
                ListNode => $"json: cannot unmarshal array into Go value of type map[string]interface {{}}",
                BoolNode => $"json: cannot unmarshal bool into Go value of type map[string]interface {{}}",
                _ => $"json: cannot unmarshal number into Go value of type map[string]interface {{}}",
            };
        }
        catch (System.Text.Json.JsonException)
        {
            return $"invalid character '{trimmed[0]}' looking for beginning of value";
        }
    }
}
