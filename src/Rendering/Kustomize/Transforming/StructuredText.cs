using System.Text.Json;
using Bowline.Rendering.Kustomize.Fields;
using Bowline.Rendering.Kustomize.Objects;
using Bowline.Rendering.Requests;
using Bowline.Resources.Json;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;

namespace Bowline.Rendering.Kustomize.Transforming;

/// <summary>Replacement paths that go on inside a text: <c>data.config\.json.server.host</c> changes one value of the JSON or YAML that the text holds.</summary>
internal static class StructuredText
{
    /// <summary>False when no prefix of the path is a structured text that has the rest of the path.</summary>
    public static bool TrySet(MapNode root, IReadOnlyList<string> path, Node value)
    {
        Node? at = root;
        for (int i = 0; i < path.Count - 1 && at is MapNode map; i++)
        {
            at = map[path[i]];
            if (at is StringNode text)
            {
                IReadOnlyList<string> rest = [.. path.Skip(i + 1)];
                string? changed = SetJson(text.Value, rest, value) ?? SetYaml(text.Value, rest, value);
                if (changed is not null)
                {
                    map[path[i]] = changed;
                }

                return changed is not null;
            }
        }

        return false;
    }

    private static string? SetJson(string text, IReadOnlyList<string> path, Node value)
    {
        try
        {
            if (JsonReader.Read(text) is not MapNode map || Single(map, path) is not { } slot)
            {
                return null;
            }

            slot.Value = ScalarText.Plain(value.DeepClone());
            bool pretty = text.Trim().Contains('\n', StringComparison.Ordinal);
            return JsonWriter.ToText(map, new JsonWriteOptions { Indent = pretty, SortKeys = true });
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Only the line that holds the value changes, so that comments and layout stay.</summary>
    private static string? SetYaml(string text, IReadOnlyList<string> path, Node value)
    {
        try
        {
            Node root = YamlReader.Read(text, YamlReadOptions.Kustomize);
            if (root is not MapNode map || Single(map, path) is not { } slot)
            {
                return null;
            }

            string[] lines = text.Split('\n');
            string old = ScalarText.Of(slot.Value);
            int line = slot.Value.Line;
            if (line > 0 && line <= lines.Length && Edited(lines[line - 1], old, ScalarText.Of(value)) is { } edited && value is not (MapNode or ListNode))
            {
                lines[line - 1] = edited;
                return string.Join('\n', lines).TrimEnd('\n');
            }

            slot.Value = ScalarText.Plain(value.DeepClone());
            return YamlWriter.ToText(map).TrimEnd('\n');
        }
        catch (YamlException)
        {
            return null;
        }
    }

    private static string? Edited(string line, string old, string value)
    {
        int at = old.Length == 0 ? -1 : line.LastIndexOf(old, StringComparison.Ordinal);
        return at < 0 ? null : $"{line[..at]}{value}{line[(at + old.Length)..]}";
    }

    private static FieldSlot? Single(MapNode map, IReadOnlyList<string> path)
    {
        try
        {
            return new FieldFinder(path, FieldKind.None).Find(map) is [FieldSlot slot] ? slot : null;
        }
        catch (RenderException)
        {
            return null;
        }
    }
}
