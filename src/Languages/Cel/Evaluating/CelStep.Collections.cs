using System.Runtime.CompilerServices;
using Bowline.Languages.Cel.Costs;
using Bowline.Languages.Cel.Parsing;
using Bowline.Languages.Cel.Types;
using Bowline.Languages.Cel.Values;
using Bowline.Resources.Model;

namespace Bowline.Languages.Cel.Evaluating;

internal sealed class ListStep(CelStep[] elements, IReadOnlySet<int> optional) : CelStep
{
    public override Node Run(CelRun run)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        ListNode list = new(elements.Length);
        for (int i = 0; i < elements.Length; i++)
        {
            Node item = elements[i].Run(run);
            if (item is CelError)
            {
                return item;
            }

            if (!optional.Contains(i))
            {
                list.Add(item);
            }
            else if (item is not CelOptional option)
            {
                return new CelError("cannot initialize optional list element from non-optional value");
            }
            else if (option.Value is { } value)
            {
                list.Add(value);
            }
        }

        run.Charge(CelCosts.CreateList);
        return list;
    }
}

internal sealed class MapStep(CelStep[] keys, CelStep[] values, bool[] optional) : CelStep
{
    public override Node Run(CelRun run)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        Node map = new MapNode(keys.Length);
        for (int i = 0; i < keys.Length; i++)
        {
            Node key = keys[i].Run(run);
            Node value = key is CelError ? key : values[i].Run(run);
            if (value is CelError)
            {
                return value;
            }

            if (optional[i])
            {
                if (value is not CelOptional option)
                {
                    return new CelError($"cannot initialize optional entry '{key}' from non-optional value {value}");
                }

                if (option.Value is null)
                {
                    continue;
                }

                value = option.Value;
            }

            map = CelMapBuilder.Insert(map, key, value);
            if (map is CelError)
            {
                return map;
            }
        }

        run.Charge(CelCosts.CreateMap);
        return map;
    }
}

/// <summary>An object literal such as <c>Object{spec: ...}</c> of mutating policies.</summary>
internal sealed class StructStep(CelType type, string[] names, CelStep[] values, bool[] optional) : CelStep
{
    public override Node Run(CelRun run)
    {
        MapNode made = new(names.Length);
        for (int i = 0; i < names.Length; i++)
        {
            Node value = values[i].Run(run);
            if (value is CelError)
            {
                return value;
            }

            if (optional[i])
            {
                if (value is not CelOptional option)
                {
                    return new CelError($"cannot initialize optional entry '{names[i]}' from non-optional value {value}");
                }

                if (option.Value is null)
                {
                    continue;
                }

                value = option.Value;
            }

            made[names[i]] = value;
        }

        run.Charge(CelCosts.CreateStruct);
        return new CelStruct(type, made);
    }
}

internal static class CelMapBuilder
{
    /// <summary>Adds to a map that nobody else has yet; a string-keyed map changes its form when it gets another kind of key.</summary>
    public static Node Insert(Node map, Node key, Node value)
    {
        if (map is MapNode plain)
        {
            if (key is StringNode text)
            {
                if (plain.ContainsKey(text.Value))
                {
                    return new CelError($"insert failed: key {text.Value} already exists");
                }

                plain[text.Value] = value;
                return plain;
            }

            CelMap own = new();
            foreach ((string name, Node member) in plain)
            {
                own.TryAdd(StringNode.Of(name), member);
            }

            map = own;
        }

        if (key is not (IntegerNode or CelUint or BoolNode or StringNode or FloatNode))
        {
            return new CelError("unsupported key type");
        }

        return ((CelMap)map).TryAdd(key, value) ? map : new CelError($"insert failed: key {key} already exists");
    }
}

/// <summary>The slots of a fold's variables; -1 for one that is not there.</summary>
internal sealed record FoldSlots(int First, int Second, int Accumulator);

internal sealed class FoldStep(FoldSlots slots, CelStep range, CelStep initial, CelStep condition, CelStep step, CelStep result) : CelStep
{
    public override Node Run(CelRun run)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        Node over = range.Run(run);
        if (over is CelError)
        {
            return over;
        }

        run.SetSlot(slots.Accumulator, initial.Run(run));
        if (CelLists.Items(over) is { } items)
        {
            FoldList(run, items);
        }
        else if (CelMaps.IsMap(over))
        {
            FoldMap(run, over);
        }
        else
        {
            return CelError.NoSuchOverload;
        }

        return result.Run(run);
    }

    private void FoldList(CelRun run, IReadOnlyList<Node> items)
    {
        for (int i = 0; i < items.Count; i++)
        {
            run.SetSlot(slots.First, slots.Second >= 0 ? IntegerNode.Of(i) : items[i]);
            if (slots.Second >= 0)
            {
                run.SetSlot(slots.Second, items[i]);
            }

            if (!Once(run))
            {
                return;
            }
        }
    }

    private void FoldMap(CelRun run, Node map)
    {
        foreach (Node key in CelMaps.Keys(map))
        {
            run.SetSlot(slots.First, key);
            if (slots.Second >= 0)
            {
                run.SetSlot(slots.Second, CelMaps.Find(map, key)!);
            }

            if (!Once(run))
            {
                return;
            }
        }
    }

    private bool Once(CelRun run)
    {
        if (condition.Run(run) is BoolNode { Value: false })
        {
            return false;
        }

        run.SetSlot(slots.Accumulator, step.Run(run));
        return true;
    }
}

/// <summary>accumulator + [item] inside a fold: the list is the fold's own, so that it grows in place.</summary>
internal sealed class AppendStep(int accumulator, CelStep item) : CelStep
{
    public override Node Run(CelRun run)
    {
        Node list = run.Slot(accumulator);
        Node value = item.Run(run);
        run.Charge(CelCosts.SelectOrIdent + CelCosts.CreateList + 1);
        if (list is CelError || value is CelError)
        {
            return list is CelError ? list : value;
        }

        ((ListNode)list).Add(value);
        return list;
    }
}

/// <summary>cel.bind: the value is computed once, when the name is first used in cel-go, here before.</summary>
internal sealed class BindStep(int slot, CelStep value, CelStep result) : CelStep
{
    public override Node Run(CelRun run)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        run.SetSlot(slot, value.Run(run));
        run.Charge(CelCosts.CreateList);
        return result.Run(run);
    }
}
