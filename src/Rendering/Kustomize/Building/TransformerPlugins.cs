using System.Collections.Frozen;
using Bowline.Rendering.Kustomize.Declared;
using Bowline.Rendering.Kustomize.Objects;
using Bowline.Rendering.Kustomize.Rules;
using Bowline.Rendering.Kustomize.Transforming;
using Bowline.Rendering.Requests;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;
using Bowline.Sources.Files;

namespace Bowline.Rendering.Kustomize.Building;

/// <summary>Built-in transformers that <c>transformers</c> and <c>validators</c> configure as objects of apiVersion <c>builtin</c>.</summary>
internal static class TransformerPlugins
{
    private static readonly FrozenDictionary<string, Func<PluginContext, DeclaredMap, string, ITransformer>> Factories =
        new Dictionary<string, Func<PluginContext, DeclaredMap, string, ITransformer>>(StringComparer.Ordinal)
        {
            ["AnnotationsTransformer"] = (_, map, _) => new MapTransformer(map.TextMap("annotations"), Rules(map)),
            ["LabelTransformer"] = (_, map, _) => new MapTransformer(map.TextMap("labels"), Rules(map)),
            ["NamespaceTransformer"] = (_, map, _) => Namespace(map),
            ["PrefixTransformer"] = (_, map, file) => Affix(map, "prefix", isPrefix: true, file),
            ["SuffixTransformer"] = (_, map, file) => Affix(map, "suffix", isPrefix: false, file),
            ["PrefixSuffixTransformer"] = (_, map, file) => new Sequence([Affix(map, "prefix", isPrefix: true, file), Affix(map, "suffix", isPrefix: false, file)]),
            ["HashTransformer"] = (_, _, _) => new HashTransformer(),
            ["ImageTagTransformer"] = (_, map, file) => new ImageTransformer(Required(map, "imageTag", SpecReader.Image, file), Rules(map)),
            ["ReplicaCountTransformer"] = (_, map, file) => new ReplicaTransformer(Required(map, "replica", SpecReader.Replica, file), Rules(map)),
            ["PatchTransformer"] = (context, map, file) => new PatchTransformer(SpecReader.Patch(map), context.Loader, file, context.Session.Kinds),
            ["PatchJson6902Transformer"] = (context, map, file) => new JsonPatchTransformer(SpecReader.Patch(map) with { Patch = map.Text("jsonOp") }, context.Loader, file),
            ["PatchStrategicMergeTransformer"] = (context, map, file) =>
                new StrategicMergeTransformer(map.Texts("paths"), map.Text("patches"), context.Loader, file, context.Session.Kinds),
            ["ReplacementTransformer"] = (context, map, _) => new ReplacementTransformer(context.Replacements(map.Structs("replacements", SpecReader.Replacement))),
            ["ValueAddTransformer"] = ValueAdd,
        }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <exception cref="RenderException">An unknown plugin, or a configuration it cannot work with.</exception>
    public static ITransformer Create(PluginContext context, BuildObject config)
    {
        DeclaredMap map = PluginContext.Builtin(config, looseText: config.KindName != "ReplacementTransformer");
        if (!Factories.TryGetValue(config.KindName, out Func<PluginContext, DeclaredMap, string, ITransformer>? create))
        {
            throw PluginContext.Refused(config, "is not a built-in transformer; external plugins are disabled");
        }

        try
        {
            return create(context, map, config.Source?.File ?? string.Empty);
        }
        catch (RenderException error)
        {
            throw new RenderException($"plugin {config.Id} fails configuration: {error.Reason}", error.File, error.Line, error.Column, error);
        }
    }

    private static IReadOnlyList<FieldRule> Rules(DeclaredMap map) => map.Structs("fieldSpecs", SpecReader.FieldRule);

    private static NamespaceTransformer Namespace(DeclaredMap map)
    {
        string ns = string.Empty;
        map.Struct("metadata", metadata => ns = metadata.Text("namespace"));
        return new NamespaceTransformer(ns, Rules(map), map.Flag("unsetOnly"), map.Text("setRoleBindingSubjects"));
    }

    private static AffixTransformer Affix(DeclaredMap map, string field, bool isPrefix, string file) =>
        map.Has("fieldSpecs") ? new AffixTransformer(map.Text(field), isPrefix, Rules(map)) : throw new RenderException("fieldSpecs is not expected to be nil", file);

    private static T Required<T>(DeclaredMap map, string name, Func<DeclaredMap, T> read, string file)
        where T : class => map.Struct(name, read) ?? throw new RenderException($"{name} must be specified", file);

    private static ValueAddTransformer ValueAdd(PluginContext context, DeclaredMap map, string file)
    {
        IReadOnlyList<ValueTarget> targets = map.Structs("targets", Target);
        string path = map.Text("targetFilePath");
        if (path.Length > 0)
        {
            byte[] content = context.Loader.Read(path, out string targetFile);
            try
            {
                MapNode root = YamlReader.Read(content, YamlReadOptions.Kubernetes with { FileName = targetFile }) as MapNode ?? [];
                targets = [.. targets, .. new DeclaredMap(root, targetFile, strict: false).Structs("targets", Target)];
            }
            catch (YamlException error)
            {
                throw new RenderException(error.Reason, targetFile, error.Line, error.Column, error);
            }
        }

        if (targets.Count == 0)
        {
            throw new RenderException("must specify at least one target", file);
        }

        string value = map.Text("value").Trim();
        return new ValueAddTransformer(value.Length == 0 ? TreePath.Name(context.Loader.Root) : value, targets);
    }

    private static ValueTarget Target(DeclaredMap map)
    {
        string path = map.Text("fieldPath");
        long position = map.Integer("filePathPosition");
        return path.Length > 0 && position >= 0
            ? new(map.Struct("selector", SpecReader.Selector), path, (int)Math.Min(position, int.MaxValue))
            : throw new RenderException(path.Length == 0 ? "fieldPath cannot be empty" : $"value of FilePathPosition ({position}) cannot be negative");
    }

    private sealed class Sequence(IReadOnlyList<ITransformer> transformers) : ITransformer
    {
        public void Transform(ObjectSet objects)
        {
            foreach (ITransformer transformer in transformers)
            {
                transformer.Transform(objects);
            }
        }
    }
}
