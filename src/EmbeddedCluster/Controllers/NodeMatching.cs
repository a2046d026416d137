using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Controllers;

/// <summary>Which nodes a pod may run on by selector, affinity and tolerations; the scheduler and DaemonSets share it.</summary>
internal static class NodeMatching
{
    public static bool MatchesAffinity(MapNode podSpec, MapNode node)
    {
        if (podSpec["nodeSelector"] is MapNode selector && !selector.All(label => Label(node, label.Key) == label.Value.AsString()))
        {
            return false;
        }

        return podSpec["affinity"]?["nodeAffinity"]?["requiredDuringSchedulingIgnoredDuringExecution"] is not MapNode required
            || required["nodeSelectorTerms"].Maps().Any(term => MatchesTerm(term, node));
    }

    /// <summary>A term without any expression matches nothing.</summary>
    public static bool MatchesTerm(MapNode term, MapNode node)
    {
        List<MapNode> expressions = [.. term["matchExpressions"].Maps()];
        List<MapNode> fields = [.. term["matchFields"].Maps()];
        return expressions.Count + fields.Count > 0
            && expressions.TrueForAll(expression => LabelRequirement.Of(expression) is var requirement && requirement.Holds(Label(node, requirement.Key)))
            && fields.TrueForAll(field => LabelRequirement.Of(field) is { Key: "metadata.name" } requirement && requirement.Holds(node.Name()));
    }

    public static bool Tolerates(MapNode toleration, MapNode taint)
    {
        string effect = toleration.Text("effect");
        if (effect.Length > 0 && effect != taint.Text("effect"))
        {
            return false;
        }

        string key = toleration.Text("key");
        if (key.Length > 0 && key != taint.Text("key"))
        {
            return false;
        }

        return toleration.Text("operator") == "Exists" || (key.Length > 0 && toleration.Text("value") == taint.Text("value"));
    }

    public static MapNode? UntoleratedTaint(IReadOnlyList<MapNode> tolerations, MapNode node, Func<string, bool> effect) =>
        node.Spec()["taints"].Maps().FirstOrDefault(taint => effect(taint.Text("effect")) && !tolerations.Any(toleration => Tolerates(toleration, taint)));

    private static string? Label(MapNode node, string key) => node.Labels()?[key]?.AsString();
}
