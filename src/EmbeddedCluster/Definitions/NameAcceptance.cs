using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Definitions;

/// <summary>Accepts a CRD's names unless another CRD of its group has them, and establishes it then.</summary>
internal static class NameAcceptance
{
    public static void Decide(MapNode definition, IEnumerable<MapNode> others, string now)
    {
        string group = definition.At("spec", "group")?.AsString() ?? string.Empty;
        MapNode names = definition.At("spec", "names") as MapNode ?? [];
        MapNode[] accepted = [.. others.Where(other => other.At("spec", "group")?.AsString() == group).Select(other => other.At("status", "acceptedNames") as MapNode).OfType<MapNode>()];
        (string Reason, string Message)? conflict = FindConflict(names, accepted);
        MapNode status = definition.EnsureMap("status");
        if (conflict is { } found)
        {
            status["acceptedNames"] = status["acceptedNames"] ?? new MapNode { ["plural"] = string.Empty, ["kind"] = string.Empty };
            DefinitionStatus.SetCondition(definition, "NamesAccepted", "False", found.Reason, found.Message, now);
            if (!DefinitionStatus.IsTrue(definition, "Established"))
            {
                DefinitionStatus.SetCondition(definition, "Established", "False", "NotAccepted", "not all names are accepted", now);
            }

            return;
        }

        status["acceptedNames"] = names.DeepClone();
        DefinitionStatus.SetCondition(definition, "NamesAccepted", "True", "NoConflicts", "no conflicts found", now);
        if (!DefinitionStatus.IsTrue(definition, "Established"))
        {
            DefinitionStatus.SetCondition(definition, "Established", "True", "InitialNamesAccepted", "the initial names have been accepted", now);
        }
    }

    private static (string Reason, string Message)? FindConflict(MapNode names, MapNode[] accepted)
    {
        HashSet<string> taken = [.. accepted.SelectMany(Resources)];
        HashSet<string> kinds = [.. accepted.SelectMany(other => (string?[])[other["kind"]?.AsString(), other["listKind"]?.AsString()]).OfType<string>()];
        string plural = names["plural"]?.AsString() ?? string.Empty;
        if (taken.Contains(plural))
        {
            return ("PluralConflict", $"\"{plural}\" is already in use");
        }

        string singular = names["singular"]?.AsString() ?? string.Empty;
        if (taken.Contains(singular))
        {
            return ("SingularConflict", $"\"{singular}\" is already in use");
        }

        string[] shorts = [.. (names["shortNames"]?.AsList() ?? []).Select(item => item.AsString()!).Where(taken.Contains)];
        if (shorts.Length > 0)
        {
            return ("ShortNamesConflict", $"\"{shorts[0]}\" is already in use");
        }

        string kind = names["kind"]?.AsString() ?? string.Empty;
        if (kinds.Contains(kind))
        {
            return ("KindConflict", $"\"{kind}\" is already in use");
        }

        string list = names["listKind"]?.AsString() ?? string.Empty;
        return kinds.Contains(list) ? ("ListKindConflict", $"\"{list}\" is already in use") : null;
    }

    private static IEnumerable<string> Resources(MapNode names) =>
        new[] { names["plural"]?.AsString(), names["singular"]?.AsString() }.Concat((names["shortNames"]?.AsList() ?? []).Select(item => item.AsString())).OfType<string>().Where(name => name.Length > 0);
}
