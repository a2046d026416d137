using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.Rendering.Helm.Values;

/// <summary>JSON as Go decodes it into <c>interface {}</c>: every number is a float64.</summary>
internal static class JsonFloats
{
    public static Node Read(ReadOnlySpan<byte> utf8) => Convert(JsonReader.Read(utf8));

    private static Node Convert(Node node)
    {
        switch (node)
        {
            case IntegerNode integer:
                return new FloatNode(integer.Value);
            case MapNode map:
                MapNode members = new(map.Count);
                foreach ((string key, Node value) in map)
                {
                    members[key] = Convert(value);
                }

                return members;
            case ListNode list:
                return new ListNode(list.Select(Convert));
            default:
                return node;
        }
    }
}
