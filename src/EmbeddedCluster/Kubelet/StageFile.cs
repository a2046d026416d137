using Bowline.EmbeddedCluster.Controllers;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;

namespace Bowline.EmbeddedCluster.Kubelet;

/// <summary>What users declare about pods and nodes.</summary>
internal sealed record StageFile(IReadOnlyList<Stage> Stages, IReadOnlyList<DeclaredBehaviour> Behaviours)
{
    public const int LargestText = 1024 * 1024;
    private const int MostDocuments = 512;

    /// <summary>Reads YAML documents of kind Stage and Behaviour after the built-in ones.</summary>
    /// <exception cref="StageException">Text that is too large, no YAML, or holds something else.</exception>
    public static StageFile Parse(string? yaml)
    {
        using Stream stream = typeof(StageFile).Assembly.GetManifestResourceStream("Behaviours.yaml") ?? throw new InvalidOperationException("Behaviours.yaml is not embedded");
        using StreamReader reader = new(stream);
        List<Stage> stages = [];
        List<DeclaredBehaviour> behaviours = [];
        Read(reader.ReadToEnd(), stages, behaviours);
        if (yaml is not null)
        {
            Read(yaml, stages, behaviours);
        }

        return new StageFile(stages, behaviours);
    }

    private static void Read(string yaml, List<Stage> stages, List<DeclaredBehaviour> behaviours)
    {
        if (yaml.Length > LargestText)
        {
            throw new StageException($"the stages are larger than {LargestText / 1024} KiB");
        }

        foreach (MapNode document in Documents(yaml))
        {
            if (stages.Count + behaviours.Count >= MostDocuments)
            {
                throw new StageException($"there are more than {MostDocuments} stages and behaviours");
            }

            Take(document, stages, behaviours);
        }
    }

    private static void Take(MapNode document, List<Stage> stages, List<DeclaredBehaviour> behaviours)
    {
        string place = $"{document.Text("kind")} {document.Name()}";
        try
        {
            switch (document.Text("kind"))
            {
                case "Stage":
                    stages.Add(Stage.Of(document));
                    break;
                case "Behaviour":
                    behaviours.Add(BehaviourOf(document));
                    break;
                default:
                    throw new StageException("expected a document of kind Stage or Behaviour");
            }
        }
        catch (StageException error)
        {
            throw new StageException($"{place}: {error.Message}", error);
        }
    }

    private static DeclaredBehaviour BehaviourOf(MapNode document)
    {
        MapNode spec = document.Spec();
        if (document.Name().Length == 0)
        {
            throw new StageException("metadata.name is required");
        }

        foreach (string key in spec.Keys)
        {
            if (!Known.Contains(key))
            {
                throw new StageException($"spec.{key}: expected one of {string.Join(", ", Known)}");
            }
        }

        // Said now, and not when the first pod comes.
        _ = new Behaviour().With(name => spec[name]);
        StageSelector? selector = spec["selector"] is MapNode chosen ? StageSelector.Of(chosen) : null;
        return new DeclaredBehaviour(document.Name(), selector, [.. spec["containers"].Strings()], spec);
    }

    private static IReadOnlyList<string> Known { get; } =
        ["selector", "containers", "pullTime", "startDelay", "runFor", "stopTime", "failAfter", "exitCode", "exitReason", "pull", "readiness", "liveness", "cpu", "memory", "logs"];

    private static IReadOnlyList<MapNode> Documents(string yaml)
    {
        try
        {
            return [.. YamlReader.ReadAll(yaml).Select(document => document.Root).Where(root => !root.IsNull).Select(root =>
                root as MapNode ?? throw new StageException("expected YAML documents of kind Stage or Behaviour")).Select(root => (MapNode)root.Freeze())];
        }
        catch (YamlException error)
        {
            throw new StageException(error.Message, error);
        }
    }
}
