using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Controllers.Workloads;

/// <param name="Current">What pods that are not updated yet run.</param>
/// <param name="Update">The revision of the present template.</param>
/// <param name="Create">The update revision when it has to be made.</param>
/// <param name="Renumber">The update revision when an old one comes back (rollback), with its new number.</param>
/// <param name="Delete">Revisions beyond the history limit that nothing runs.</param>
internal sealed record RevisionPlan(MapNode Current, MapNode Update, MapNode? Create, MapNode? Renumber, IReadOnlyList<MapNode> Delete);

/// <summary>ControllerRevisions of StatefulSets and DaemonSets: their data, names and history.</summary>
internal static class Revisions
{
    private const string RevisionHashLabel = "controller.kubernetes.io/hash";

    /// <summary>The revision a set's template would have, with number 0.</summary>
    public static MapNode Of(MapNode set, string? daemonHash, int? collisionCount)
    {
        MapNode template = set.Spec()["template"].CopyOf();
        template["$patch"] = "replace";
        MapNode data = new() { ["spec"] = new MapNode { ["template"] = template } };
        string hash = daemonHash ?? PodTemplateHash.OfRevision(JsonWriter.ToBytes(data, new JsonWriteOptions { SortKeys = true }), collisionCount);
        MapNode labels = (template["metadata"]?["labels"]).CopyOf();
        labels[daemonHash is null ? RevisionHashLabel : DaemonSets.HashLabel] = hash;
        MapNode metadata = new()
        {
            ["name"] = $"{(set.Name().Length > 223 ? set.Name()[..223] : set.Name())}-{hash}",
            ["namespace"] = set.Namespace(),
            ["labels"] = labels,
            ["ownerReferences"] = new ListNode(Objects.MakeControllerReference(set)),
        };
        MapNode annotations = set.Metadata()?["annotations"].CopyOf() ?? new MapNode();
        if (annotations.ContainsKey("kubectl.kubernetes.io/last-applied-configuration") && daemonHash is not null)
        {
            annotations.Remove("kubectl.kubernetes.io/last-applied-configuration");
        }

        if (annotations.Count > 0)
        {
            metadata["annotations"] = annotations;
        }

        return new MapNode { ["apiVersion"] = "apps/v1", ["kind"] = "ControllerRevision", ["metadata"] = metadata, ["data"] = data, ["revision"] = 0 };
    }

    public static RevisionPlan Decide(MapNode set, MapNode wanted, IReadOnlyList<MapNode> revisions, string currentName, Func<MapNode, bool> isLive)
    {
        List<MapNode> sorted = [.. revisions.OrderBy(Number).ThenBy(revision => revision.CreatedAt()).ThenBy(revision => revision.Name(), StringComparer.Ordinal)];
        MapNode? equal = sorted.LastOrDefault(revision => Node.DeepEquals(revision["data"], wanted["data"]));
        long next = (sorted.Count == 0 ? 0 : Number(sorted[^1])) + 1;
        MapNode update;
        MapNode? create = null;
        MapNode? renumber = null;
        if (equal is null)
        {
            update = create = wanted;
            create["revision"] = next;
        }
        else if (ReferenceEquals(equal, sorted[^1]))
        {
            update = equal;
        }
        else
        {
            update = renumber = equal.Clone();
            renumber["revision"] = next;
        }

        MapNode current = sorted.FirstOrDefault(revision => revision.Name() == currentName) ?? update;
        int limit = set.Spec().Int("revisionHistoryLimit", 10);
        List<MapNode> history = [.. sorted.Where(revision => revision.Name() != update.Name() && revision.Name() != current.Name() && !isLive(revision))];
        return new RevisionPlan(current, update, create, renumber, history[..Math.Max(0, history.Count - limit)]);
    }

    /// <summary>The pod template that a revision holds.</summary>
    public static MapNode TemplateOf(MapNode revision)
    {
        MapNode template = (revision["data"]?["spec"]?["template"]).CopyOf();
        template.Remove("$patch");
        return template;
    }

    private static long Number(MapNode revision) => revision["revision"]?.AsInteger() ?? 0;
}
