using Bowline.Cluster.Controllers;
using Bowline.Resources.Model;

namespace Bowline.Applications.ApplicationSets.Controlling;

/// <summary>One look at a set, what it comes to and what there is of it.</summary>
internal sealed class SetPass
{
    private readonly List<(string Reason, string Message)> troubles = [];

    public SetPass(MapNode set, Expansion expansion, IEnumerable<MapNode> applications)
    {
        Set = set;
        Expansion = expansion;
        Name = new Resource(set).Name;
        Namespace = new Resource(set).Namespace;
        Uid = set.At("metadata", "uid")?.AsString() ?? string.Empty;
        Live = applications.ToDictionary(application => new Resource(application).Name, StringComparer.Ordinal);
        foreach (ExpansionProblem problem in expansion.Problems)
        {
            Trouble(problem.Stage switch
            {
                ExpansionStage.Generating => "ApplicationParamsGenerationError",
                ExpansionStage.Rendering => "RenderTemplateParamsError",
                _ => "ApplicationValidationError",
            }, problem.Message);
        }
    }

    public MapNode Set { get; }

    public string Name { get; }

    /// <summary>The set's own, and that of its applications.</summary>
    public string Namespace { get; }

    public string Uid { get; }

    public Expansion Expansion { get; }

    /// <summary>Every Application of the namespace by name.</summary>
    public IReadOnlyDictionary<string, MapNode> Live { get; }

    /// <summary>The first thing that went wrong, with the number of the others; null when nothing did.</summary>
    public (string Reason, string Message)? FirstTrouble
    {
        get
        {
            lock (troubles)
            {
                return troubles.Count switch
                {
                    0 => null,
                    1 => troubles[0],
                    _ => (troubles[0].Reason, $"{troubles[0].Message} (and {troubles.Count - 1} more)"),
                };
            }
        }
    }

    public ReconcileKey KeyOf(string application) => new(Namespace, application);

    public bool Owns(MapNode application) => ApplicationChange.ControllerOf(application)?["uid"]?.AsString() == Uid;

    public void Trouble(string reason, string message)
    {
        lock (troubles)
        {
            troubles.Add((reason, message));
        }
    }
}
