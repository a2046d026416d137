using Bowline.Resources.Model;
using Bowline.Sources.Files;

namespace Bowline.Rendering.Requests;

/// <summary>What renders a directory.</summary>
public enum SourceTool
{
    Directory,
    Helm,
    Kustomize,
}

/// <summary>A directory of a snapshot and how to turn it into resources. Pure data: equal requests render equally.</summary>
public sealed record RenderRequest
{
    public required FileTree Files { get; init; }

    /// <summary>The directory to render, relative to <see cref="Files"/>; empty for its root.</summary>
    public string Path { get; init; } = string.Empty;

    /// <summary>What it is to be rendered with, whatever it holds; null to go by what it holds.</summary>
    public SourceTool? Tool { get; init; }

    /// <summary>Helm's release name.</summary>
    public string ReleaseName { get; init; } = "release-name";

    /// <summary>Helm's release namespace.</summary>
    public string Namespace { get; init; } = "default";

    public HelmOptions Helm { get; init; } = new();

    public KustomizeOptions Kustomize { get; init; } = new();

    public PlainOptions Plain { get; init; } = new();

    /// <summary>The cluster's version, as in <c>v1.36.2</c>.</summary>
    public string KubeVersion { get; init; } = "v1.36.2";

    /// <summary>Group-versions and group-version-kinds that the cluster serves, beyond the built-in ones.</summary>
    public IReadOnlyList<string> ApiVersions { get; init; } = [];

    /// <summary>Helm's <c>lookup</c> (apiVersion, kind, namespace, name); null returns an empty map, as <c>helm template</c> does.</summary>
    public Func<string, string, string, string, Node?>? Lookup { get; init; }
}

/// <summary>Everything <c>helm template</c> takes. Files are relative to <see cref="RenderRequest.Path"/> unless they start with <c>/</c>, which is the snapshot's root.</summary>
public sealed record HelmOptions
{
    /// <summary>Value files in order, later ones win.</summary>
    public IReadOnlyList<string> ValueFiles { get; init; } = [];

    /// <summary>Value files whose absence is no error (Argo CD's ignoreMissingValueFiles).</summary>
    public bool IgnoreMissingValueFiles { get; init; }

    /// <summary>Values given in place; between the files and the <c>--set</c> family.</summary>
    public MapNode? Values { get; init; }

    public IReadOnlyList<string> SetJson { get; init; } = [];

    public IReadOnlyList<string> Set { get; init; } = [];

    public IReadOnlyList<string> SetString { get; init; } = [];

    public IReadOnlyList<string> SetFile { get; init; } = [];

    public IReadOnlyList<string> SetLiteral { get; init; } = [];

    public bool IncludeCrds { get; init; }

    public bool SkipTests { get; init; }

    /// <summary>Values are not held to the chart's values.schema.json.</summary>
    public bool SkipSchemaValidation { get; init; }

    public bool NoHooks { get; init; }

    public bool IsUpgrade { get; init; }

    public IReadOnlyList<string> ShowOnly { get; init; } = [];
}

/// <summary>What Argo CD and Flux add to a kustomization before it is built.</summary>
public sealed record KustomizeOptions
{
    public string NamePrefix { get; init; } = string.Empty;

    public string NameSuffix { get; init; } = string.Empty;

    public string Namespace { get; init; } = string.Empty;

    /// <summary>As kustomize writes them: <c>name=newName:newTag@digest</c>.</summary>
    public IReadOnlyList<string> Images { get; init; } = [];

    public IReadOnlyList<KeyValuePair<string, string>> CommonLabels { get; init; } = [];

    public IReadOnlyList<KeyValuePair<string, string>> CommonAnnotations { get; init; } = [];

    /// <summary><c>LoadRestrictionsNone</c>: files outside the kustomization's own root, still inside the snapshot.</summary>
    public bool AllowFilesOutsideRoot { get; init; }

    /// <summary>Whether <c>helmCharts</c> are rendered (<c>--enable-helm</c>); plain <c>kubectl kustomize</c> refuses them.</summary>
    public bool EnableHelm { get; init; } = true;
}

/// <summary>A directory of plain manifests, as Argo CD's <c>directory</c> source.</summary>
public sealed record PlainOptions
{
    public bool Recurse { get; init; }

    /// <summary>Glob, or several as <c>{a,b}</c>; empty includes everything.</summary>
    public string Include { get; init; } = string.Empty;

    public string Exclude { get; init; } = string.Empty;
}
