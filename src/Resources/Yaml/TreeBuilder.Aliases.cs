using Bowline.Resources.Model;

namespace Bowline.Resources.Yaml;

internal sealed partial class TreeBuilder
{
    private readonly Dictionary<string, Anchored> anchors = new(StringComparer.Ordinal);
    private long nodes;
    private long aliasedNodes;

    /// <summary>What an anchor names: a container (null while it is read) with its number of nodes and of levels, or a scalar.</summary>
    private sealed record Anchored(Node? Container, long Size, int Levels, RawScalar? Scalar);

    private void StartDocument()
    {
        anchors.Clear();
        nodes = 0;
        aliasedNodes = 0;
    }

    private void Remember(string? anchor, RawScalar scalar)
    {
        if (anchor is not null)
        {
            anchors[anchor] = new Anchored(null, 1, 0, scalar);
        }
    }

    private void Remember(string? anchor, Node container, long size, int levels)
    {
        if (anchor is not null)
        {
            anchors[anchor] = new Anchored(container, size, levels, null);
        }
    }

    private void RememberUnfinished(string? anchor)
    {
        if (anchor is not null)
        {
            anchors[anchor] = new Anchored(null, 0, 0, null);
        }
    }

    /// <summary>A copy of what the alias names.</summary>
    private Node ReadAlias()
    {
        Anchored anchored = FindAnchor(out Mark at);
        if (anchored.Scalar is { } scalar)
        {
            return ToNode(scalar);
        }

        Count(anchored.Size);
        aliasedNodes += anchored.Size;
        if (aliasedNodes > 100 && nodes > 1000 && aliasedNodes > AllowedAliasShare(nodes) * nodes)
        {
            throw Fail(at, "document contains excessive aliasing");
        }

        deepest = Math.Max(deepest, depth + anchored.Levels);
        return deepest <= options.MaxDepth ? Copy(anchored.Container!, at) : throw Fail(at, $"exceeded max depth of {options.MaxDepth}");
    }

    private Node Copy(Node container, Mark at)
    {
        try
        {
            return container.DeepClone();
        }
        catch (InsufficientExecutionStackException)
        {
            throw Fail(at, "nested too deeply for the stack");
        }
    }

    private Anchored FindAnchor(out Mark at)
    {
        YamlToken token = scanner.Peek();
        at = token.Start;
        string name = token.Text!;
        scanner.Take();
        if (!anchors.TryGetValue(name, out Anchored? anchored))
        {
            throw Fail(at, $"unknown anchor '{name}' referenced");
        }

        return anchored.Container is null && anchored.Scalar is null
            ? throw Fail(at, $"anchor '{name}' value contains itself")
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
            throw Fail(scanner.Peek().Start, $"the document has more than {options.MaxNodes} nodes");
        }
    }
}
