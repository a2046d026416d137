using Bowline.Resources.Model;

namespace Bowline.Applications.ApplicationSets.Generators;

/// <summary>One kind of generator: from its part of the manifest to sets of parameters.</summary>
internal interface IGenerator
{
    /// <param name="generator">What stands under the generator's name.</param>
    /// <returns>Trees for Go templates, else flat texts under dotted names. They are the caller's own.</returns>
    /// <exception cref="GeneratorException">It cannot say what there is.</exception>
    Task<IReadOnlyList<MapNode>> GenerateAsync(MapNode generator, GeneratorRun run, CancellationToken cancellationToken);

    /// <summary>When to ask again without being told that anything changed; null for never.</summary>
    TimeSpan? RequeueAfter(MapNode generator);
}
