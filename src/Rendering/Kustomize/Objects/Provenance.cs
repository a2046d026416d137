namespace Bowline.Rendering.Kustomize.Objects;

/// <summary>Where an object or a transformer was declared; what the origin annotations print.</summary>
internal sealed record Provenance
{
    /// <summary>Relative to the kustomization that is built, or to the root of <see cref="Repository"/>.</summary>
    public string Path { get; init; } = string.Empty;

    public string Repository { get; init; } = string.Empty;

    public string Revision { get; init; } = string.Empty;

    /// <summary>The kustomization or plugin file that configured a generator or transformer; empty for plain files.</summary>
    public string ConfiguredIn { get; init; } = string.Empty;

    /// <summary>Name, namespace, kind and apiVersion of the configuring plugin object.</summary>
    public ObjectId? ConfiguredBy { get; init; }

    /// <summary>The file from the snapshot's root and the line in it, for <c>Origin</c>.</summary>
    public string File { get; init; } = string.Empty;

    public int Line { get; init; }
}
