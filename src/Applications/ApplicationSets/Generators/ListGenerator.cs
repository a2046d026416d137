using System.Text;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;

namespace Bowline.Applications.ApplicationSets.Generators;

/// <summary><c>list</c>: the parameters themselves, as <c>elements</c> or as the text of a YAML list.</summary>
internal sealed class ListGenerator : IGenerator
{
    public TimeSpan? RequeueAfter(MapNode generator) => null;

    public Task<IReadOnlyList<MapNode>> GenerateAsync(MapNode generator, GeneratorRun run, CancellationToken cancellationToken)
    {
        List<MapNode> all = [];
        foreach (Node element in generator["elements"] as ListNode ?? [])
        {
            MapNode map = element as MapNode ?? throw new GeneratorException("an element of a list is no map");
            all.Add(run.Language.IsStructured ? Parameters.AsJson(map) : Flat(map));
        }

        if (Parameters.Text(generator["elementsYaml"]) is { Length: > 0 } text)
        {
            all.AddRange(ReadText(text));
        }

        return Task.FromResult<IReadOnlyList<MapNode>>(all);
    }

    private static MapNode Flat(MapNode element)
    {
        MapNode flat = new(element.Count);
        foreach ((string key, Node value) in element)
        {
            if (key == "values" && value is MapNode values)
            {
                foreach ((string name, Node inner) in values)
                {
                    flat.Set($"values.{name}", inner as StringNode ?? throw NoText($"values.{name}"));
                }
            }
            else
            {
                flat.Set(key, value as StringNode ?? throw NoText(key));
            }
        }

        return flat;
    }

    private static List<MapNode> ReadText(string text)
    {
        try
        {
            IReadOnlyList<YamlDocument> documents = YamlReader.ReadAll(Encoding.UTF8.GetBytes(text), YamlReadOptions.HelmValues with { FileName = "elementsYaml" });
            Node root = documents.Count == 0 ? Node.Null : documents[0].Root;
            return root is NullNode ? [] : [.. (root as ListNode ?? throw NotAList()).Select(item => item as MapNode ?? throw NotAList())];
        }
        catch (YamlException broken)
        {
            throw new GeneratorException($"elementsYaml cannot be read: {broken.Message}", broken);
        }
    }

    private static GeneratorException NotAList() => new("elementsYaml is no list of maps");

    private static GeneratorException NoText(string key) => new($"error parsing value as string: {key} of a list element (only sets with goTemplate: true may have other values)");
}
