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
            _ => [],
        };
        foreach (string key in required.Where(key => node["data"]?[key] is null))
        {
            check.Add(FieldError.Required($"data[{key}]"));
        }

        if (type is "kubernetes.io/dockerconfigjson" && node["data"]?[".dockerconfigjson"]?.AsString() is { } config && !IsJson(config))
        {
            check.Add(new FieldError("FieldValueInvalid", "data[.dockerconfigjson]", "Invalid value: \"<secret contents redacted>\": invalid character 'x' looking for beginning of value"));
        }

        if (type == "kubernetes.io/service-account-token" && node.At("metadata", "annotations", "kubernetes.io/service-account.name")?.AsString() is null or "" && type == "kubernetes.io/service-account-token")
        {
            check.Add(FieldError.Required("metadata.annotations[kubernetes.io/service-account.name]"));
        }

        Size(check, node, "data", "data");
    }

    public static void Node(Checks check, MapNode node)
    {
        foreach ((Node taint, string at) in Checks.Each(node.At("spec", "taints"), "metadata.taints"))
        {
            check.Require(taint["key"], $"{at}.key");
            check.Choice(taint["effect"], $"{at}.effect", "NoSchedule", "PreferNoSchedule", "NoExecute");
            check.NameIfSet(taint["key"], $"{at}.key", NameRules.LabelKey);
            check.NameIfSet(taint["value"], $"{at}.value", NameRules.LabelValue);
        }

        foreach ((Node cidr, string at) in Checks.Each(node.At("spec", "podCIDRs"), "spec.podCIDRs"))
        {
            check.Cidr(cidr, at);
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

    private static bool IsJson(string base64)
    {
        try
        {
            JsonReader.Read(Convert.FromBase64String(base64), 32);
            return true;
        }
        catch (Exception e) when (e is FormatException or System.Text.Json.JsonException)
        {
            return false;
        }
    }
}
