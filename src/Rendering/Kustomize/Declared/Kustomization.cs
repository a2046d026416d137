using Bowline.Rendering.Kustomize.Objects;
using Bowline.Rendering.Kustomize.Rules;
using Bowline.Resources.Model;

namespace Bowline.Rendering.Kustomize.Declared;

/// <summary>A kustomization file as declared, with deprecated fields moved to where they belong now.</summary>
internal sealed record Kustomization
{
    public const string FileKind = "Kustomization";
    public const string ComponentKind = "Component";

    public required string File { get; init; }

    public string Kind { get; init; } = FileKind;

    public IReadOnlyList<KeyValuePair<string, string>> OpenApi { get; init; } = [];

    public string NamePrefix { get; init; } = string.Empty;

    public string NameSuffix { get; init; } = string.Empty;

    public string Namespace { get; init; } = string.Empty;

    public IReadOnlyList<KeyValuePair<string, string>> CommonLabels { get; init; } = [];

    public IReadOnlyList<LabelSpec> Labels { get; init; } = [];

    public IReadOnlyList<KeyValuePair<string, string>> CommonAnnotations { get; init; } = [];

    public IReadOnlyList<string> PatchesStrategicMerge { get; init; } = [];

    public IReadOnlyList<PatchSpec> PatchesJson6902 { get; init; } = [];

    public IReadOnlyList<PatchSpec> Patches { get; init; } = [];

    public IReadOnlyList<ImageSpec> Images { get; init; } = [];

    public IReadOnlyList<ReplacementSpec> Replacements { get; init; } = [];

    public IReadOnlyList<ReplicaSpec> Replicas { get; init; } = [];

    public IReadOnlyList<VariableSpec> Variables { get; init; } = [];

    public SortSpec? Sort { get; init; }

    public IReadOnlyList<string> Resources { get; init; } = [];

    public IReadOnlyList<string> Components { get; init; } = [];

    public IReadOnlyList<string> Crds { get; init; } = [];

    public IReadOnlyList<GeneratorSpec> ConfigMaps { get; init; } = [];

    public IReadOnlyList<GeneratorSpec> Secrets { get; init; } = [];

    public HelmGlobalsSpec HelmGlobals { get; init; } = new(string.Empty, string.Empty);

    public IReadOnlyList<HelmChartSpec> HelmCharts { get; init; } = [];

    public IReadOnlyList<string> Configurations { get; init; } = [];

    public IReadOnlyList<string> Generators { get; init; } = [];

    public IReadOnlyList<string> Transformers { get; init; } = [];

    public IReadOnlyList<string> Validators { get; init; } = [];

    public IReadOnlyList<string> BuildMetadata { get; init; } = [];

    public IReadOnlyList<string> Warnings { get; init; } = [];
}

internal sealed record LabelSpec(IReadOnlyList<KeyValuePair<string, string>> Pairs, bool IncludeSelectors, bool IncludeTemplates, IReadOnlyList<FieldRule> Fields);

/// <param name="Target">Null when a strategic merge patch names its target itself.</param>
internal sealed record PatchSpec(string Path, string Patch, SelectorSpec? Target, IReadOnlyList<KeyValuePair<string, bool>> Options)
{
    public bool Allows(string option) => Options.Any(pair => pair.Key == option && pair.Value);
}

internal sealed record SelectorSpec(KindFilter Kind, string Name, string Namespace, string LabelSelector, string AnnotationSelector)
{
    public Selector Compile() => new(Kind, Name, Namespace, LabelSelector, AnnotationSelector);

    public override string ToString() => new ObjectId(new ResourceKind(Kind.Group, Kind.Version, Kind.Kind), Name, Namespace).ToString();
}

internal sealed record ImageSpec(string Name, string NewName, string TagSuffix, string NewTag, string Digest);

internal sealed record ReplicaSpec(string Name, long Count);

internal sealed record VariableSpec(string Name, KindFilter Kind, string ObjectName, string Namespace, string FieldPath);

internal sealed record SortSpec(string Order, IReadOnlyList<string> First, IReadOnlyList<string> Last, bool HasLegacyOptions);

/// <param name="Value">A literal value instead of a source.</param>
/// <param name="Path">A file that holds further replacements.</param>
internal sealed record ReplacementSpec(ReplacementSource? Source, string? Value, IReadOnlyList<ReplacementTarget>? Targets, string Path);

internal sealed record ReplacementSource(SelectorSpec Id, string FieldPath, FieldOptions? Options);

internal sealed record ReplacementTarget(SelectorSpec? Select, IReadOnlyList<SelectorSpec> Reject, IReadOnlyList<string> FieldPaths, FieldOptions? Options);

internal sealed record FieldOptions(string Delimiter, long Index, string Encoding, bool Create);

internal sealed record GeneratorOptions(IReadOnlyList<KeyValuePair<string, string>> Labels, IReadOnlyList<KeyValuePair<string, string>> Annotations, bool DisableHash, bool Immutable);

internal sealed record GeneratorSpec(string Name, string Namespace, string Behavior, string Type)
{
    public IReadOnlyList<string> Literals { get; init; } = [];

    public IReadOnlyList<string> Files { get; init; } = [];

    public IReadOnlyList<string> Envs { get; init; } = [];

    public GeneratorOptions? Options { get; init; }
}

internal sealed record HelmGlobalsSpec(string ChartHome, string ConfigHome);

internal sealed record HelmChartSpec(string Name, string Version, string Repository)
{
    public string ReleaseName { get; init; } = string.Empty;

    public string Namespace { get; init; } = string.Empty;

    public string NameTemplate { get; init; } = string.Empty;

    public string ValuesFile { get; init; } = string.Empty;

    public IReadOnlyList<string> AdditionalValuesFiles { get; init; } = [];

    public MapNode? ValuesInline { get; init; }

    /// <summary>How inline values meet those of the file: override (default), merge or replace.</summary>
    public string ValuesMerge { get; init; } = string.Empty;

    public bool IncludeCrds { get; init; }

    public bool SkipHooks { get; init; }

    public bool SkipTests { get; init; }

    /// <summary>Without a version: the newest, previews among them.</summary>
    public bool Devel { get; init; }

    public IReadOnlyList<string> ApiVersions { get; init; } = [];

    public string KubeVersion { get; init; } = string.Empty;
}
