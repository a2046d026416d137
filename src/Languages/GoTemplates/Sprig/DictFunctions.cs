using Bowline.Languages.GoTemplates.Values;
using Bowline.Resources.Model;
using static Bowline.Languages.GoTemplates.Sprig.FunctionList;

namespace Bowline.Languages.GoTemplates.Sprig;

/// <summary>Dictionaries; set, unset and the merges change the map they are given, as in Go.</summary>
internal static class DictFunctions
{
    public static FunctionList All()
    {
        FunctionList list = new()
        {
            { "get", call => call.Map(0)?[call.Text(1)] ?? StringNode.Empty, Map, Text },
            { "set", Set, Map, Text, Any },
            { "unset", Unset, Map, Text },
            { "hasKey", call => call.Map(0)?.ContainsKey(call.Text(1)) ?? false, Map, Text },
            { "values", call => new ListNode([.. (call.Map(0) ?? []).Sorted().Select(member => member.Value)]), Map },
        };
        list.Variadic("dict", Dict, Any);
        list.Variadic("pluck", Pluck, Text, Map);
        list.Variadic("keys", Keys, Map);
        list.Variadic("pick", call => Filter(call, picked: true), Map, Text);
        list.Variadic("omit", call => Filter(call, picked: false), Map, Text);
        list.Variadic("merge", call => Merge(call, overwrite: false), Map, Map);
        list.Alias("mustMerge", "merge");
        list.Variadic("mergeOverwrite", call => Merge(call, overwrite: true), Map, Map);
        list.Alias("mustMergeOverwrite", "mergeOverwrite");
        list.Variadic("dig", Dig, Any);
        list.AddBoth("deepCopy", "mustDeepCopy", call => call[0] is NullNode ? throw new GoError("reflect: call of reflect.Value.Type on zero Value") : DeepCopy(call[0], call.Run, 0), Any);
        return list;
    }

    private static MapNode Dict(FunctionCall call)
    {
        MapNode dict = new(call.Count / 2);
        for (int i = 0; i < call.Count; i += 2)
        {
            dict[Cast.ToText(call[i])] = i + 1 < call.Count ? call[i + 1] : StringNode.Empty;
        }

        call.Run.Charge(call.Count * 16L);
        return dict;
    }

    private static Node Set(FunctionCall call)
    {
        MapNode map = (call[0] is GoMap { IsNil: true } ? null : call.Map(0)) ?? throw new GoError("assignment to entry in nil map");
        call.Run.Charge(16);
        map[call.Text(1)] = call[2];
        return call[0];
    }

    private static Node Unset(FunctionCall call)
    {
        call.Map(0)?.Remove(call.Text(1));
        return call[0];
    }

    private static ListNode Pluck(FunctionCall call)
    {
        ListNode found = [];
        for (int i = 1; i < call.Count; i++)
        {
            if (call.Map(i)?[call.Text(0)] is { } value)
            {
                found.Add(value);
            }
        }

        return found;
    }

    /// <summary>In key order: Go's order is random, and any order is one Go might have given.</summary>
    private static GoSlice Keys(FunctionCall call)
    {
        List<string> keys = [];
        for (int i = 0; i < call.Count; i++)
        {
            keys.AddRange((call.Map(i) ?? []).Sorted().Select(member => member.Key));
        }

        return GoSlice.Strings(keys);
    }

    private static MapNode Filter(FunctionCall call, bool picked)
    {
        HashSet<string> names = new(StringComparer.Ordinal);
        for (int i = 1; i < call.Count; i++)
        {
            names.Add(call.Text(i));
        }

        MapNode result = new();
        foreach ((string key, Node value) in call.Map(0) ?? [])
        {
            if (names.Contains(key) == picked)
            {
                result[key] = value;
            }
        }

        return result;
    }

    private static Node Dig(FunctionCall call)
    {
        if (call.Count < 3)
        {
            throw new GoError("dig needs at least three arguments");
        }

        Node at = call[call.Count - 1];
        Node fallback = call[call.Count - 2];
        MapNode map = PlainMap(at);
        for (int i = 0; i < call.Count - 2; i++)
        {
            string key = call[i] is StringNode text
                ? text.Value
                : throw new GoError($"interface conversion: interface {{}} is {TypeName(call[i])}, not string");
            if (!map.TryGet(key, out Node? step))
            {
                return fallback;
            }

            at = step;
            if (i < call.Count - 3)
            {
                map = PlainMap(at);
            }
        }

        return at;
    }

    private static MapNode PlainMap(Node node) => (ReferenceEquals(GoType.Of(node), GoType.Map) ? GoTree.Map(node) : null)
        ?? throw new GoError($"interface conversion: interface {{}} is {TypeName(node)}, not map[string]interface {{}}");

    private static string TypeName(Node node) => node is NullNode ? "nil" : GoType.Of(node).Name;

    private static Node Merge(FunctionCall call, bool overwrite)
    {
        bool isNil = call[0] is GoMap { IsNil: true };
        MapNode? target = isNil ? new MapNode() : call.Map(0);
        for (int i = 1; i < call.Count && target is not null; i++)
        {
            if (call.Map(i) is { } source)
            {
                Merge(target, source, overwrite, call.Run, 0);
            }
        }

        return isNil && target is { Count: > 0 } ? target : call[0];
    }

    /// <summary>Mergo's rules: maps merge, everything else replaces what is empty, or anything when overwriting.</summary>
    private static void Merge(MapNode target, MapNode source, bool overwrite, TemplateRun run, int depth)
    {
        GoTree.CheckDepth(depth);
        if (ReferenceEquals(target, source))
        {
            return;
        }

        foreach ((string key, Node value) in source.Sorted())
        {
            run.Step();
            Node? old = target[key];
            bool oldIsEmpty = old is null || ValueFunctions.IsEmpty(old);
            if (value is NullNode)
            {
                if (overwrite)
                {
                    target[key] = value;
                }

                continue;
            }

            if (old is not null && GoTree.Map(old) is { } oldMap && GoTree.Map(value) is { } map)
            {
                Merge(oldMap, map, overwrite, run, depth + 1);
                if (oldMap.Count > 0)
                {
                    continue;
                }

                oldIsEmpty = true;
            }

            if (overwrite || oldIsEmpty)
            {
                target[key] = value;
            }
        }
    }

    private static Node DeepCopy(Node node, TemplateRun run, int depth)
    {
        GoTree.CheckDepth(depth);
        run.Step();
        run.Charge(16);
        switch (node)
        {
            case MapNode map:
                MapNode members = new(map.Count);
                foreach ((string key, Node value) in map)
                {
                    members[key] = DeepCopy(value, run, depth + 1);
                }

                return members;
            case ListNode list:
                return new ListNode([.. list.Select(item => DeepCopy(item, run, depth + 1))]);
            case GoSlice { IsNil: true } or GoMap { IsNil: true }:
                return node;
            case GoSlice slice:
                return new GoSlice(slice.Type, [.. slice.Items.Select(item => DeepCopy(item, run, depth + 1))]);
            case GoMap map:
                return new GoMap(map.Type, (MapNode)DeepCopy(map.Members, run, depth + 1), map.Methods);
            default:
                return node;
        }
    }
}
