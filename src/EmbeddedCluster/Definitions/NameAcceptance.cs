using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Definitions;

/// <summary>Accepts those names of a CRD that no other CRD of its group has, and establishes it once it has them all.</summary>
internal static class NameAcceptance
{
    public static void Decide(MapNode definition, IEnumerable<MapNode> others, string now)
    {
        string group = definition.At("spec", "group")?.AsString() ?? string.Empty;
        MapNode wanted = definition.At("spec", "names") as MapNode ?? [];
        MapNode[] taken = [.. others.Where(other => other.At("spec", "group")?.AsString() == group).Select(other => other.At("status", "acceptedNames") as MapNode).OfType<MapNode>()];
        MapNode status = definition.EnsureMap("status");
        MapNode accepted = status["acceptedNames"] is MapNode before ? (MapNode)before.DeepClone() : new MapNode { ["plural"] = string.Empty, ["kind"] = string.Empty };
        (string Reason, string Message)? conflict = Accept(wanted, accepted, taken);
        status["acceptedNames"] = accepted;
        if (conflict is { } found)
        {
            DefinitionStatus.SetCondition(definition, "NamesAccepted", "False", found.Reason, found.Message, now);
        }
        else
        {
            DefinitionStatus.SetCondition(definition, "NamesAccepted", "True", "NoConflicts", "no conflicts found", now);
        }

        if (DefinitionStatus.IsTrue(definition, "Established"))
        {
            return;
        }

        if (conflict is null)
        {
            DefinitionStatus.SetCondition(definition, "Established", "True", "InitialNamesAccepted", "the initial names have been accepted", now);
        }
        else
        {
            DefinitionStatus.SetCondition(definition, "Established", "False", "NotAccepted", "not all names are accepted", now);
        }
    }

    /// <summary>Takes over what is free; of several conflicts the last one is told.</summary>
    private static (string Reason, string Message)? Accept(MapNode wanted, MapNode accepted, MapNode[] taken)
    {
        HashSet<string> resources = [.. taken.SelectMany(Resources)];
        HashSet<string> kinds = [.. taken.SelectMany(other => (string?[])[other["kind"]?.AsString(), other["listKind"]?.AsString()]).OfType<string>()];
        (string Reason, string Message)? conflict = null;
        foreach ((string key, string reason, HashSet<string> used) in ((string, string, HashSet<string>)[])[("plural", "PluralConflict", resources), ("singular", "SingularConflict", resources)])
        {
            conflict = Take(wanted, accepted, key, reason, used) ?? conflict;
        }

        conflict = TakeShortNames(wanted, accepted, resources) ?? conflict;
        conflict = Take(wanted, accepted, "kind", "KindConflict", kinds) ?? conflict;
        conflict = Take(wanted, accepted, "listKind", "ListKindConflict", kinds) ?? conflict;
        Set(accepted, "categories", wanted["categories"]);
        return conflict;
    }

    private static (string Reason, string Message)? Take(MapNode wanted, MapNode accepted, string key, string reason, HashSet<string> used)
    {
        string name = wanted[key]?.AsString() ?? string.Empty;
        if (name != (accepted[key]?.AsString() ?? string.Empty) && used.Contains(name))
        {
            return (reason, $"\"{name}\" is already in use");
        }

        Set(accepted, key, wanted[key]);
        return null;
    }

    private static (string Reason, string Message)? TakeShortNames(MapNode wanted, MapNode accepted, HashSet<string> used)
    {
        string[] own = [.. (accepted["shortNames"]?.AsList() ?? []).Select(item => item.AsString()!)];
        string[] conflicts = [.. (wanted["shortNames"]?.AsList() ?? []).Select(item => item.AsString()!).Where(name => !own.Contains(name) && used.Contains(name)).Select(name => $"\"{name}\" is already in use")];
        if (conflicts.Length > 0)
        {
            return ("ShortNamesConflict", conflicts.Length == 1 ? conflicts[0] : $"[{string.Join(", ", conflicts)}]");
        }

        Set(accepted, "shortNames", wanted["shortNames"]);
        return null;
    }

    private static void Set(MapNode accepted, string key, Node? value)
    {
        if (value is not null)
        {
            accepted[key] = value.DeepClone();
        }
        else
        {
            accepted.Remove(key);
        }
    }

    private static IEnumerable<string> Resources(MapNode names) =>
        new[] { names["plural"]?.AsString(), names["singular"]?.AsString() }.Concat((names["shortNames"]?.AsList() ?? []).Select(item => item.AsString())).OfType<string>().Where(name => name.Length > 0);
}
