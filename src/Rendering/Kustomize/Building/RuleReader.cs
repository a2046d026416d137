using Bowline.Rendering.Kustomize.Declared;
using Bowline.Rendering.Kustomize.Files;
using Bowline.Rendering.Kustomize.Objects;
using Bowline.Rendering.Kustomize.Rules;
using Bowline.Rendering.Requests;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;

namespace Bowline.Rendering.Kustomize.Building;

/// <summary>Rules from <c>configurations</c> files, and from the annotated schemas that <c>crds</c> lists.</summary>
internal static class RuleReader
{
    /// <summary>The files' rules with the defaults behind them.</summary>
    public static RuleSet Configurations(IReadOnlyList<string> paths, DirectoryLoader loader)
    {
        RuleSet rules = RuleSet.Empty;
        foreach (string path in paths)
        {
            byte[] content = loader.Read(path, out string file);
            Node root = Parse(content, file);
            if (root is MapNode map)
            {
                DeclaredMap declared = new(map, file, strict: true);
                RuleSet configured = Configuration(declared);
                declared.Finish();
                rules = rules.Merge(configured);
            }
        }

        return rules.Merge(RuleSet.Defaults);
    }

    public static RuleSet Crds(IReadOnlyList<string> paths, DirectoryLoader loader)
    {
        RuleSet rules = RuleSet.Empty;
        foreach (string path in paths)
        {
            byte[] content = loader.Read(path, out string file);
            if (Parse(content, file) is not MapNode definitions || definitions.Values.Any(definition => definition.Kind != NodeKind.Map))
            {
                throw new RenderException("unable to parse open API definition: the file must map the names of types to their definitions", file);
            }

            rules = new CrdRules(definitions).AddTo(rules);
        }

        return rules;
    }

    private static RuleSet Configuration(DeclaredMap map) => new()
    {
        NamePrefix = map.Structs("namePrefix", SpecReader.FieldRule),
        NameSuffix = map.Structs("nameSuffix", SpecReader.FieldRule),
        Namespace = map.Structs("namespace", SpecReader.FieldRule),
        CommonLabels = map.Structs("commonLabels", SpecReader.FieldRule),
        Labels = map.Structs("labels", SpecReader.FieldRule),
        TemplateLabels = map.Structs("templateLabels", SpecReader.FieldRule),
        CommonAnnotations = map.Structs("commonAnnotations", SpecReader.FieldRule),
        Variables = map.Structs("varReference", SpecReader.FieldRule),
        Images = map.Structs("images", SpecReader.FieldRule),
        Replicas = map.Structs("replicas", SpecReader.FieldRule),
        Names = map.Structs("nameReference", rule => new NameRule(SpecReader.Kind(rule), rule.Structs("fieldSpecs", SpecReader.FieldRule))),
    };

    private static Node Parse(byte[] content, string file)
    {
        try
        {
            IReadOnlyList<YamlDocument> documents = YamlReader.ReadAll(content, YamlReadOptions.Kubernetes with { FileName = file });
            return documents.Count == 0 ? Node.Null : documents[0].Root;
        }
        catch (YamlException error)
        {
            throw new RenderException(error.Reason, file, error.Line, error.Column, error);
        }
    }
}
