using System.Globalization;
using System.Text.RegularExpressions;
using Bowline.Rendering.Kustomize.Objects;
using Bowline.Rendering.Requests;
using Bowline.Resources.Model;

namespace Bowline.Rendering.Kustomize.Fields;

/// <summary>What a field that is made on the way to a target becomes.</summary>
internal enum FieldKind
{
    None,
    Scalar,
    Map,
    List,
}

/// <summary>Finds every field that a path with matches, wildcards and indices leads to, making missing ones when asked to.</summary>
internal sealed class FieldFinder(IReadOnlyList<string> path, FieldKind create)
{
    private const int MaxMatches = 1_000_000;
    private readonly List<FieldSlot> found = [];

    /// <exception cref="RenderException">The path does not fit the object's shape.</exception>
    public List<FieldSlot> Find(MapNode root)
    {
        Descend(root, 0);
        return found;
    }

    /// <summary>The single field of a path without wildcards; null when there is none.</summary>
    public static Node? Lookup(Node root, IReadOnlyList<string> path)
    {
        Node? at = root;
        foreach (string part in path)
        {
            if (at is null || ScalarText.IsNull(at))
            {
                return null;
            }

            at = Step(at, part);
        }

        return at;
    }

    private static Node? Step(Node at, string part)
    {
        if (FieldPath.IsWildcard(part))
        {
            throw new RenderException("wildcard is not supported in a source path");
        }

        if (FieldPath.IsIndex(part))
        {
            ListNode list = RequireList(at);
            return int.TryParse(part, CultureInfo.InvariantCulture, out int index) && index < list.Count ? list[index] : null;
        }

        if (part == "-")
        {
            return at is ListNode { Count: > 0 } items ? items[^1] : null;
        }

        if (FieldPath.IsMatch(part) && FieldPath.SplitMatch(part) is { } match)
        {
            return RequireList(at).FirstOrDefault(item =>
                match.Field.Length == 0 ? ScalarText.Of(item) == match.Value : item is MapNode map && map.ContainsKey(match.Field) && ScalarText.Of(map[match.Field]) == match.Value);
        }

        return at is MapNode node ? node[part] : throw WrongKind("MappingNode", at);
    }

    private void Descend(Node node, int at)
    {
        string part = path[at];
        if (FieldPath.IsIndex(part))
        {
            DescendIndex(RequireList(node), at);
        }
        else if (FieldPath.IsMatch(part))
        {
            DescendMatches(RequireList(node), at);
        }
        else if (FieldPath.IsWildcard(part))
        {
            ListNode list = RequireList(node);
            for (int i = 0; i < list.Count; i++)
            {
                Reach(new FieldSlot(list, string.Empty, i), at);
            }
        }
        else
        {
            DescendField(node is MapNode map ? map : throw WrongKind("MappingNode", node), at);
        }
    }

    private void DescendField(MapNode map, int at)
    {
        string part = path[at];
        if (!map.ContainsKey(part))
        {
            if (create == FieldKind.None)
            {
                return;
            }

            map[part] = Made(at);
        }
        else if (create != FieldKind.None && at + 1 < path.Count && ScalarText.IsNull(map[part]))
        {
            map[part] = Made(at);
        }

        Reach(new FieldSlot(map, part, -1), at);
    }

    private void DescendIndex(ListNode list, int at)
    {
        if (!int.TryParse(path[at], CultureInfo.InvariantCulture, out int index) || index > list.Count)
        {
            throw new RenderException($"index {path[at]} specified but only {list.Count} elements found");
        }

        if (index == list.Count)
        {
            if (create == FieldKind.None)
            {
                throw new RenderException($"index {path[at]} specified but only {list.Count} elements found");
            }

            list.Add(Made(at));
        }

        Reach(new FieldSlot(list, string.Empty, index), at);
    }

    private void DescendMatches(ListNode list, int at)
    {
        (string field, string value) = FieldPath.SplitMatch(path[at])
            ?? throw new RenderException($"list path element must contain fieldName=fieldValue for element to match: {path[at]}");
        Regex regex = GoRegex.Compile(value);
        int before = found.Count;
        for (int i = 0; i < list.Count; i++)
        {
            if (IsMatch(list[i], field, regex))
            {
                // A match among plain values is the target itself, whatever follows.
                Reach(new FieldSlot(list, string.Empty, i), field.Length == 0 ? path.Count - 1 : at);
            }
        }

        if (found.Count > before || create == FieldKind.None)
        {
            return;
        }

        list.Add(field.Length == 0 ? new Untyped(value) : new MapNode { [field] = new Untyped(value) });
        Reach(new FieldSlot(list, string.Empty, list.Count - 1), field.Length == 0 ? path.Count - 1 : at);
    }

    private static bool IsMatch(Node item, string field, Regex regex)
    {
        if (field.Length == 0)
        {
            return ScalarText.IsScalar(item) && regex.IsMatch(ScalarText.Of(item));
        }

        return item is MapNode map && map.TryGet(field, out Node? value) && regex.IsMatch(ScalarText.Of(value));
    }

    private void Reach(FieldSlot slot, int at)
    {
        if (at + 1 < path.Count)
        {
            if (slot.Value is { } node && (create != FieldKind.None || !ScalarText.IsNull(node)))
            {
                Descend(node, at + 1);
            }

            return;
        }

        if (found.Count >= MaxMatches)
        {
            throw new RenderException("the path leads to too many fields");
        }

        found.Add(slot);
    }

    /// <summary>A list where an index or a match comes next, a map where a name does, and the wanted kind at the end.</summary>
    private Node Made(int at)
    {
        if (at + 1 < path.Count)
        {
            string next = path[at + 1];
            return FieldPath.IsIndex(next) || FieldPath.IsMatch(next) || FieldPath.IsWildcard(next) ? new ListNode() : new MapNode();
        }

        return create switch
        {
            FieldKind.Map => new MapNode(),
            FieldKind.List => new ListNode(),
            _ => Untyped.Empty,
        };
    }

    private static ListNode RequireList(Node node) => node as ListNode ?? throw WrongKind("SequenceNode", node);

    private static RenderException WrongKind(string wanted, Node node)
    {
        string got = node.Kind switch
        {
            NodeKind.Map => "MappingNode",
            NodeKind.List => "SequenceNode",
            _ => "ScalarNode",
        };
        return new RenderException($"wrong node kind: expected {wanted} but got {got}", line: node.Line);
    }
}
