using Bowline.Applications.Model;
using Bowline.Resources.Model;

namespace Bowline.Applications.Reconciling;

/// <summary>What somebody asks of one sync, beyond what the application says itself.</summary>
public sealed record SyncOrder
{
    /// <summary>What automation asks for: everything, as the application says.</summary>
    public static readonly SyncOrder Automated = new() { IsAutomated = true };

    /// <summary>Who asks; empty for automation.</summary>
    public string By { get; init; } = string.Empty;

    public bool IsAutomated { get; init; }

    /// <summary>Delete what left the repository, whatever the application's policy says.</summary>
    public bool Prune { get; init; }

    /// <summary>Try it only.</summary>
    public bool DryRun { get; init; }

    /// <summary>Objects to sync; all when empty. A part of the objects runs no hooks and is no complete delivery.</summary>
    public IReadOnlyList<SelectedObject> Objects { get; init; } = [];

    /// <summary>Sync options over those of the application, <c>Name=value</c>.</summary>
    public IReadOnlyList<string> Options { get; init; } = [];

    /// <summary>The revision of each source instead of what the application asks for; an empty one leaves it.</summary>
    public IReadOnlyList<string> Revisions { get; init; } = [];

    /// <summary>Sources in place of the application's own, as a rollback brings them; none for its own.</summary>
    public IReadOnlyList<ApplicationSource> Sources { get; init; } = [];

    /// <summary>How often, and when, it is tried again; once only when nothing is said.</summary>
    public RetryPolicy Retry { get; init; } = RetryPolicy.Default with { Limit = 0 };

    /// <summary>How often it was tried before.</summary>
    public int Retries { get; init; }

    /// <summary>When it was asked for first, where that was before this process or this try.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>It was under way when the program before ended: what it has done already is not done again.</summary>
    public bool IsResumed { get; init; }

    /// <summary>Hooks do not run (the strategy <c>apply</c>).</summary>
    public bool SkipHooks { get; init; }

    /// <summary>As it was asked for, to be told again.</summary>
    public MapNode? Operation { get; init; }
}

/// <summary>Which objects are meant; an empty namespace means any.</summary>
public sealed record SelectedObject(string Group, string Kind, string Namespace, string Name)
{
    public bool Matches(ResourceId id) => id.Group == Group && id.Kind == Kind && id.Name == Name && (Namespace.Length == 0 || id.Namespace == Namespace);
}
