using Bowline.Rendering.Kustomize.Declared;
using Bowline.Rendering.Kustomize.Files;
using Bowline.Rendering.Kustomize.Objects;
using Bowline.Rendering.Kustomize.Rules;
using Bowline.Rendering.Kustomize.Transforming;
using Bowline.Rendering.Requests;
using Bowline.Resources.Model;

namespace Bowline.Rendering.Kustomize.Building;

/// <summary>A whole build: the kustomization, what was asked for on top of it, and the steps that must come last.</summary>
internal sealed class Build(BuildSession session)
{
    private const string LocalConfig = "config.kubernetes.io/local-config";

    public IReadOnlyList<Resource> Run()
    {
        DirectoryLoader loader = DirectoryLoader.Open(session.Request.Files, session.Request.Path, session.Files);
        Target target = Target.Load(session, loader, new Provenance());
        session.TracksOrigins = target.Kustomization.BuildMetadata.Count > 0;
        Accumulator built = target.Accumulate(new Accumulator(session));
        try
        {
            built = Requested(built);
            Finish(built, target.Kustomization);
        }
        catch (RenderException error) when (error.File.Length == 0)
        {
            throw new RenderException(error.Reason, target.Kustomization.File, inner: error);
        }

        ThroughText through = new();
        return [.. built.Objects.Items.Select(item => Result(item, target.Kustomization, through))];
    }

    private static void Finish(Accumulator built, Kustomization kustomization)
    {
        built.Objects.Apply(new HashTransformer());
        built.Objects.Apply(new NameReferenceTransformer(built.Rules.Names));
        built.ResolveVariables();
        RequireIdentity(built.Objects.Items);
        built.Objects.RequireDistinct();
        built.Objects.ReplaceAll(built.Objects.Items.Where(item => !IsLocal(item)).ToList());
        built.Objects.Apply(new SortTransformer(kustomization.Sort, kustomization.File));
        if (kustomization.BuildMetadata.Contains("managedByLabel"))
        {
            KeyValuePair<string, string> label = new("app.kubernetes.io/managed-by", "kustomize-(devel)");
            built.Objects.Apply(new MapTransformer([label], [FieldRule.Anywhere("metadata/labels", create: true)]));
        }
    }

    /// <summary>What Argo CD and Flux set beside the kustomization, as <c>kustomize edit set</c> would: a layer above it.</summary>
    private Accumulator Requested(Accumulator built)
    {
        KustomizeOptions options = session.Request.Kustomize;
        RuleSet rules = built.Rules;
        List<ITransformer> transformers =
        [
            new NamespaceTransformer(options.Namespace, rules.Namespace, onlyUnset: false, string.Empty),
            new MapTransformer(options.CommonLabels, rules.CommonLabels),
            new MapTransformer(options.CommonAnnotations, rules.CommonAnnotations),
            .. options.Images.Select(image => new ImageTransformer(ImageText.Parse(image), rules.Images)),
        ];
        if (options.NamePrefix.Length > 0)
        {
            transformers.Insert(1, new AffixTransformer(options.NamePrefix, isPrefix: true, rules.NamePrefix));
        }

        if (options.NameSuffix.Length > 0)
        {
            transformers.Insert(1, new AffixTransformer(options.NameSuffix, isPrefix: false, rules.NameSuffix));
        }

        transformers.ForEach(built.Objects.Apply);
        return built;
    }

    private static void RequireIdentity(IReadOnlyList<BuildObject> items)
    {
        foreach (BuildObject item in items)
        {
            bool named = (item.Name.Length > 0 && !ScalarText.IsNull(item.Root["metadata"]?["name"])) || item.KindName.EndsWith("List", StringComparison.Ordinal);
            bool isOfKind = !ScalarText.IsNull(item.Root["kind"]) && item.KindName.Length > 0;
            if (!isOfKind || !named)
            {
                string missing = !isOfKind ? "kind" : "metadata.name";
                throw new RenderException($"missing {missing} in object that was {item.OriginalId}", item.Source?.File ?? string.Empty, item.Source?.Line ?? 0);
            }
        }
    }

    private static bool IsLocal(BuildObject item) => item.Annotations.TryGetValue(LocalConfig, out string? value) && value != "false";

    private static MapNode Plain(BuildObject item)
    {
        try
        {
            return (MapNode)ScalarText.Plain(item.Root);
        }
        catch (RenderException error) when (error.File.Length == 0)
        {
            throw new RenderException($"{item.Id}: {error.Reason}", item.Source?.File ?? string.Empty, error.Line, inner: error);
        }
    }

    private static Resource Result(BuildObject item, Kustomization kustomization, ThroughText through)
    {
        item.SetAnnotations(OriginText.Annotations(item, kustomization.BuildMetadata));
        MapNode root = Plain(item);
        Origin origin = new(item.Source?.File ?? string.Empty, item.Source?.Line ?? 0)
        {
            Through = through.Of(item.Through),
        };
        return new Resource(root, origin);
    }
}
