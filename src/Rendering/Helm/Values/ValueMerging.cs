using System.Globalization;
using Bowline.Languages.GoTemplates.Parsing;
using Bowline.Rendering.Helm.Charts;
using Bowline.Resources.Model;

namespace Bowline.Rendering.Helm.Values;

/// <summary>
/// Helm's coalescing: given values win over a chart's defaults table by table, null removes a default, globals flow down.
/// When merging instead of coalescing, nulls are kept for a later coalescing to act on.
/// </summary>
internal sealed class ValueMerging(List<string> warnings)
{
    private const string GlobalKey = "global";

    /// <summary>A new tree of the given values over those of a chart and its dependencies.</summary>
    public MapNode Coalesce(ChartInstance chart, MapNode? given) => Run(chart, (MapNode?)given?.DeepClone() ?? new MapNode(), string.Empty, keepNulls: false);

    /// <summary>The same with nulls kept.</summary>
    public MapNode Merge(ChartInstance chart, MapNode? given) => Run(chart, (MapNode?)given?.DeepClone() ?? new MapNode(), string.Empty, keepNulls: true);

    /// <summary>Fills <paramref name="winner"/> with what only <paramref name="other"/> has, nulls kept; the result shares nodes of both.</summary>
    public MapNode MergeTables(MapNode winner, MapNode other) => Fill(winner, other, string.Empty, keepNulls: true);

    /// <summary>Value files and <c>--values</c>: the later one wins, tables are merged, null is a value like any other.</summary>
    public static MapNode Overlay(MapNode below, MapNode above)
    {
        MapNode merged = new(below.Count + above.Count);
        foreach ((string key, Node value) in below)
        {
            merged[key] = value;
        }

        foreach ((string key, Node value) in above)
        {
            merged[key] = value is MapNode table && merged[key] is MapNode under ? Overlay(under, table) : value;
        }

        return merged;
    }

    private static string Join(string prefix, string key) => prefix.Length == 0 ? key : $"{prefix}.{key}";

    private MapNode Run(ChartInstance chart, MapNode dest, string prefix, bool keepNulls)
    {
        FillDefaults(chart, dest, prefix, keepNulls);
        foreach (ChartInstance subchart in chart.Dependencies)
        {
            MapNode table = dest[subchart.Name] switch
            {
                null => new MapNode(),
                MapNode map => map,
                Node other => throw new ChartException($"type mismatch on {subchart.Name}: {WrongBool(other)}"),
            };
            dest[subchart.Name] = table;
            string below = Join(prefix, chart.Name);
            PassGlobals(table, dest, below);
            dest[subchart.Name] = Run(subchart, table, below, keepNulls);
        }

        return dest;
    }

    private void FillDefaults(ChartInstance chart, MapNode dest, string prefix, bool keepNulls)
    {
        if (chart.Values is null)
        {
            return;
        }

        string below = Join(prefix, chart.Name);
        foreach ((string key, Node value) in (MapNode)chart.Values.DeepClone())
        {
            switch (dest[key])
            {
                case null:
                    dest[key] = value;
                    break;
                case NullNode when !keepNulls:
                    dest.Remove(key);
                    break;
                case MapNode table when value is MapNode defaults:
                    // A null for a dependency has to last until the dependency's own defaults are there for it to take away.
                    Fill(table, defaults, Join(below, key), keepNulls || chart.Dependencies.Any(dependency => dependency.Name == key));
                    break;
                case MapNode when !value.IsNull:
                    warnings.Add($"warning: skipped value for {below}.{key}: Not a table.");
                    break;
            }
        }
    }

    private MapNode Fill(MapNode winner, MapNode other, string prefix, bool keepNulls)
    {
        foreach ((string key, Node value) in other)
        {
            Node? mine = winner[key];
            if (mine is null)
            {
                winner[key] = value;
            }
            else if (mine.IsNull)
            {
                // A null where there is no default to take away is a value.
                if (!keepNulls && !value.IsNull)
                {
                    winner.Remove(key);
                }
            }
            else if (value is MapNode table)
            {
                if (mine is MapNode inner)
                {
                    Fill(inner, table, Join(prefix, key), keepNulls);
                }
                else
                {
                    warnings.Add($"warning: cannot overwrite table with non table for {Join(prefix, key)}");
                }
            }
            else if (mine is MapNode && !value.IsNull)
            {
                warnings.Add($"warning: destination for {Join(prefix, key)} is a table. Ignoring non-table value");
            }
        }

        return winner;
    }

    /// <summary>Merges the parent's globals into the child's; the parent's win. Tables below the first level stay shared, as in Helm.</summary>
    private void PassGlobals(MapNode child, MapNode parent, string prefix)
    {
        if (Globals(child, "destination") is not { } mine || Globals(parent, "source") is not { } theirs)
        {
            return;
        }

        foreach ((string key, Node value) in theirs)
        {
            if (value is MapNode table)
            {
                MapNode copy = Overlay(table, new MapNode());
                switch (mine[key])
                {
                    case null:
                        mine[key] = copy;
                        break;
                    case MapNode own:
                        mine[key] = Fill(copy, own, Join(prefix, key), keepNulls: true);
                        break;
                    default:
                        warnings.Add($"Conflict: cannot merge map onto non-map for {GoText.Quote(key)}. Skipping.");
                        break;
                }
            }
            else if (mine[key] is MapNode)
            {
                warnings.Add($"key {key} is table. Skipping");
            }
            else
            {
                mine[key] = value;
            }
        }

        child[GlobalKey] = mine;
    }

    private MapNode? Globals(MapNode values, string role)
    {
        switch (values[GlobalKey])
        {
            case null:
                return new MapNode();
            case MapNode map:
                return map;
            default:
                warnings.Add($"warning: skipping globals because {role} {GlobalKey} is not a table.");
                return null;
        }
    }

    /// <summary>What Go prints for a value under the verb of a bool, which is how Helm words this error.</summary>
    private static string WrongBool(Node node) => node switch
    {
        BoolNode flag => flag.ToString(),
        NullNode => "%!t(<nil>)",
        StringNode text => $"%!t(string={text.Value})",
        IntegerNode integer => $"%!t(int64={integer.Value.ToString(CultureInfo.InvariantCulture)})",
        FloatNode number => $"%!t(float64={GoFloat.General(number.Value)})",
        ListNode list => $"[{string.Join(' ', list.Select(item => item.IsNull ? "<nil>" : WrongBool(item)))}]",
        _ => "%!t()",
    };
}
