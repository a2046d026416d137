using Bowline.Applications.ApplicationSets.Templates;
using Bowline.Languages.GoTemplates.Printing;
using Bowline.Languages.GoTemplates.Values;
using Bowline.Resources.Model;

namespace Bowline.Applications.ApplicationSets.Generators;

/// <summary>What the generators do with parameters, whatever they come from.</summary>
internal static class Parameters
{
    private const int MostFlattened = 100_000;

    /// <summary>A generator's <c>values</c>: templates over the parameters it has found, themselves parameters; they do not see each other.</summary>
    public static void AddValues(MapNode parameters, Node? values, GeneratorRun run, CancellationToken cancellationToken)
    {
        if (values is not MapNode { Count: > 0 } templates)
        {
            return;
        }

        Func<string, string> render = run.Language.With(parameters, cancellationToken);
        MapNode rendered = new(templates.Count);
        foreach ((string key, Node value) in templates)
        {
            rendered.Set(key, render(Text(value)));
        }

        if (run.Language.IsStructured)
        {
            parameters.Set("values", new GoMap(GoType.StringMap, rendered));
            return;
        }

        foreach ((string key, Node value) in rendered)
        {
            parameters.Set($"values.{key}", value);
        }
    }

    /// <summary>A tree as flat texts: <c>a.b</c> for maps, <c>a.0</c> for lists, leaves as Go prints them.</summary>
    public static MapNode Flatten(MapNode tree)
    {
        MapNode flat = new();
        Flatten(tree, string.Empty, flat);
        return flat;
    }

    /// <summary>Two trees in one; where both have a value that is no map, the second's counts (Go's mergo with override).</summary>
    public static MapNode Merge(MapNode below, MapNode above)
    {
        MapNode merged = new(below.Count + above.Count);
        foreach ((string key, Node value) in below)
        {
            merged.Set(key, value.DeepClone());
        }

        foreach ((string key, Node value) in above)
        {
            if (merged[key] is { } present && GoTree.Map(present) is { } left && GoTree.Map(value) is { } right)
            {
                MapNode both = Merge(left, right);
                merged.Set(key, present is GoMap && value is GoMap typed ? new GoMap(typed.Type, both) : both);
            }
            else
            {
                merged.Set(key, value.DeepClone());
            }
        }

        return merged;
    }

    /// <summary>A tree as Go has it that was read from JSON: every number a float64.</summary>
    public static Node AsJson(Node node) => node switch
    {
        IntegerNode integer => new FloatNode(integer.Value),
        MapNode map => AsJson(map),
        ListNode list => new ListNode(list.Select(AsJson)),
        _ => node,
    };

    public static MapNode AsJson(MapNode map)
    {
        MapNode members = new(map.Count);
        foreach ((string key, Node value) in map)
        {
            members.Set(key, AsJson(value));
        }

        return members;
    }

    /// <summary>A scalar as the text that the API would hold; empty for anything else.</summary>
    public static string Text(Node? node) => node is null or NullNode or MapNode or ListNode ? string.Empty : node.ToString() ?? string.Empty;

    private static void Flatten(Node node, string prefix, MapNode flat)
    {
        if (flat.Count > MostFlattened)
        {
            throw new GeneratorException($"one set of parameters has more than {MostFlattened} values");
        }

        string Below(string key) => prefix.Length == 0 ? key : $"{prefix}.{key}";
        if (GoTree.Map(node) is { } map)
        {
            foreach ((string key, Node value) in map)
            {
                Flatten(value, Below(key), flat);
            }
        }
        else if (GoTree.Items(node) is { } items)
        {
            for (int i = 0; i < items.Count; i++)
            {
                Flatten(items[i], Below(i.ToString()), flat);
            }
        }
        else
        {
            flat.Set(prefix, StringNode.Of(GoPrinter.Sprint(node)));
        }
    }
}
