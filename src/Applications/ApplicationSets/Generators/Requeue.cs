using Bowline.Resources.Model;

namespace Bowline.Applications.ApplicationSets.Generators;

/// <summary>How often generators are asked again.</summary>
internal static class Requeue
{
    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(1);

    /// <summary>The generator's <c>requeueAfterSeconds</c>, or what Argo CD takes for its kind.</summary>
    public static TimeSpan Of(MapNode generator, TimeSpan standard) =>
        generator["requeueAfterSeconds"]?.AsInteger() is > 0 and < int.MaxValue and { } seconds ? TimeSpan.FromSeconds(seconds) is var wait && wait > Shortest ? wait : Shortest : standard;

    /// <summary>The shortest wait of several generators; null when none of them wants to be asked again.</summary>
    public static TimeSpan? Shorter(TimeSpan? left, TimeSpan? right) => left is null ? right : right is null || left < right ? left : right;
}
