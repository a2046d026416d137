using System.Text;
using Bowline.Resources.Model;

namespace Bowline.Resources.Patching;

/// <summary>Values as Go's %v prints them, for messages that the API server words that way.</summary>
internal static class GoText
{
    private const int MaxLength = 4096;

    public static string Of(Node node)
    {
        StringBuilder text = new();
        Append(text, node);
        return text.ToString();
    }

    private static void Append(StringBuilder text, Node node)
    {
        if (text.Length > MaxLength)
        {
            return;
        }

        switch (node)
        {
            case MapNode map:
                AppendMap(text, map);
                break;
            case ListNode list:
                text.Append('[');
                for (int i = 0; i < list.Count; i++)
                {
                    text.Append(i > 0 ? " " : string.Empty);
                    Append(text, list[i]);
                }

                text.Append(']');
                break;
            case NullNode:
                text.Append("<nil>");
                break;
            default:
                text.Append(node);
                break;
        }
    }

    private static void AppendMap(StringBuilder text, MapNode map)
    {
        text.Append("map[");
        string separator = string.Empty;
        foreach ((string key, Node value) in map.Sorted())
        {
            text.Append(separator).Append(key).Append(':');
            Append(text, value);
            separator = " ";
        }

        text.Append(']');
    }
}
