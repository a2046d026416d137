using Bowline.Rendering.Requests;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;

namespace Bowline.Rendering.Kustomize.Declared;

/// <summary>Reads a kustomization file, strictly, and moves deprecated fields.</summary>
internal static class KustomizationReader
{
    private const string Version = "kustomize.config.k8s.io/v1beta1";
    private const string ComponentVersion = "kustomize.config.k8s.io/v1alpha1";

    private static readonly (string Field, string Instead)[] Deprecated =
    [
        ("bases", "resources"), ("commonLabels", "labels"), ("imageTags", "images"),
        ("patchesJson6902", "patches"), ("patchesStrategicMerge", "patches"), ("vars", "replacements"),
    ];

    /// <exception cref="RenderException">Not YAML, empty, or not a kustomization.</exception>
    public static Kustomization Read(byte[] content, string file)
    {
        MapNode root = ReadMap(content, file);
        DeclaredMap map = new(root, file, strict: true);
        Kustomization read = Read(map, file, map.Text("kind"), map.Text("apiVersion"));
        map.Finish();
        return read;
    }

    private static MapNode ReadMap(byte[] content, string file)
    {
        try
        {
            IReadOnlyList<YamlDocument> documents = YamlReader.ReadAll(content, YamlReadOptions.Kubernetes with { FileName = file, DuplicateKeys = DuplicateKeys.LastWins, FirstDocumentOnly = true });
            return (documents.Count == 0 ? Node.Null : documents[0].Root) switch
            {
                MapNode map when map.Any(member => member.Key is not ("apiVersion" or "kind") && !member.Value.IsNull) => map,
                MapNode or NullNode => throw new RenderException("kustomization.yaml is empty", file),
                _ => throw new RenderException("invalid Kustomization: it must be a map of fields", file, 1),
            };
        }
        catch (YamlException error)
        {
            throw new RenderException($"invalid Kustomization: {error.Reason}", file, error.Line, error.Column, error);
        }
    }

    private static Kustomization Read(DeclaredMap map, string file, string kind, string apiVersion)
    {
        kind = kind.Length == 0 ? Kustomization.FileKind : kind;
        RequireKind(kind, apiVersion, file);
        ReadMetadata(map);
        (HelmGlobalsSpec globals, IReadOnlyList<HelmChartSpec> charts) = ReadHelm(map);
        GeneratorOptions? options = map.Struct("generatorOptions", SpecReader.GeneratorOptions);
        return new Kustomization
        {
            File = file,
            Kind = kind,
            OpenApi = map.TextMap("openapi"),
            NamePrefix = map.Text("namePrefix"),
            NameSuffix = map.Text("nameSuffix"),
            Namespace = map.Text("namespace"),
            CommonLabels = map.TextMap("commonLabels"),
            Labels = map.Structs("labels", SpecReader.Label),
            CommonAnnotations = map.TextMap("commonAnnotations"),
            PatchesStrategicMerge = map.Texts("patchesStrategicMerge"),
            PatchesJson6902 = map.Structs("patchesJson6902", SpecReader.Patch),
            Patches = map.Structs("patches", SpecReader.Patch),
            Images = [.. map.Structs("images", SpecReader.Image), .. map.Structs("imageTags", SpecReader.Image)],
            Replacements = map.Structs("replacements", SpecReader.Replacement),
            Replicas = map.Structs("replicas", SpecReader.Replica),
            Variables = map.Structs("vars", SpecReader.Variable),
            Sort = map.Struct("sortOptions", SpecReader.Sort),
            Resources = [.. map.Texts("resources"), .. map.Texts("bases")],
            Components = map.Texts("components"),
            Crds = map.Texts("crds"),
            ConfigMaps = [.. map.Structs("configMapGenerator", SpecReader.ConfigMap).Select(spec => WithDefaults(spec, options))],
            Secrets = [.. map.Structs("secretGenerator", SpecReader.Secret).Select(spec => WithDefaults(spec, options))],
            HelmGlobals = globals,
            HelmCharts = charts,
            Configurations = map.Texts("configurations"),
            Generators = map.Texts("generators"),
            Transformers = map.Texts("transformers"),
            Validators = map.Texts("validators"),
            BuildMetadata = map.Texts("buildMetadata"),
            Warnings = [.. Deprecated.Where(field => map.Has(field.Field)).Select(field => $"{file}: '{field.Field}' is deprecated; use '{field.Instead}'")],
        };
    }

    private static void ReadMetadata(DeclaredMap map) =>
        map.Struct<object>("metadata", metadata => (metadata.Text("name"), metadata.Text("namespace"), metadata.TextMap("labels"), metadata.TextMap("annotations")));

    private static (HelmGlobalsSpec Globals, IReadOnlyList<HelmChartSpec> Charts) ReadHelm(DeclaredMap map)
    {
        HelmGlobalsSpec? globals = map.Struct("helmGlobals", SpecReader.HelmGlobals);
        IReadOnlyList<HelmChartSpec> charts = map.Structs("helmCharts", SpecReader.HelmChart);
        IReadOnlyList<(HelmChartSpec Chart, HelmGlobalsSpec Globals)> old = map.Structs("helmChartInflationGenerator", SpecReader.HelmInflation);
        HelmGlobalsSpec none = new(string.Empty, string.Empty);
        globals ??= old.Select(item => item.Globals).LastOrDefault(item => item != none) ?? none;
        return (globals, [.. charts, .. old.Select(item => item.Chart)]);
    }

    private static void RequireKind(string kind, string apiVersion, string file)
    {
        if (kind is not (Kustomization.FileKind or Kustomization.ComponentKind))
        {
            throw new RenderException($"kind should be {Kustomization.FileKind} or {Kustomization.ComponentKind}, not '{kind}'", file);
        }

        string version = kind == Kustomization.ComponentKind ? ComponentVersion : Version;
        if (apiVersion.Length > 0 && apiVersion != version)
        {
            throw new RenderException($"apiVersion for {kind} should be {version}, not '{apiVersion}'", file);
        }
    }

    /// <summary>A generator's own options win over those of generatorOptions; what is switched on stays on.</summary>
    private static GeneratorSpec WithDefaults(GeneratorSpec spec, GeneratorOptions? options)
    {
        if (options is null || spec.Options is null)
        {
            return spec with { Options = spec.Options ?? options };
        }

        return spec with
        {
            Options = new GeneratorOptions(
                Merge(options.Labels, spec.Options.Labels),
                Merge(options.Annotations, spec.Options.Annotations),
                options.DisableHash || spec.Options.DisableHash,
                options.Immutable || spec.Options.Immutable),
        };
    }

    private static IReadOnlyList<KeyValuePair<string, string>> Merge(IReadOnlyList<KeyValuePair<string, string>> defaults, IReadOnlyList<KeyValuePair<string, string>> own) =>
        [.. defaults.Where(pair => own.All(other => other.Key != pair.Key)), .. own];
}
