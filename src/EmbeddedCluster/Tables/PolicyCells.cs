using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Tables;

/// <summary>Admission policies, devices and drivers.</summary>
internal static class PolicyCells
{
    private const string Unset = "<unset>";

    public static ListNode Mutating(Row row) => Policy(row, "mutations");

    public static ListNode Validating(Row row) => Policy(row, "validations");

    public static ListNode Binding(Row row)
    {
        Node? parameters = row.Spec?["paramRef"];
        string name = parameters?["name"]?.AsString() ?? string.Empty;
        string @namespace = parameters?["namespace"]?.AsString() ?? string.Empty;
        string shown = name.Length > 0
            ? @namespace.Length > 0 ? $"{@namespace}/{name}" : name
            : parameters?["selector"] is { } selector ? Selector(selector) : Unset;
        return new ListNode(row.Name, row.Text("spec", "policyName"), shown, row.Age);
    }

    public static ListNode Claim(Row row)
    {
        List<string> states = [];
        bool isDeleted = row.Item.At("metadata", "deletionTimestamp") is not null;
        if (isDeleted)
        {
            states.Add("deleted");
        }

        if (row.Status?["allocation"] is not null)
        {
            states.Add("allocated");
        }
        else if (!isDeleted)
        {
            states.Add("pending");
        }

        if (Row.Each(row.Status?["reservedFor"]).Any())
        {
            states.Add("reserved");
        }

        return new ListNode(row.Name, Row.Join(states), row.Age);
    }

    public static ListNode Slice(Row row) => new(row.Name, row.Text("spec", "nodeName"), row.Text("spec", "driver"), row.Text("spec", "pool", "name"), row.Age);

    public static ListNode Driver(Row row)
    {
        string modes = Row.Join(Row.Each(row.Spec?["volumeLifecycleModes"]).Select(mode => mode.AsString()));
        string tokens = row.Spec?["tokenRequests"] is ListNode requests ? Row.Join(requests.Select(request => request["audience"]?.AsString() ?? string.Empty)) : Unset;
        return new ListNode(
            row.Name,
            row.Spec?["attachRequired"]?.AsBool() ?? true,
            row.Flag("spec", "podInfoOnMount"),
            row.Flag("spec", "storageCapacity"),
            tokens,
            row.Flag("spec", "requiresRepublish"),
            modes.Length > 0 ? modes : Row.None,
            row.Age);
    }

    private static ListNode Policy(Row row, string rules)
    {
        Node? parameters = row.Spec?["paramKind"];
        return new ListNode(row.Name, Row.Each(row.Spec?[rules]).Count(), parameters is null ? Unset : $"{parameters["apiVersion"]?.AsString()}/{parameters["kind"]?.AsString()}", row.Age);
    }

    /// <summary>As the String method of Go's LabelSelector, generated for protobuf, writes it.</summary>
    private static string Selector(Node selector)
    {
        string labels = string.Concat((selector["matchLabels"] as MapNode ?? []).Sorted().Select(pair => $"{pair.Key}: {pair.Value.AsString()},"));
        string expressions = string.Concat(Row.Each(selector["matchExpressions"]).Select(one =>
            $"LabelSelectorRequirement{{Key:{one["key"]?.AsString()},Operator:{one["operator"]?.AsString()},Values:[{string.Join(' ', Row.Each(one["values"]).Select(value => value.AsString()))}],}},"));
        return $"&LabelSelector{{MatchLabels:map[string]string{{{labels}}},MatchExpressions:[]LabelSelectorRequirement{{{expressions}}},}}";
    }
}
