using Bowline.Rendering.Requests;
using Bowline.Resources.Model;

namespace Bowline.Applications.Model;

/// <summary>An application as some dialect declared it: what to render, from where, to which cluster and namespace, under which policy.</summary>
public sealed record ApplicationSpec(string Name)
{
    public string Project { get; init; } = "default";

    public IReadOnlyList<ApplicationSource> Sources { get; init; } = [];

    public Destination Destination { get; init; } = new();

    public SyncPolicy Policy { get; init; } = new();

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

    /// <summary>Helm release; empty for the application's name.</summary>
    public string ReleaseName { get; init; } = string.Empty;

    public HelmOptions Helm { get; init; } = new() { IncludeCrds = true };

    public KustomizeOptions Kustomize { get; init; } = new();

    public PlainOptions Plain { get; init; } = new();
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

    public bool Prune { get; init; }

    public bool SelfHeal { get; init; }

    public bool AllowEmpty { get; init; }

    /// <summary>Argo CD's sync options, <c>Name=value</c>.</summary>
    public IReadOnlyList<string> Options { get; init; } = [];

    public bool CreateNamespace => Options.Contains("CreateNamespace=true");
}
