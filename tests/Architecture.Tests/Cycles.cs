namespace Bowline.Architecture.Tests;

internal static class Cycles
{
    /// <summary>A cycle as the names along it, first and last the same; null when there is none.</summary>
    public static IReadOnlyList<string>? Find(IReadOnlyDictionary<string, IReadOnlyList<string>> graph)
    {
        HashSet<string> done = [];
        foreach (string start in graph.Keys)
        {
            if (Visit(start, graph, [], done) is { } cycle)
            {
                return cycle;
            }
        }

        return null;
    }

    private static IReadOnlyList<string>? Visit(string node, IReadOnlyDictionary<string, IReadOnlyList<string>> graph, List<string> path, HashSet<string> done)
    {
        int at = path.IndexOf(node);
        if (at >= 0)
        {
            return [.. path.Skip(at), node];
        }

        if (!done.Contains(node))
        {
            path.Add(node);
            foreach (string next in graph.GetValueOrDefault(node) ?? [])
            {
                if (Visit(next, graph, path, done) is { } cycle)
                {
                    return cycle;
                }
            }

            path.RemoveAt(path.Count - 1);
            done.Add(node);
        }

        return null;
    }
}
