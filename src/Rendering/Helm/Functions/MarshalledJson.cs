using System.Text.Json;
using Bowline.Languages.GoTemplates.Values;
using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.Rendering.Helm.Functions;

/// <summary>Go's json.Marshal: members of maps sorted, fields of structs in their order, HTML characters escaped.</summary>
internal static class MarshalledJson
{
    private static readonly JsonWriteOptions Options = new() { EscapeHtml = true };

    /// <exception cref="GoError">JSON cannot say it: NaN, a circle.</exception>
    public static string Text(Node node)
    {
        try
        {
            return JsonWriter.ToText(Ordered(node, 0), Options);
        }
        catch (JsonException error)
        {
            throw new GoError(error.Message, error);
        }
    }

    private static Node Ordered(Node node, int depth)
    {
        if (depth > GoTree.MaxDepth)
        {
            throw new GoError($"the value is nested deeper than {GoTree.MaxDepth} levels");
        }

        switch (node)
        {
            case GoValue { Fields: not null } value when value.ToPlain() is MapNode fields:
                return Members(fields, depth);
            case OpaqueNode opaque:
                return Ordered(opaque.ToPlain(), depth + 1);
            case MapNode map:
                return Members(map.Sorted(), depth);
            case ListNode list:
                return new ListNode(list.Select(item => Ordered(item, depth + 1)));
            default:
                return node;
        }
    }

    private static MapNode Members(IEnumerable<KeyValuePair<string, Node>> members, int depth)
    {
        MapNode map = new();
        foreach ((string key, Node value) in members)
        {
            map[key] = Ordered(value, depth + 1);
        }

        return map;
    }
}
