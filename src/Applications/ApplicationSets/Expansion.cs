using Bowline.Resources.Model;

namespace Bowline.Applications.ApplicationSets;

/// <summary>Where an expansion failed.</summary>
public enum ExpansionStage
{
    /// <summary>A generator could not say what there is.</summary>
    Generating,

    /// <summary>A template could not be rendered for one set of parameters.</summary>
    Rendering,

    /// <summary>What was rendered is no application that there may be.</summary>
    Validating,
}

/// <param name="Message">One sentence; holds no secrets.</param>
/// <param name="RetryAfter">How long whoever was asked wants to be left alone; null when nobody said.</param>
public sealed record ExpansionProblem(ExpansionStage Stage, string Message, TimeSpan? RetryAfter = null);

/// <summary>What a set comes to at one moment.</summary>
/// <param name="Applications">Manifests of <c>Application</c>s, with names of their own.</param>
/// <param name="Problems">Why there may be more; the applications given are right all the same.</param>
public sealed record Expansion(IReadOnlyList<MapNode> Applications, IReadOnlyList<ExpansionProblem> Problems)
{
    /// <summary>Whether an application that is not among these really is not wanted.</summary>
    public bool IsComplete => Problems.Count == 0;

    /// <summary>Whether every generator answered.</summary>
    public bool IsGenerated => Problems.All(problem => problem.Stage != ExpansionStage.Generating);

    /// <summary>When to expand again without being told that anything changed; null for never.</summary>
    public TimeSpan? RequeueAfter { get; init; }

    /// <summary>The repositories that generators read.</summary>
    public IReadOnlyList<GitQuery> Repositories { get; init; } = [];
}
