namespace Bowline.Applications.ArgoCd;

/// <summary>What <c>argocd-cmd-params-cm</c> says of ApplicationSets (<c>applicationsetcontroller.*</c>).</summary>
public sealed record SetSettings
{
    /// <summary>sync, create-only, create-update or create-delete for every set; empty leaves it to the sets.</summary>
    public string Policy { get; init; } = string.Empty;

    /// <summary>Where sets may lie beside the controller's own namespace, if Applications may, too: names, globs, regular expressions between slashes.</summary>
    public IReadOnlyList<string> Namespaces { get; init; } = [];

    /// <summary>Whether a set's own <c>applicationsSync</c> goes before <see cref="Policy"/>.</summary>
    public bool AllowsPolicyOverride { get; init; }

    /// <summary>Whether sets roll their changes out step by step; otherwise a strategy makes no difference.</summary>
    public bool RollsOut { get; init; } = true;

    /// <summary>How often generators are asked again that say nothing of it themselves; null for each kind's own pace.</summary>
    public TimeSpan? RequeueAfter { get; init; }

    /// <summary>Whether <c>scmProvider</c> and <c>pullRequest</c> generators are asked at all.</summary>
    public bool AsksForges { get; init; } = true;

    /// <summary>API addresses that these generators may name; empty for any.</summary>
    public IReadOnlyList<string> AllowedForges { get; init; } = [];

    /// <summary>Secrets that a <c>tokenRef</c> names must carry the label <c>argocd.argoproj.io/secret-type: scm-creds</c>.</summary>
    public bool WantsLabelledTokens { get; init; }

    /// <summary>Nothing is written, only told.</summary>
    public bool IsDryRun { get; init; }
}
