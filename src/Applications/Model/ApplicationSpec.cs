using Bowline.Delivery.Diffing;
using Bowline.Delivery.Health;
using Bowline.Rendering.Requests;
using Bowline.Resources.Model;

namespace Bowline.Applications.Model;

/// <summary>An application as some dialect declared it: what to render, from where, to which cluster and namespace, under which policy.</summary>
public sealed record ApplicationSpec(string Name)
{
    /// <summary>Its own name, without the namespace that tells it from others of the same name.</summary>
    public string Title { get; init; } = Name;

    /// <summary>Where the object lies that declares it; empty where it does not say.</summary>
    public string Namespace { get; init; } = string.Empty;

    /// <summary>Whether it lies in another namespace than the controller's, where a project has to permit it.</summary>
    public bool IsElsewhere => Title != Name;

    public string Project { get; init; } = "default";

    public IReadOnlyList<ApplicationSource> Sources { get; init; } = [];

    public Destination Destination { get; init; } = new();

    public SyncPolicy Policy { get; init; } = new();

    public IReadOnlyList<IgnoreRule> IgnoreDifferences { get; init; } = [];

    /// <summary>Applications that have to be synced and healthy before this one is synced (<c>bowline.dev/depends-on</c>).</summary>
    public IReadOnlyList<string> DependsOn { get; init; } = [];

    /// <summary>Objects of its own cluster that have to be there and ready before this one is synced, named in the same annotation.</summary>
    public IReadOnlyList<ResourceId> DependsOnObjects { get; init; } = [];

    /// <summary>When each of what it depends on is ready (<c>bowline.dev/ready-when</c>); null for applications that are synced and healthy, and objects that are healthy.</summary>
    public ReadyExpression? ReadyWhen { get; init; }

    /// <summary>Paths of the repository whose changes concern the application although no render reads them (Argo CD's manifest-generate-paths).</summary>
    public IReadOnlyList<string> GeneratePaths { get; init; } = [];

    /// <summary>When somebody agreed to the deletions that ask for it (<c>argocd.argoproj.io/deletion-approved</c>); null when nobody did.</summary>
    public DateTimeOffset? DeletionApproved { get; init; }

    /// <summary>How many deliveries are remembered to be rolled back to.</summary>
    public int HistoryLimit { get; init; } = 10;

    /// <summary>The manifest that declares it.</summary>
    public Origin Origin { get; init; } = Origin.Unknown;
}

/// <summary>One source of an application; options of a tool that does not fit the directory are ignored.</summary>
public sealed record ApplicationSource
{
    public string RepoUrl { get; init; } = string.Empty;

    /// <summary>Branch, tag, semver range or commit; empty or HEAD for the default branch.</summary>
    public string TargetRevision { get; init; } = string.Empty;

    /// <summary>Directory in the repository.</summary>
    public string Path { get; init; } = string.Empty;

    /// <summary>A chart's name, when <see cref="RepoUrl"/> is a Helm or OCI repository.</summary>
    public string Chart { get; init; } = string.Empty;

    /// <summary>The name by which other sources' value files refer to this one (<c>$ref/path</c>).</summary>
    public string Ref { get; init; } = string.Empty;

    /// <summary>What it is to be rendered with, whatever its directory holds; null to go by what it holds.</summary>
    public SourceTool? Tool { get; init; }

    /// <summary>As the dialect has it, for overrides that are kept in the source itself; null for one that nothing declares.</summary>
    public MapNode? Declared { get; init; }

    /// <summary>Helm release; empty for the application's name.</summary>
    public string ReleaseName { get; init; } = string.Empty;

    public HelmOptions Helm { get; init; } = new() { IncludeCrds = true };

    public KustomizeOptions Kustomize { get; init; } = new();

    /// <summary>The Kustomize version that is asked for, by which the installation may have build options; empty for its usual one.</summary>
    public string KustomizeVersion { get; init; } = string.Empty;

    /// <summary>What is written into the kustomization before it is built; null for nothing.</summary>
    public KustomizationEdits? Edits { get; init; }

    /// <summary>Names like <c>$ARGOCD_APP_NAME</c> in annotations are replaced.</summary>
    public bool ExpandsAnnotations { get; init; }

    /// <summary>The namespace to render for; empty for the destination's.</summary>
    public string Namespace { get; init; } = string.Empty;

    /// <summary>The Kubernetes version to render for; empty for the one that Bowline speaks.</summary>
    public string KubeVersion { get; init; } = string.Empty;

    /// <summary>API versions to render for, beyond the built-in ones.</summary>
    public IReadOnlyList<string> ApiVersions { get; init; } = [];

    public PlainOptions Plain { get; init; } = new();
}

/// <summary>Argo CD's additions to a kustomization that have no option of their own.</summary>
/// <param name="Patches">Entries of <c>patches</c>.</param>
/// <param name="Replicas">Entries of <c>replicas</c>; one for the same name gives way.</param>
/// <param name="Labels">Labels that no selector gets.</param>
public sealed record KustomizationEdits(IReadOnlyList<MapNode> Patches, IReadOnlyList<MapNode> Replicas, IReadOnlyList<string> Components, IReadOnlyList<KeyValuePair<string, string>> Labels)
{
    public bool IgnoreMissingComponents { get; init; }

    /// <summary>Pod templates get the labels, too.</summary>
    public bool LabelTemplates { get; init; }

    public bool IsEmpty => Patches.Count + Replicas.Count + Components.Count + Labels.Count == 0;
}

/// <summary>Where an application goes. Server and name are the dialect's own words for a cluster; placing decides which cluster that is.</summary>
public sealed record Destination
{
    public string Server { get; init; } = string.Empty;

    public string Name { get; init; } = string.Empty;

    public string Namespace { get; init; } = string.Empty;
}

public sealed record SyncPolicy
{
    public bool Automated { get; init; }

    /// <summary>Says in so many words that automation is off (<c>automated.enabled: false</c>), not only nothing of it.</summary>
    public bool IsManual { get; init; }

    public bool Prune { get; init; }

    public bool SelfHeal { get; init; }

    public bool AllowEmpty { get; init; }

    /// <summary>Argo CD's sync options, <c>Name=value</c>.</summary>
    public IReadOnlyList<string> Options { get; init; } = [];

    public RetryPolicy Retry { get; init; } = RetryPolicy.Default;

    /// <summary>Labels and annotations (<c>labels</c>, <c>annotations</c>) of the namespace that is made on request; null for none.</summary>
    public MapNode? NamespaceMetadata { get; init; }

    public bool CreateNamespace => Options.Contains("CreateNamespace=true");
}

/// <summary>When a failed sync is tried again: after <see cref="First"/>, then ever later by <see cref="Factor"/>, up to <see cref="Longest"/>.</summary>
/// <param name="Limit">Attempts beyond the first; negative for as many as it takes.</param>
public sealed record RetryPolicy(int Limit, TimeSpan First, double Factor, TimeSpan Longest)
{
    /// <summary>For applications that say nothing: soon, since most causes pass in a moment, and without end.</summary>
    public static readonly RetryPolicy Default = new(-1, TimeSpan.FromSeconds(0.5), 2, TimeSpan.FromMinutes(3));

    /// <summary>Says in so many words that a newer commit has to wait for the end of the attempts (<c>refresh: false</c>); otherwise it takes their place.</summary>
    public bool KeepsRevision { get; init; }

    public TimeSpan PauseAfter(int failures)
    {
        double seconds = First.TotalSeconds * Math.Pow(Factor, Math.Min(Math.Max(failures - 1, 0), 60));
        return seconds >= Longest.TotalSeconds ? Longest : TimeSpan.FromSeconds(seconds);
    }

    public bool IsExhausted(int failures) => Limit >= 0 && failures > Limit;
}
