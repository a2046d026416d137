using System.Runtime.CompilerServices;
using Bowline.Languages.Cel.Types;
using Bowline.Languages.GoTemplates.Parsing;
using Bowline.Resources.Model;

namespace Bowline.Languages.Cel.Values;

/// <summary>What CEL says of any node.</summary>
internal static class CelValues
{
    public static CelKind KindOf(Node value) => value switch
    {
        StringNode => CelKind.String,
        IntegerNode => CelKind.Int,
        BoolNode => CelKind.Bool,
        MapNode => CelKind.Map,
        ListNode => CelKind.List,
        FloatNode => CelKind.Double,
        NullNode => CelKind.Null,
        CelValue own => own.Type.Kind,
        _ => CelKind.Dyn,
    };

    public static CelType TypeOf(Node value) => value switch
    {
        StringNode => CelType.String,
        IntegerNode => CelType.Int,
        BoolNode => CelType.Bool,
        MapNode => CelType.Map(CelType.String, CelType.Dyn),
        ListNode => CelType.List(CelType.Dyn),
        FloatNode => CelType.Double,
        NullNode => CelType.Null,
        CelValue own => own.Type,
        _ => CelType.Dyn,
    };

    /// <summary>The name that runtime messages give the type of a value.</summary>
    public static string RuntimeName(Node value) => new CelTypeValue(TypeOf(value)).RuntimeName;

    /// <summary>CEL's size(): code points of a string, bytes, items, entries; 1 for whatever has no size.</summary>
    public static long SizeOf(Node value) => value switch
    {
        StringNode text => GoText.RuneCount(text.Value),
        CelBytes bytes => bytes.Value.Length,
        _ when CelLists.Items(value) is { } items => items.Count,
        _ when CelMaps.IsMap(value) => CelMaps.Count(value),
        _ => 1,
    };

    /// <summary>A tree of plain nodes, for results that leave the language.</summary>
    public static Node ToPlain(Node value)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        switch (value)
        {
            case ListNode list:
                return new ListNode(list.Select(ToPlain));
            case MapNode map:
                MapNode plain = new(map.Count);
                foreach ((string key, Node member) in map)
                {
                    plain[key] = ToPlain(member);
                }

                return plain;
            case CelValue own:
                return own.ToPlain();
            default:
                return value;
        }
    }
}
