using Bowline.Rendering.Kustomize.Objects;
using Bowline.Rendering.Kustomize.Rules;
using Bowline.Resources.Model;

namespace Bowline.Rendering.Kustomize.Declared;

/// <summary>Reads the parts that kustomization files and plugin configurations share.</summary>
internal static class SpecReader
{
    public static KindFilter Kind(DeclaredMap map) => new(map.Text("group"), map.Text("version"), map.Text("kind"));

    public static FieldRule FieldRule(DeclaredMap map) => new(Kind(map), map.Text("path"), map.Flag("create"));

    public static LabelSpec Label(DeclaredMap map) =>
        new(map.TextMap("pairs"), map.Flag("includeSelectors"), map.Flag("includeTemplates"), map.Structs("fields", FieldRule));

    public static SelectorSpec Selector(DeclaredMap map) =>
        new(Kind(map), map.Text("name"), map.Text("namespace"), map.Text("labelSelector"), map.Text("annotationSelector"));

    public static PatchSpec Patch(DeclaredMap map) =>
        new(map.Text("path"), map.Text("patch"), map.Struct("target", Selector), map.FlagMap("options"));

    public static ImageSpec Image(DeclaredMap map) =>
        new(map.Text("name"), map.Text("newName"), map.Text("tagSuffix"), map.Text("newTag"), map.Text("digest"));

    public static ReplicaSpec Replica(DeclaredMap map) => new(map.Text("name"), map.Integer("count"));

    public static VariableSpec Variable(DeclaredMap map)
    {
        string name = map.Text("name");
        VariableSpec target = map.Struct("objref", VariableTarget) ?? new VariableSpec(string.Empty, KindFilter.Any, string.Empty, string.Empty, string.Empty);
        string path = string.Empty;
        map.Struct("fieldref", field => path = field.Text("fieldPath"));
        return target with { Name = name, FieldPath = path.Length == 0 ? "metadata.name" : path };
    }

    public static ReplacementSpec Replacement(DeclaredMap map) => new(
        map.Struct("source", ReplacementSource),
        map.Has("sourceValue") ? map.Text("sourceValue") : Taken(map),
        map.Has("targets") ? map.Structs("targets", ReplacementTarget) : null,
        map.Text("path"));

    public static SortSpec Sort(DeclaredMap map)
    {
        IReadOnlyList<string> first = [];
        IReadOnlyList<string> last = [];
        object? legacy = map.Struct("legacySortOptions", options =>
        {
            first = options.Texts("orderFirst");
            last = options.Texts("orderLast");
            return options;
        });
        return new SortSpec(map.Text("order"), first, last, legacy is not null);
    }

    public static GeneratorOptions GeneratorOptions(DeclaredMap map) =>
        new(map.TextMap("labels"), map.TextMap("annotations"), map.Flag("disableNameSuffixHash"), map.Flag("immutable"));

    public static GeneratorSpec ConfigMap(DeclaredMap map) => Generator(map, string.Empty);

    public static GeneratorSpec Secret(DeclaredMap map) => Generator(map, map.Text("type"));

    public static HelmGlobalsSpec HelmGlobals(DeclaredMap map) => new(map.Text("chartHome"), map.Text("configHome"));

    public static HelmChartSpec HelmChart(DeclaredMap map)
    {
        map.Flag("debug");
        return new HelmChartSpec(map.Text("name"), map.Text("version"), map.Text("repo"))
        {
            ReleaseName = map.Text("releaseName"),
            Namespace = map.Text("namespace"),
            NameTemplate = map.Text("nameTemplate"),
            ValuesFile = map.Text("valuesFile"),
            AdditionalValuesFiles = map.Texts("additionalValuesFiles"),
            ValuesInline = map.Any("valuesInline") as MapNode,
            ValuesMerge = map.Text("valuesMerge"),
            IncludeCrds = map.Flag("includeCRDs"),
            SkipHooks = map.Flag("skipHooks"),
            SkipTests = map.Flag("skipTests"),
            Devel = map.Flag("devel"),
            ApiVersions = map.Texts("apiVersions"),
            KubeVersion = map.Text("kubeVersion"),
        };
    }

    /// <summary>The deprecated form of <see cref="HelmChart"/>, with the chart home that belongs to the globals now.</summary>
    public static (HelmChartSpec Chart, HelmGlobalsSpec Globals) HelmInflation(DeclaredMap map)
    {
        map.Text("chartRepoName");
        map.Text("helmBin");
        map.Texts("extraArgs");
        HelmChartSpec chart = new(map.Text("chartName"), map.Text("chartVersion"), map.Text("chartRepoUrl"))
        {
            ReleaseName = map.Text("releaseName"),
            Namespace = map.Text("releaseNamespace"),
            ValuesFile = map.Text("values"),
            ValuesInline = map.Any("valuesLocal") as MapNode,
            ValuesMerge = map.Text("valuesMerge"),
        };
        return (chart, new HelmGlobalsSpec(map.Text("chartHome"), map.Text("helmHome")));
    }

    private static GeneratorSpec Generator(DeclaredMap map, string type)
    {
        string env = map.Text("env");
        IReadOnlyList<string> envs = map.Texts("envs");
        return new GeneratorSpec(map.Text("name"), map.Text("namespace"), map.Text("behavior"), type)
        {
            Literals = map.Texts("literals"),
            Files = map.Texts("files"),
            Envs = env.Length == 0 ? envs : [.. envs, env],
            Options = map.Struct("options", GeneratorOptions),
        };
    }

    private static string? Taken(DeclaredMap map)
    {
        map.Text("sourceValue");
        return null;
    }

    private static VariableSpec VariableTarget(DeclaredMap map)
    {
        string apiVersion = map.Text("apiVersion");
        KindFilter kind = Kind(map);
        if (apiVersion.Length > 0)
        {
            ResourceKind parsed = ResourceKind.Of(apiVersion, kind.Kind);
            kind = new KindFilter(parsed.Group, parsed.Version, kind.Kind);
        }

        return new VariableSpec(string.Empty, kind, map.Text("name"), map.Text("namespace"), string.Empty);
    }

    private static ReplacementSource ReplacementSource(DeclaredMap map) =>
        new(new SelectorSpec(Kind(map), map.Text("name"), map.Text("namespace"), string.Empty, string.Empty), map.Text("fieldPath"), map.Struct("options", FieldOptions));

    private static ReplacementTarget ReplacementTarget(DeclaredMap map) =>
        new(map.Struct("select", Selector), map.Structs("reject", Selector), map.Texts("fieldPaths"), map.Struct("options", FieldOptions));

    private static FieldOptions FieldOptions(DeclaredMap map) =>
        new(map.Text("delimiter"), map.Integer("index"), map.Text("encoding"), map.Flag("create"));
}
