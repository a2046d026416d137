using Bowline.Rendering.Kustomize.Declared;
using Bowline.Rendering.Kustomize.Generating;
using Bowline.Rendering.Kustomize.Objects;
using Bowline.Rendering.Kustomize.Rules;
using Bowline.Rendering.Kustomize.Transforming;
using Bowline.Rendering.Requests;
using Bowline.Resources.Model;

namespace Bowline.Rendering.Kustomize.Building;

internal sealed partial class Target
{
    private const string ValidatedBy = "validated-by";
    private static readonly FieldRule MetadataLabels = FieldRule.Anywhere("metadata/labels", create: true);

    private PluginContext Plugins => new(session, loader, Kustomization);

    /// <summary>Built-in generators in their fixed order, then configured ones.</summary>
    private void Generate(Accumulator into)
    {
        Absorb(into, Kustomization.ConfigMaps.Select(spec => DataGenerator.ConfigMap(spec, loader)), "ConfigMapGenerator");
        Absorb(into, Kustomization.Secrets.Select(spec => DataGenerator.Secret(spec, loader)), "SecretGenerator");

        foreach (HelmChartSpec spec in Kustomization.HelmCharts)
        {
            Absorb(into, new ChartInflator(session, loader, Kustomization.HelmGlobals).Inflate(spec.Namespace.Length == 0 ? spec with { Namespace = ChartNamespace } : spec), "HelmChartInflationGenerator");
        }

        foreach (BuildObject config in PluginObjects(Kustomization.Generators))
        {
            IReadOnlyList<BuildObject> made = GeneratorPlugins.Run(Plugins, config);
            into.Objects.Absorb(WithSource(made, config.Source! with { ConfiguredBy = config.Id }));
        }
    }

    private void Absorb(Accumulator into, IEnumerable<BuildObject> made, string generator) =>
        into.Objects.Absorb(WithSource(made, Builtin(generator)));

    private IEnumerable<BuildObject> WithSource(IEnumerable<BuildObject> made, Provenance source)
    {
        foreach (BuildObject item in made)
        {
            item.Source ??= source;
            item.OriginText = session.TracksOrigins ? source.Text : null;
            yield return item;
        }
    }

    /// <summary>What a caller asks for stands for the field of the kustomization that he builds.</summary>
    private string ChartNamespace => loader.IsFirst && session.Request.Kustomize.Namespace is { Length: > 0 } asked ? asked : Kustomization.Namespace;

    private Provenance Builtin(string kind) => new()
    {
        Repository = origin.Repository,
        Revision = origin.Revision,
        ConfiguredIn = Joined(origin.Path, origin.ConfiguredIn),
        ConfiguredBy = new ObjectId(new ResourceKind(string.Empty, "builtin", kind), string.Empty, string.Empty),
        File = Kustomization.File,
    };

    private void Transform(Accumulator into)
    {
        foreach ((string kind, ITransformer transformer) in BuiltinTransformers(into.Rules))
        {
            into.Objects.Pass(transformer, Builtin(kind));
        }

        foreach (BuildObject config in PluginObjects(Kustomization.Transformers))
        {
            into.Objects.Pass(TransformerPlugins.Create(Plugins, config), config.Source! with { ConfiguredBy = config.Id });
        }

        session.IsSchemaRead |= Kustomization.Patches.Count + Kustomization.PatchesStrategicMerge.Count > 0;
        into.Objects.EndPassage();
    }

    private IEnumerable<(string Kind, ITransformer Transformer)> BuiltinTransformers(RuleSet rules)
    {
        Kustomization k = Kustomization;
        if (k.PatchesStrategicMerge.Count > 0)
        {
            yield return ("PatchStrategicMergeTransformer", new StrategicMergeTransformer(k.PatchesStrategicMerge, string.Empty, loader, k.File, session.Kinds));
        }

        foreach (PatchTransformer patch in k.Patches.Select(spec => new PatchTransformer(spec, loader, k.File, session.Kinds)).ToList())
        {
            yield return ("PatchTransformer", patch);
        }

        if (k.Namespace.Length > 0)
        {
            yield return ("NamespaceTransformer", new NamespaceTransformer(k.Namespace, rules.Namespace, onlyUnset: false, string.Empty));
        }

        if (k.NamePrefix.Length > 0)
        {
            yield return ("PrefixTransformer", new AffixTransformer(k.NamePrefix, isPrefix: true, rules.NamePrefix));
        }

        if (k.NameSuffix.Length > 0)
        {
            yield return ("SuffixTransformer", new AffixTransformer(k.NameSuffix, isPrefix: false, rules.NameSuffix));
        }

        foreach ((string kind, ITransformer transformer) in LabelsAndLater(rules))
        {
            yield return (kind, transformer);
        }
    }

    private IEnumerable<(string Kind, ITransformer Transformer)> LabelsAndLater(RuleSet rules)
    {
        Kustomization k = Kustomization;
        foreach (LabelSpec label in k.Labels)
        {
            yield return ("LabelTransformer", new MapTransformer(label.Pairs, LabelRules(label, rules)));
        }

        // Both are one step of the original: where there are labels, common ones pass, too, even when there are none.
        if (k.CommonLabels.Count > 0 || k.Labels.Count > 0)
        {
            yield return ("LabelTransformer", new MapTransformer(k.CommonLabels, rules.CommonLabels));
        }

        if (k.CommonAnnotations.Count > 0)
        {
            yield return ("AnnotationsTransformer", new MapTransformer(k.CommonAnnotations, rules.CommonAnnotations));
        }

        foreach (PatchSpec spec in k.PatchesJson6902)
        {
            yield return ("PatchJson6902Transformer", new JsonPatchTransformer(spec, loader, k.File));
        }

        foreach (ReplicaSpec spec in k.Replicas)
        {
            yield return ("ReplicaCountTransformer", new ReplicaTransformer(spec, rules.Replicas));
        }

        foreach (ImageSpec spec in k.Images)
        {
            yield return ("ImageTagTransformer", new ImageTransformer(spec, rules.Images));
        }

        if (k.Replacements.Count > 0)
        {
            yield return ("ReplacementTransformer", new ReplacementTransformer(Plugins.Replacements(k.Replacements)));
        }
    }

    private static IReadOnlyList<FieldRule> LabelRules(LabelSpec label, RuleSet rules)
    {
        IReadOnlyList<FieldRule> more = label.IncludeSelectors ? rules.CommonLabels : label.IncludeTemplates ? rules.TemplateLabels : [];
        return FieldRule.Merge(FieldRule.Merge(FieldRule.Merge(label.Fields, more), rules.Labels), [MetadataLabels]);
    }

    private void Validate(Accumulator into)
    {
        foreach (BuildObject config in PluginObjects(Kustomization.Validators))
        {
            ObjectSet before = into.Objects.Copy();
            into.Objects.Apply(TransformerPlugins.Create(Plugins, config));
            if (!SameObjects(before, into.Objects))
            {
                throw new RenderException($"validator shouldn't modify the resource map: '{config.Id}' did", config.Source?.File ?? string.Empty);
            }
        }
    }

    private static bool SameObjects(ObjectSet before, ObjectSet after)
    {
        if (before.Count != after.Count)
        {
            return false;
        }

        for (int i = 0; i < before.Count; i++)
        {
            MapNode changed = (MapNode)after.Items[i].Root.DeepClone();
            (changed["metadata"]?["labels"] as MapNode)?.Remove(ValidatedBy);
            if (changed["metadata"]?["labels"] is MapNode { Count: 0 } && before.Items[i].Root.At("metadata", "labels") is null)
            {
                (changed["metadata"] as MapNode)!.Remove("labels");
            }

            if (!before.Items[i].Root.DeepEquals(changed))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Plugin configurations, given in place, in files, or built by kustomizations of their own.</summary>
    private IReadOnlyList<BuildObject> PluginObjects(IReadOnlyList<string> entries)
    {
        if (entries.Count == 0)
        {
            return [];
        }

        Accumulator configs = new(session);
        List<string> paths = [];
        foreach (string entry in entries)
        {
            if (PluginContext.TryInline(entry, Kustomization.File, session) is { } inline)
            {
                SetSource(inline);
                configs.Objects.AppendAll(inline);
            }
            else
            {
                paths.Add(entry);
            }
        }

        foreach (BuildObject item in AccumulateResources(configs, paths).Objects.Items)
        {
            // What a plugin configures is said to be configured in the file, where an object itself lies at a path.
            item.Source = item.Source! with { ConfiguredIn = item.Source.Path.Length > 0 ? item.Source.Path : item.Source.ConfiguredIn, Path = string.Empty };
        }

        return configs.Objects.Items;
    }

    private void SetSource(IReadOnlyList<BuildObject> inline)
    {
        foreach (BuildObject item in inline)
        {
            item.Source = Reached(origin.ConfiguredIn) with { File = Kustomization.File };
        }
    }
}
