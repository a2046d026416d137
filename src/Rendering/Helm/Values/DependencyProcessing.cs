using Bowline.Languages.GoTemplates.Parsing;
using Bowline.Rendering.Helm.Charts;
using Bowline.Resources.Model;

namespace Bowline.Rendering.Helm.Values;

/// <summary>Decides by conditions and tags which dependencies take part, gives aliased ones their names, and imports their values.</summary>
internal sealed class DependencyProcessing(ValueMerging merging, List<string> warnings)
{
    public void Process(ChartInstance chart, MapNode given)
    {
        Enable(chart, given, string.Empty);
        Import(chart);
    }

    /// <summary>Dependencies that Chart.yaml names and charts/ lacks, disabled ones included.</summary>
    public static string[] Missing(ChartInstance chart) =>
    [
        .. (chart.Metadata.Dependencies ?? [])
            .Where(wanted => !chart.Dependencies.Any(present => present.Name == wanted!.Name))
            .Select(wanted => wanted!.Name),
    ];

    private void Enable(ChartInstance chart, MapNode given, string path)
    {
        if (chart.Metadata.Dependencies is not { } wanted)
        {
            return;
        }

        chart.SetDependencies(Named(chart, wanted));
        foreach (ChartDependency? entry in wanted)
        {
            entry!.Enabled = true;
        }

        MapNode values = merging.Coalesce(chart, given);
        ApplyTags(wanted, values);
        ApplyConditions(wanted, values, path);
        HashSet<string> disabled = [.. wanted.Where(entry => !entry!.Enabled).Select(entry => entry!.Name)];
        ChartInstance[] kept = [.. chart.Dependencies.Where(dependency => !disabled.Contains(dependency.Name))];
        ChartDependency?[] keptEntries = [.. wanted.Where(entry => !disabled.Contains(entry!.Name))];
        foreach (ChartInstance dependency in kept)
        {
            Enable(dependency, values, $"{path}{dependency.Name}.");
        }

        chart.Metadata.Dependencies = keptEntries.Length == 0 ? null : keptEntries;
        chart.SetDependencies(kept);
    }

    /// <summary>The charts that nobody asked for as they are, then one copy per entry of Chart.yaml, under its alias.</summary>
    private static List<ChartInstance> Named(ChartInstance chart, IReadOnlyList<ChartDependency?> wanted)
    {
        List<ChartInstance> named = [.. chart.Dependencies.Where(present => !wanted.Any(entry =>
            present.Name == entry!.Name && ChartVersions.IsCompatible(entry.Version, present.Metadata.Version)))];
        foreach (ChartDependency? entry in wanted)
        {
            ChartInstance? match = chart.Dependencies.FirstOrDefault(present =>
                present.Name == entry!.Name && ChartVersions.IsCompatible(entry.Version, present.Metadata.Version));
            if (match is not null)
            {
                ChartInstance copy = match.ShallowCopy();
                copy.Metadata.Name = entry!.Alias.Length > 0 ? entry.Alias : copy.Metadata.Name;
                named.Add(copy);
            }

            entry!.Name = entry.Alias.Length > 0 ? entry.Alias : entry.Name;
        }

        return named;
    }

    private void ApplyTags(IReadOnlyList<ChartDependency?> entries, MapNode values)
    {
        if (values["tags"] is not MapNode tags)
        {
            return;
        }

        foreach (ChartDependency? entry in entries)
        {
            bool anyTrue = false;
            bool anyFalse = false;
            foreach (string tag in entry!.Tags)
            {
                switch (tags[tag])
                {
                    case null:
                        break;
                    case BoolNode flag:
                        anyTrue |= flag.Value;
                        anyFalse |= !flag.Value;
                        break;
                    default:
                        warnings.Add($"Warning: Tag '{tag}' for chart {entry.Name} returned non-bool value");
                        break;
                }
            }

            entry.Enabled = anyTrue || !anyFalse;
        }
    }

    private void ApplyConditions(IReadOnlyList<ChartDependency?> entries, MapNode values, string path)
    {
        foreach (ChartDependency? entry in entries)
        {
            foreach (string condition in entry!.Condition.Trim().Split(',', StringSplitOptions.RemoveEmptyEntries))
            {
                Node? value = ValuePath.Value(values, path + condition);
                if (value is BoolNode flag)
                {
                    entry.Enabled = flag.Value;
                    break;
                }

                if (value is not null)
                {
                    warnings.Add($"Warning: Condition path '{condition}' for chart {entry.Name} returned non-bool value");
                }
            }
        }
    }

    private void Import(ChartInstance chart)
    {
        foreach (ChartInstance dependency in chart.Dependencies)
        {
            Import(dependency);
        }

        if (chart.Metadata.Dependencies is not { } entries)
        {
            return;
        }

        MapNode values = merging.Merge(chart, null);
        MapNode imported = new();
        foreach (ChartDependency? entry in entries)
        {
            foreach (Node import in entry!.ImportValues)
            {
                if (Imported(entry, import, values) is { } table)
                {
                    imported = merging.MergeTables(imported, table);
                }
            }
        }

        // Imported tables are parts of the values themselves: the clone keeps what is merged in from meeting itself.
        chart.Values = merging.MergeTables((MapNode)values.DeepClone(), imported);
    }

    private MapNode? Imported(ChartDependency entry, Node import, MapNode values)
    {
        (string child, string parent) = import switch
        {
            StringNode text => ($"exports.{text.Value}", "."),
            MapNode map => (ImportPath(entry, map, "child"), ImportPath(entry, map, "parent")),
            _ => (string.Empty, string.Empty),
        };
        if (child.Length == 0)
        {
            return null;
        }

        MapNode? table = ValuePath.Table(values, $"{entry.Name}.{child}", out string missing);
        if (table is null)
        {
            warnings.Add($"Warning: ImportValues missing table from chart {entry.Name}: {GoText.Quote(missing)} is not a table");
            return null;
        }

        MapNode placed = (MapNode)table.DeepClone();
        if (parent != ".")
        {
            foreach (string key in parent.Split('.').Reverse())
            {
                placed = new MapNode { [key] = placed };
            }
        }

        return placed;
    }

    private static string ImportPath(ChartDependency entry, MapNode map, string key) =>
        map[key]?.AsString() ?? throw new ChartException($"import-values of dependency {GoText.Quote(entry.Name)} must name child and parent");
}
