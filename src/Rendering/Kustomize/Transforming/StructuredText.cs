using System.Text;
using Bowline.Rendering.Kustomize.Fields;
using Bowline.Rendering.Kustomize.Generating;
using Bowline.Rendering.Kustomize.Objects;
using Bowline.Rendering.Requests;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;

namespace Bowline.Rendering.Kustomize.Transforming;

/// <summary>Replacement paths that go on inside a text: <c>data.config\.json.server.host</c> changes a value of the JSON or YAML that the text holds.</summary>
internal static class StructuredText
{
    /// <summary>False when no beginning of the path leads to a structured text that has, or may get, the rest of the path.</summary>
    public static bool TrySet(MapNode root, IReadOnlyList<string> path, Node value, FieldKind create)
    {
        for (int i = 1; i < path.Count; i++)
        {
            if (Only(root, [.. path.Take(i)], FieldKind.None) is not { } slot || ScalarText.Text(slot.Value) is not { } text)
            {
                continue;
            }

            string? changed = Changed(text.Value, [.. path.Skip(i)], value, create);
            if (changed is not null)
            {
                slot.Value = changed;
            }

            return changed is not null;
        }

        return false;
    }

    private static string? Changed(string text, IReadOnlyList<string> path, Node value, FieldKind create)
    {
        string trimmed = text.Trim();
        if (trimmed.Length == 0)
        {
            return null;
        }

        try
        {
            Node root = YamlReader.Read(text, YamlReadOptions.Kustomize);
            bool json = trimmed[0] is '{' or '[';
            return json ? InJson(text, root, path, value, create) : InYaml(text, root, path, value, create);
        }
        catch (Exception error) when (error is YamlException or RenderException)
        {
            return null;
        }
    }

    /// <summary>Printed anew with sorted keys: indented when the text was, else on one line.</summary>
    private static string? InJson(string text, Node root, IReadOnlyList<string> path, Node value, FieldKind create)
    {
        List<FieldSlot> slots = All(root, path, create);
        if (slots.Count == 0)
        {
            return null;
        }

        slots.ForEach(slot => Set(slot, value));
        bool indented = text.Contains('\n', StringComparison.Ordinal) && text.Contains("  ", StringComparison.Ordinal);
        StringBuilder json = new();
        GoJson.Write(ScalarText.Plain(root), json, indented ? "\n" : null);
        return json.ToString();
    }

    /// <summary>Where it can be, only the lines that hold the value change, so that comments and layout stay.</summary>
    private static string? InYaml(string text, Node root, IReadOnlyList<string> path, Node value, FieldKind create)
    {
        List<FieldSlot> slots = All(root, path, FieldKind.None);
        string[] lines = text.Split('\n');
        if (slots.Count > 0 && slots.TrueForAll(slot => TryEdit(lines, slot.Value, value)))
        {
            return string.Join('\n', lines).Trim();
        }

        slots = All(root, path, create);
        slots.ForEach(slot => Set(slot, value));
        return slots.Count == 0 ? null : YamlWriter.ToText(ScalarText.Plain(root)).Trim();
    }

    private static void Set(FieldSlot slot, Node value)
    {
        slot.Value = slot.Value is MapNode or ListNode ? value.DeepClone() : ScalarReader.Retype(slot.Value, ScalarText.Of(value));
    }

    private static bool TryEdit(string[] lines, Node current, Node value)
    {
        string old = ScalarText.Of(current);
        if (value is MapNode or ListNode || current is MapNode or ListNode || old.Length == 0 || current.Line <= 0 || current.Line > lines.Length)
        {
            return false;
        }

        string line = lines[current.Line - 1];
        int at = line.LastIndexOf(old, StringComparison.Ordinal);
        if (at < 0)
        {
            return false;
        }

        bool quoted = at > 0 && line[at - 1] is '"' or '\'';
        string text = ScalarText.Of(ScalarReader.Retype(current, ScalarText.Of(value)));
        lines[current.Line - 1] = $"{line[..at]}{(quoted || current is not StringNode ? text : Plain(text))}{line[(at + old.Length)..]}";
        return true;
    }

    /// <summary>A text as it may stand where a plain one stood.</summary>
    private static string Plain(string text) => YamlWriter.ToText(StringNode.Of(text)).TrimEnd('\n');

    private static List<FieldSlot> All(Node root, IReadOnlyList<string> path, FieldKind create)
    {
        // A document may be a list, while paths start in maps.
        const string holder = "";
        return new FieldFinder([holder, .. path], create).Find(new MapNode { [holder] = root });
    }

    private static FieldSlot? Only(MapNode root, IReadOnlyList<string> path, FieldKind create)
    {
        try
        {
            return new FieldFinder(path, create).Find(root) is [FieldSlot slot] ? slot : null;
        }
        catch (RenderException)
        {
            return null;
        }
    }
}
