using System.Globalization;
using System.Text;
using Bowline.Resources.Model;

namespace Bowline.Resources.Yaml;

/// <summary>Composes the tree out of events: aliases are copied out within a budget, keys become text, merge keys are carried out.</summary>
internal sealed partial class TreeBuilder(EventSource source, YamlReadOptions options)
{
    private readonly Dictionary<string, Anchored> anchors = new(StringComparer.Ordinal);
    private YamlEvent current;
    private int depth;
    private long nodes;
    private long aliasedNodes;

    /// <summary>What an anchor names: a scalar is kept unresolved, because a key and a value resolve differently.</summary>
    private sealed record Anchored(Node? Node, YamlEvent Scalar, long Size);

    public IReadOnlyList<YamlDocument> ReadDocuments()
    {
        List<YamlDocument> documents = [];
        current = source.Next();
        while (current.Kind == YamlEventKind.DocumentStart)
        {
            anchors.Clear();
            nodes = 0;
            aliasedNodes = 0;
            current = source.Next();
            int line = current.Line;
            Node root = ReadNode();
            documents.Add(new YamlDocument(root, line));
            // Past the document's end.
            current = source.Next();
        }

        return documents;
    }

    /// <summary>Reads the node that starts at the current event and moves behind it.</summary>
    private Node ReadNode()
    {
        Count(1);
        YamlEvent step = current;
        switch (step.Kind)
        {
            case YamlEventKind.Scalar:
                Remember(step.Anchor, null, step, 1);
                current = source.Next();
                return ToNode(step);
            case YamlEventKind.Alias:
                current = source.Next();
                return Expand(step);
            case YamlEventKind.MapStart:
                return ReadContainer(step, ReadMap);
            case YamlEventKind.ListStart:
                return ReadContainer(step, ReadList);
            default:
                throw Fail(step, $"unexpected {step.Kind}");
        }
    }

    private Node ReadContainer(YamlEvent start, Func<YamlEvent, Node> read)
    {
        if (++depth > options.MaxDepth)
        {
            throw Fail(start, $"exceeded max depth of {options.MaxDepth}");
        }

        // Until it is complete, the anchor names nothing that can be copied.
        Remember(start.Anchor, null, start, 0);
        long before = nodes;
        current = source.Next();
        Node node = read(start);
        current = source.Next();
        Remember(start.Anchor, node, start, nodes - before + 1);
        depth--;
        return node;
    }

    private ListNode ReadList(YamlEvent start)
    {
        ListNode list = new() { Line = start.Line };
        while (current.Kind != YamlEventKind.ListEnd)
        {
            list.Add(ReadNode());
        }

        return list;
    }

    private MapNode ReadMap(YamlEvent start)
    {
        MapNode map = new() { Line = start.Line };
        List<Node>? merges = null;
        HashSet<string>? merged = null;
        while (current.Kind != YamlEventKind.MapEnd)
        {
            YamlEvent keyEvent = current;
            if (IsMerge(keyEvent))
            {
                Count(1);
                current = source.Next();
                YamlEvent valueEvent = current;
                Node value = ReadNode();
                if (options.Dialect == YamlDialect.Yaml11)
                {
                    Merge(map, value, valueEvent, merged ??= new(StringComparer.Ordinal));
                }
                else
                {
                    // go-yaml v3 keeps the last merge and carries it out after all explicit keys.
                    RequireMaps(value, valueEvent);
                    merges = [value];
                }

                continue;
            }

            string key = ReadKey();
            Node member = ReadNode();
            SetMember(map, key, member, keyEvent, merged);
        }

        if (merges is not null)
        {
            FillIn(map, merges[0]);
        }

        return map;
    }

    private void SetMember(MapNode map, string key, Node member, YamlEvent keyEvent, HashSet<string>? merged)
    {
        if (options.DuplicateKeys == DuplicateKeys.Error && map.ContainsKey(key) && merged?.Contains(key) != true)
        {
            throw Fail(keyEvent, $"key \"{key}\" already set in map");
        }

        merged?.Remove(key);
        map[key] = member;
    }

    private static bool IsMerge(in YamlEvent step) =>
        step.Kind == YamlEventKind.Scalar && step.Value == "<<" && (step.Implicit || step.Tag == "tag:yaml.org,2002:merge");

    /// <summary>go-yaml v2 merges where the key stands, so that a merge overwrites what is written before it.</summary>
    private void Merge(MapNode map, Node value, YamlEvent at, HashSet<string> merged)
    {
        RequireMaps(value, at);
        if (value is MapNode single)
        {
            Overwrite(map, single, merged);
            return;
        }

        ListNode list = (ListNode)value;
        for (int i = list.Count - 1; i >= 0; i--)
        {
            Overwrite(map, (MapNode)list[i], merged);
        }
    }

    private static void Overwrite(MapNode map, MapNode from, HashSet<string> merged)
    {
        foreach ((string key, Node member) in from)
        {
            map[key] = member;
            merged.Add(key);
        }
    }

    private static void FillIn(MapNode map, Node value)
    {
        foreach (Node item in value is ListNode list ? list : (IEnumerable<Node>)[value])
        {
            foreach ((string key, Node member) in (MapNode)item)
            {
                if (!map.ContainsKey(key))
                {
                    map[key] = member;
                }
            }
        }
    }

    private void RequireMaps(Node value, YamlEvent at)
    {
        bool good = value is MapNode || (value is ListNode list && list.All(item => item is MapNode));
        if (!good)
        {
            throw Fail(at, "map merge requires map or sequence of maps as the value");
        }
    }

    private Node Expand(YamlEvent alias)
    {
        Anchored anchored = Find(alias);
        if (anchored.Node is null)
        {
            return ToNode(anchored.Scalar);
        }

        Count(anchored.Size);
        aliasedNodes += anchored.Size;
        if (aliasedNodes > 100 && nodes > 1000 && aliasedNodes > AllowedAliasShare(nodes) * nodes)
        {
            throw Fail(alias, "document contains excessive aliasing");
        }

        return anchored.Node.DeepClone();
    }

    private Anchored Find(YamlEvent alias)
    {
        if (!anchors.TryGetValue(alias.Anchor!, out Anchored? anchored))
        {
            throw Fail(alias, $"unknown anchor '{alias.Anchor}' referenced");
        }

        return anchored.Node is null && anchored.Scalar.Kind != YamlEventKind.Scalar
            ? throw Fail(alias, $"anchor '{alias.Anchor}' value contains itself")
            : anchored;
    }

    /// <summary>go-yaml's rule: a small document may come from aliases nearly whole, a large one only to a tenth.</summary>
    private static double AllowedAliasShare(long count) => count switch
    {
        <= 400_000 => 0.99,
        >= 4_000_000 => 0.10,
        _ => 0.99 - (0.89 * ((count - 400_000) / 3_600_000.0)),
    };

    private void Count(long more)
    {
        nodes += more;
        if (nodes > options.MaxNodes)
        {
            throw Fail(current, $"the document has more than {options.MaxNodes} nodes");
        }
    }

    private void Remember(string? anchor, Node? node, YamlEvent scalar, long size)
    {
        if (anchor is not null)
        {
            anchors[anchor] = new Anchored(node, scalar, size);
        }
    }

    private YamlException Fail(in YamlEvent at, string reason) => new(options.FileName, at.Line, at.Column, reason);
}
