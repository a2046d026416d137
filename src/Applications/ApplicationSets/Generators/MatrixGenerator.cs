using Bowline.Resources.Model;

namespace Bowline.Applications.ApplicationSets.Generators;

/// <summary><c>matrix</c>: every element of one generator with every element of another, whose manifest may name parameters of the first.</summary>
internal sealed class MatrixGenerator(GeneratorRegistry generators) : IGenerator
{
    public TimeSpan? RequeueAfter(MapNode generator) => generators.RequeueAfter(generator["generators"]);

    public async Task<IReadOnlyList<MapNode>> GenerateAsync(MapNode generator, GeneratorRun run, CancellationToken cancellationToken)
    {
        if (generator["generators"] is not ListNode { Count: 2 } children)
        {
            throw new GeneratorException($"a matrix combines exactly two generators, and {(generator["generators"] as ListNode)?.Count ?? 0} are given");
        }

        List<MapNode> combined = [];
        foreach (MapNode first in await generators.ChildAsync(children[0], run, cancellationToken).ConfigureAwait(false))
        {
            foreach (MapNode second in await generators.ChildAsync(generators.Interpolate(children[1], first, run, cancellationToken), run, cancellationToken).ConfigureAwait(false))
            {
                combined.Add(run.Language.IsStructured ? Parameters.Merge(second, first) : Combine(first, second));
                GeneratorRun.CheckCount(combined.Count);
            }
        }

        return combined;
    }

    private static MapNode Combine(MapNode first, MapNode second)
    {
        MapNode both = Parameters.Merge(first, second);
        foreach ((string key, Node value) in first)
        {
            if (second[key] is { } other && !value.DeepEquals(other))
            {
                throw new GeneratorException($"found duplicate key {key} with different value, a: {value}, b: {other}");
            }
        }

        return both;
    }
}
