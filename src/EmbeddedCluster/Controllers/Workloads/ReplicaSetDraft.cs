using System.Globalization;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Controllers.Workloads;

/// <summary>A ReplicaSet while its Deployment decides on it: what is there and what shall be.</summary>
internal sealed class ReplicaSetDraft
{
    public const string RevisionAnnotation = "deployment.kubernetes.io/revision";
    public const string HistoryAnnotation = "deployment.kubernetes.io/revision-history";
    public const string DesiredReplicasAnnotation = "deployment.kubernetes.io/desired-replicas";
    public const string MaxReplicasAnnotation = "deployment.kubernetes.io/max-replicas";
    private readonly MapNode origin;
    private readonly Dictionary<string, string> annotations = new(StringComparer.Ordinal);
    private int replicas;
    private int? minReadySeconds;
    private bool scaled;

    public ReplicaSetDraft(MapNode live)
    {
        origin = live;
        Live = live;
        replicas = live.Spec().Int("replicas", 1);
    }

    private ReplicaSetDraft(MapNode made, DateTimeOffset? createdAt)
    {
        origin = made;
        CreatedAtOfNew = createdAt;
    }

    /// <summary>Null for a ReplicaSet that has yet to be made.</summary>
    public MapNode? Live { get; }

    public string Name => origin.Name();

    public DateTimeOffset? CreatedAt => Live?.CreatedAt() ?? CreatedAtOfNew;

    public bool IsChanged => scaled || minReadySeconds is not null || annotations.Count > 0;

    public int Replicas
    {
        get => replicas;
        set
        {
            scaled |= value != replicas;
            replicas = value;
        }
    }

    public int ActualReplicas => Live?.Status().Int("replicas") ?? 0;

    public int ReadyReplicas => Live?.Status().Int("readyReplicas") ?? 0;

    public int AvailableReplicas => Live?.Status().Int("availableReplicas") ?? 0;

    public int TerminatingReplicas => Live?.Status().Int("terminatingReplicas") ?? 0;

    public long Revision => Number(RevisionAnnotation) ?? 0;

    public int? DesiredAnnotation => (int?)Number(DesiredReplicasAnnotation);

    public int? MaxAnnotation => (int?)Number(MaxReplicasAnnotation);

    private DateTimeOffset? CreatedAtOfNew { get; }

    public static ReplicaSetDraft ForNew(MapNode deployment, MapNode made) => new(made, deployment.CreatedAt() ?? DateTimeOffset.MaxValue);

    public void SetAnnotation(string key, string value)
    {
        if (Annotation(key) != value)
        {
            annotations[key] = value;
        }
    }

    public void SetScale(int desired, int most)
    {
        SetAnnotation(DesiredReplicasAnnotation, desired.ToString(CultureInfo.InvariantCulture));
        SetAnnotation(MaxReplicasAnnotation, most.ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>Raises the revision; the one it had before joins its history.</summary>
    public void SetRevision(long revision, int maxHistory)
    {
        string? before = Annotation(RevisionAnnotation);
        if (Revision >= revision)
        {
            return;
        }

        SetAnnotation(RevisionAnnotation, revision.ToString(CultureInfo.InvariantCulture));
        if (before is null)
        {
            return;
        }

        List<string> history = [.. (Annotation(HistoryAnnotation) ?? string.Empty).Split(',', StringSplitOptions.RemoveEmptyEntries), before];
        while (history.Count > 1 && history.Sum(item => item.Length + 1) > maxHistory)
        {
            history.RemoveAt(0);
        }

        SetAnnotation(HistoryAnnotation, string.Join(',', history));
    }

    public void SetMinReadySeconds(int seconds)
    {
        if (origin.Spec().Int("minReadySeconds") != seconds)
        {
            minReadySeconds = seconds;
        }
    }

    public MapNode Compose()
    {
        MapNode set = origin.Clone();
        MapNode spec = set.EnsureMap("spec");
        spec["replicas"] = replicas;
        if (minReadySeconds is { } seconds)
        {
            spec["minReadySeconds"] = seconds;
        }

        foreach ((string key, string value) in annotations)
        {
            set.EnsureMap("metadata").EnsureMap("annotations")[key] = value;
        }

        return set;
    }

    private string? Annotation(string key) => annotations.TryGetValue(key, out string? value) ? value : origin.Annotation(key);

    private long? Number(string key) =>
        long.TryParse(Annotation(key), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long value) ? value : null;
}
