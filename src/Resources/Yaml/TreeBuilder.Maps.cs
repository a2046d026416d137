using Bowline.Resources.Model;

namespace Bowline.Resources.Yaml;

internal sealed partial class TreeBuilder
{
    /// <summary>The lines of the keys of all maps that are being read, the innermost map last.</summary>
    private readonly List<int> keyLines = [];

    /// <summary>A map while it is read: which members came by a merge, and what is to be merged when it is complete.</summary>
    private sealed class MapDraft(Mark start, int firstKeyLine)
    {
        /// <summary>Where the lines of this map's keys start in <see cref="keyLines"/>.</summary>
        public int FirstKeyLine { get; } = firstKeyLine;

        public MapNode Map { get; } = new() { Line = start.Line + 1 };

        public HashSet<string>? Merged { get; set; }

        public Node? MergedLast { get; set; }
    }

    /// <summary>A key: text, or the instruction to merge.</summary>
    private readonly record struct Key(string Text, Mark Mark, bool Merge, bool Invalid = false);

    private MapNode ReadBlockMap(Mark start)
    {
        MapDraft draft = new(start, keyLines.Count);
        Mark context = scanner.Peek().Start;
        scanner.Take();
        while (Next == TokenKind.Key)
        {
            scanner.Take();
            bool noKey = Next is TokenKind.Key or TokenKind.Value or TokenKind.BlockEnd;
            Key key = noKey ? EmptyKey() : ReadKey(block: true);
            bool hasValue = false;
            if (Next == TokenKind.Value)
            {
                scanner.Take();
                hasValue = Next is not (TokenKind.Key or TokenKind.Value or TokenKind.BlockEnd);
            }

            ReadMember(draft, key, hasValue, block: true);
        }

        if (Next != TokenKind.BlockEnd)
        {
            throw FailParsing("did not find expected key", scanner.Peek().Start, context);
        }

        scanner.Take();
        return Finish(draft);
    }

    private MapNode ReadFlowMap(Mark start)
    {
        MapDraft draft = new(start, keyLines.Count);
        Mark context = scanner.Peek().Start;
        scanner.Take();
        bool first = true;
        while (Next != TokenKind.FlowMapEnd)
        {
            if (!first)
            {
                TakeSeparator("did not find expected ',' or '}'", context);
                if (Next == TokenKind.FlowMapEnd)
                {
                    break;
                }
            }

            first = false;
            ReadFlowMember(draft);
        }

        scanner.Take();
        return Finish(draft);
    }

    private void ReadFlowMember(MapDraft draft)
    {
        if (Next != TokenKind.Key)
        {
            ReadMember(draft, ReadKey(block: false), hasValue: false, block: false);
            return;
        }

        scanner.Take();
        bool noKey = Next is TokenKind.Value or TokenKind.FlowEntry or TokenKind.FlowMapEnd;
        Key key = noKey ? EmptyKey() : ReadKey(block: false);
        bool hasValue = false;
        if (Next == TokenKind.Value)
        {
            scanner.Take();
            hasValue = Next is not (TokenKind.FlowEntry or TokenKind.FlowMapEnd);
        }

        ReadMember(draft, key, hasValue, block: false);
    }

    /// <summary><c>[a: 1]</c>: a map of one member without braces.</summary>
    private MapNode ReadPair()
    {
        Enter(scanner.Peek().Start);
        Count(1);
        MapDraft draft = new(scanner.Peek().Start, keyLines.Count);
        scanner.Take();
        Key key;
        if (Next is TokenKind.Value or TokenKind.FlowEntry or TokenKind.FlowListEnd)
        {
            // libyaml takes the token although it is not part of the key.
            key = EmptyKey();
            scanner.Take();
        }
        else
        {
            key = ReadKey(block: false);
        }

        bool hasValue = false;
        if (Next == TokenKind.Value)
        {
            scanner.Take();
            hasValue = Next is not (TokenKind.FlowEntry or TokenKind.FlowListEnd);
        }

        ReadMember(draft, key, hasValue, block: false);
        depth--;
        return Finish(draft);
    }

    private void ReadMember(MapDraft draft, Key key, bool hasValue, bool block)
    {
        Mark at = scanner.Peek().Start;
        Node value = hasValue ? ReadNode(block, indentless: block) : EmptyNode();
        if (key.Invalid)
        {
            return;
        }

        if (!key.Merge)
        {
            SetMember(draft, key, value, at);
            return;
        }

        if (!AreMaps(value))
        {
            Defer(Fail(at, "map merge requires map or sequence of maps as the value"));
        }
        else if (options.Dialect == YamlDialect.Yaml11)
        {
            Merge(draft, value);
        }
        else
        {
            // go-yaml v3 keeps the last merge and carries it out behind all explicit keys.
            draft.MergedLast = value;
        }
    }

    private MapNode Finish(MapDraft draft)
    {
        keyLines.RemoveRange(draft.FirstKeyLine, keyLines.Count - draft.FirstKeyLine);
        if (draft.MergedLast is { } merged)
        {
            FillIn(draft.Map, merged);
        }

        return draft.Map;
    }

    private void SetMember(MapDraft draft, Key key, Node value, Mark valueMark)
    {
        bool overwritesMerged = draft.Merged?.Remove(key.Text) == true;
        if (options.DuplicateKeys == DuplicateKeys.FirstWins && !overwritesMerged && draft.Map.ContainsKey(key.Text))
        {
            return;
        }

        int before = draft.Map.Count;
        draft.Map[key.Text] = value;
        if (draft.Map.Count > before)
        {
            keyLines.Add(key.Mark.Line + 1);
        }
        else if (!overwritesMerged && options.DuplicateKeys == DuplicateKeys.Error)
        {
            throw FailDuplicate(draft, key, valueMark);
        }
    }

    private YamlException FailDuplicate(MapDraft draft, Key key, Mark valueMark)
    {
        string name = key.Text == NullKey ? "null" : key.Text;
        int position = draft.Map.Keys.TakeWhile(other => other != key.Text).Count();
        int firstLine = draft.Merged is null ? keyLines[draft.FirstKeyLine + position] : 0;
        string reason = firstLine > 0 ? $"key \"{name}\" already set in map at line {firstLine}" : $"key \"{name}\" already set in map";
        return new YamlException(options.FileName, key.Mark.Line + 1, key.Mark.Column + 1, reason)
        {
            GoMessage = GoErrors.Duplicate(options.Dialect, name, firstLine, key.Mark.Line + 1, valueMark.Line + 1),
        };
    }

    /// <summary>go-yaml v2 merges where the key stands, so that a merge overwrites what is written before it.</summary>
    private static void Merge(MapDraft draft, Node value)
    {
        draft.Merged ??= new HashSet<string>(StringComparer.Ordinal);
        if (value is MapNode single)
        {
            Overwrite(draft, single);
            return;
        }

        ListNode list = (ListNode)value;
        for (int i = list.Count - 1; i >= 0; i--)
        {
            Overwrite(draft, (MapNode)list[i]);
        }
    }

    private static void Overwrite(MapDraft draft, MapNode from)
    {
        foreach ((string key, Node member) in from)
        {
            draft.Map[key] = member;
            draft.Merged!.Add(key);
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

    private static bool AreMaps(Node value) => value is MapNode || (value is ListNode list && list.All(item => item is MapNode));
}
