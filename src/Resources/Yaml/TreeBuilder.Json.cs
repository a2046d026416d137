using Bowline.Resources.Model;

namespace Bowline.Resources.Yaml;

/// <summary>What YAML can say and JSON cannot is an error only where it is still there in the end: a repeated key may have replaced it.</summary>
internal sealed partial class TreeBuilder
{
    /// <summary>The key null while a document is read: no text that a document can hold.</summary>
    private const string NullKey = "\uD800";

    private bool mayNotBeJson;

    private string KeyOfNull()
    {
        mayNotBeJson = true;
        return NullKey;
    }

    /// <summary>Keys are converted before the first number is written.</summary>
    private void RequireJson(Node root)
    {
        Walk(root, RequireKeys);
        Walk(root, RequireFinite);
    }

    private static void Walk(Node node, Action<Node> check)
    {
        check(node);
        foreach (Node part in node switch { MapNode map => map.Select(member => member.Value), ListNode list => list, _ => [] })
        {
            Walk(part, check);
        }
    }

    private void RequireKeys(Node node)
    {
        if (node is MapNode map && map[NullKey] is { } keyless)
        {
            string value = keyless.IsNull ? "<nil>" : GoErrors.Syntax(keyless);
            throw NotJson(map.Line, $"unsupported map key of type: %!s(<nil>), key: <nil>, value: {value}");
        }
    }

    private void RequireFinite(Node node)
    {
        if (node is FloatNode number && !double.IsFinite(number.Value))
        {
            throw NotJson(number.Line, $"json: unsupported value: {(double.IsNaN(number.Value) ? "NaN" : number.Value > 0 ? "+Inf" : "-Inf")}");
        }
    }

    private YamlException NotJson(int line, string reason) => new(options.FileName, line, 1, reason) { GoMessage = reason };
}
