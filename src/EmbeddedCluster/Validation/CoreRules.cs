using System.Text;
using System.Text.RegularExpressions;
using Bowline.EmbeddedCluster.Kinds;
using Bowline.Resources.Json;
using Bowline.Resources.Model;
using Bowline.Resources.Schemas;

namespace Bowline.EmbeddedCluster.Validation;

/// <summary>Core objects beside pods.</summary>
internal static partial class CoreRules
{
    private const int MaxData = 1024 * 1024;
    private const string KeyText = "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";

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

    public static void Claim(Checks check, MapNode node)
    {
        if (node.At("spec", "accessModes") is not ListNode { Count: > 0 })
        {
            check.Add(FieldError.Required("spec.accessModes", "at least 1 access mode is required"));
        }

        foreach ((Node mode, string at) in Checks.Each(node.At("spec", "accessModes"), "spec.accessModes"))
        {
            check.OneOf(mode, "spec.accessModes", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod");
            _ = at;
        }

        if (node.At("spec", "resources", "requests", "storage") is null)
        {
            check.Add(FieldError.Required("spec.resources[storage]"));
        }
    }

    public static void Volume(Checks check, MapNode node)
    {
        if (node.At("spec", "accessModes") is not ListNode { Count: > 0 })
        {
            check.Add(FieldError.Required("spec.accessModes"));
        }

        if (node.At("spec", "capacity", "storage") is null)
        {
            check.Add(FieldError.Required("spec.capacity"));
        }
    }

    public static void Node(Checks check, MapNode node)
    {
        foreach ((Node taint, string at) in Checks.Each(node.At("spec", "taints"), "metadata.taints"))
        {
            check.Require(taint["key"], $"{at}.key");
            check.OneOf(taint["effect"], $"{at}.effect", "NoSchedule", "PreferNoSchedule", "NoExecute");
        }

        foreach ((Node cidr, string at) in Checks.Each(node.At("spec", "podCIDRs"), "spec.podCIDRs"))
        {
            check.Cidr(cidr, at);
        }
    }

    public static void Quota(Checks check, MapNode node)
    {
        foreach ((string resource, Node amount) in node.At("spec", "hard") as MapNode ?? [])
        {
            string path = $"spec.hard[{resource}]";
            if (!resource.Contains('/', StringComparison.Ordinal) && !QuotaResources().IsMatch(resource))
            {
                check.Add(FieldError.Invalid(path, resource, "must be a standard resource type or fully qualified"));
                check.Add(FieldError.Invalid(path, resource, "must be a standard resource for quota"));
            }
            else if (Quantity.TryParse(amount.AsString(), out Quantity quantity) && quantity.Sign < 0)
            {
                check.Add(FieldError.Invalid(path, amount, "must be greater than or equal to 0"));
            }
        }
    }

    public static void Limits(Checks check, MapNode node)
    {
        foreach ((Node limit, string at) in Checks.Each(node.At("spec", "limits"), "spec.limits"))
        {
            foreach ((string resource, Node minimum) in limit["min"] as MapNode ?? [])
            {
                Above(check, limit, at, resource, minimum, "max", "max", "min");
                Above(check, limit, at, resource, minimum, "defaultRequest", "default request", "defaultRequest");
                Above(check, limit, at, resource, minimum, "default", "default", "default");
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

    public static void ClaimUpdate(Checks check, MapNode node, MapNode live)
    {
        bool fills = live.At("spec", "volumeName") is null;
        string[] free = fills ? ["resources", "volumeAttributesClassName", "volumeName", "storageClassName"] : ["resources", "volumeAttributesClassName"];
        if (!WorkloadRules.SameBut(node["spec"], live["spec"], free))
        {
            check.Add(FieldError.Forbidden("spec", "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims"));
        }
    }

    private static void Above(Checks check, Node limit, string path, string resource, Node minimum, string other, string words, string field)
    {
        if (limit[other]?[resource] is { } value && Quantity.TryParse(minimum.AsString(), out Quantity least) && Quantity.TryParse(value.AsString(), out Quantity had) && least > had)
        {
            Node shown = field == "min" ? minimum : value;
            check.Add(FieldError.Invalid($"{path}.{field}[{resource}]", shown, $"min value {minimum.AsString()} is greater than {words} value {value.AsString()}"));
        }
    }

    private static void Keys(Checks check, Node? data, string path)
    {
        foreach (string key in (data as MapNode ?? []).Keys)
        {
            if (key.Length > 253)
            {
                check.Add(FieldError.Invalid($"{path}[{key}]", key, "must be no more than 253 characters"));
            }

            if (!ConfigKey().IsMatch(key))
            {
                check.Add(FieldError.Invalid($"{path}[{key}]", key, KeyText));
            }
            else if (key is "." or ".." || key.StartsWith("..", StringComparison.Ordinal))
            {
                check.Add(FieldError.Invalid($"{path}[{key}]", key, key is "." or ".." ? $"must not be '{key}'" : "must not start with '..'"));
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

    [GeneratedRegex(@"^[-._a-zA-Z0-9]+\z")]
    private static partial Regex ConfigKey();

    [GeneratedRegex(@"^(cpu|memory|storage|ephemeral-storage|pods|services|replicationcontrollers|resourcequotas|secrets|configmaps|persistentvolumeclaims|(requests|limits)\..+|services\..+|count/.+|hugepages-.+)\z")]
    private static partial Regex QuotaResources();
}
