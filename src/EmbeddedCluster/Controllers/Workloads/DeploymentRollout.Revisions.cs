using System.Globalization;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Controllers.Workloads;

internal sealed partial class DeploymentRollout
{
    private const string HashLabel = "pod-template-hash";
    private const int MaxHistory = 2000;

    private static readonly HashSet<string> NotCopied = new(StringComparer.Ordinal)
    {
        "kubectl.kubernetes.io/last-applied-configuration",
        ReplicaSetDraft.RevisionAnnotation,
        ReplicaSetDraft.HistoryAnnotation,
        ReplicaSetDraft.DesiredReplicasAnnotation,
        ReplicaSetDraft.MaxReplicasAnnotation,
        "deprecated.deployment.rollback.to",
    };

    private void FindCurrent(bool create)
    {
        MapNode template = deployment.Spec()["template"] as MapNode ?? new MapNode();
        current = all.FirstOrDefault(set => set.Live is { } live && SameTemplate(template, live.Spec()["template"] as MapNode));
        long revision = 1 + Old.Select(set => set.Revision).DefaultIfEmpty(0).Max();
        int minReadySeconds = deployment.Spec().Int("minReadySeconds");
        if (current is not null)
        {
            TakeUp(current, revision, minReadySeconds);
        }
        else if (create)
        {
            current = ReplicaSetDraft.ForNew(deployment, MakeSet(template, minReadySeconds));
            all.Add(current);
            current.Replicas = NewReplicas(current);
            CopyAnnotations(current);
            current.SetRevision(revision, MaxHistory);
            current.SetScale(replicas, replicas + MaxSurge);
            NoteNew(revision, "NewReplicaSetCreated", $"Created new replica set \"{current.Name}\"", always: true);
            if (current.Replicas > 0)
            {
                plan.Events.Add(string.Create(CultureInfo.InvariantCulture, $"Scaled up replica set {current.Name} from 0 to {current.Replicas}"));
            }
        }
    }

    private void TakeUp(ReplicaSetDraft set, long revision, int minReadySeconds)
    {
        CopyAnnotations(set);
        set.SetRevision(revision, MaxHistory);
        set.SetMinReadySeconds(minReadySeconds);
        NoteNew(set.Revision, "FoundNewReplicaSet", $"Found new replica set \"{set.Name}\"", always: false);
    }

    private void NoteNew(long revision, string reason, string message, bool always)
    {
        string text = revision.ToString(CultureInfo.InvariantCulture);
        if (deployment.Annotation(ReplicaSetDraft.RevisionAnnotation) != text)
        {
            plan.Revision = text;
        }

        if (HasDeadline && (always || Progressing is null))
        {
            Note("Progressing", "True", reason, message);
        }
    }

    private void CopyAnnotations(ReplicaSetDraft set)
    {
        foreach ((string key, Node value) in deployment.Metadata()?["annotations"] as MapNode ?? new MapNode())
        {
            if (!NotCopied.Contains(key))
            {
                set.SetAnnotation(key, value.AsString() ?? string.Empty);
            }
        }
    }

    private MapNode MakeSet(MapNode template, int minReadySeconds)
    {
        string hash = PodTemplateHash.Of(template, collisions >= 0 ? collisions : null);
        MapNode copy = template.Clone();
        copy.EnsureMap("metadata").EnsureMap("labels")[HashLabel] = hash;
        MapNode selector = deployment.Spec()["selector"].CopyOf();
        selector.EnsureMap("matchLabels")[HashLabel] = hash;
        MapNode spec = new() { ["replicas"] = 0 };
        spec.PutCount("minReadySeconds", minReadySeconds);
        spec["selector"] = selector;
        spec["template"] = copy;
        return new MapNode
        {
            ["apiVersion"] = "apps/v1",
            ["kind"] = "ReplicaSet",
            ["metadata"] = new MapNode
            {
                ["name"] = $"{deployment.Name()}-{hash}",
                ["namespace"] = deployment.Namespace(),
                ["labels"] = copy["metadata"]!["labels"]!.DeepClone(),
                ["ownerReferences"] = new ListNode(Objects.MakeControllerReference(deployment)),
            },
            ["spec"] = spec,
        };
    }

    /// <summary>Whether both templates say the same but for the hash label.</summary>
    internal static bool SameTemplate(MapNode left, MapNode? right)
    {
        if (right is null || !Node.DeepEquals(left["spec"], right["spec"]))
        {
            return false;
        }

        return Stripped(left["metadata"]).DeepEquals(Stripped(right["metadata"]));
    }

    private static MapNode Stripped(Node? metadata)
    {
        MapNode copy = metadata.CopyOf();
        if (copy["labels"] is MapNode labels && labels.ContainsKey(HashLabel))
        {
            labels.Remove(HashLabel);
        }

        return copy;
    }
}
