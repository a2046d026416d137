using System.Globalization;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Controllers.Workloads;

/// <param name="Create">Pods to make; the completion index of each, or -1.</param>
/// <param name="Delete">Pods to delete.</param>
/// <param name="Release">Finished pods that <paramref name="Status"/> counts; they lose their finalizer once it is written. Until
/// then the status names them, so that none is counted twice after a crash.</param>
internal sealed record JobPlan(IReadOnlyList<int> Create, IReadOnlyList<MapNode> Delete, IReadOnlyList<MapNode> Release, MapNode Status, TimeSpan? RequeueAfter)
{
    /// <summary>Whether deleted pods count as failed (the Job has failed); surplus and suspended ones are just let go.</summary>
    public bool DeletedCount { get; init; }

    /// <summary>What happened to the Job as a whole, for its event: reason and message.</summary>
    public (string Type, string Reason, string Message)? Event { get; init; }
}

/// <summary>The decisions of the Job controller for one round.</summary>
internal sealed partial class Jobs
{
    public const string Finalizer = "batch.kubernetes.io/job-tracking";
    public const string IndexKey = "batch.kubernetes.io/job-completion-index";
    private static readonly TimeSpan FirstBackoff = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LongestBackoff = TimeSpan.FromMinutes(10);
    private readonly MapNode job;
    private readonly MapNode spec;
    private readonly DateTimeOffset now;
    private readonly List<MapNode> active;
    private readonly List<MapNode> terminating;
    private readonly List<MapNode> fresh;
    private readonly List<MapNode> unreleased;
    private readonly ListNode conditions;
    private readonly HashSet<int> completed;
    private readonly int succeeded;
    private readonly int failed;
    private readonly DateTimeOffset? lastFailure;
    private TimeSpan? requeue;

    private Jobs(MapNode job, IReadOnlyList<MapNode> pods, DateTimeOffset now)
    {
        this.job = job;
        this.now = now;
        spec = job.Spec();
        MapNode status = job.Status();
        active = [.. pods.Where(pod => pod.IsActive())];
        terminating = [.. pods.Where(pod => pod.IsDeleting() && !pod.IsFinished())];
        HashSet<string> counted = [.. (status["uncountedTerminatedPods"]?["succeeded"]).Strings(), .. (status["uncountedTerminatedPods"]?["failed"]).Strings()];
        unreleased = [.. pods.Where(pod => IsOver(pod) && pod.HasFinalizer(Finalizer))];
        fresh = [.. unreleased.Where(pod => !counted.Contains(pod.Uid()))];
        conditions = Counting.CopyConditions(status);
        completed = ParseIndexes(status.Text("completedIndexes"));
        int newlySucceeded = 0;
        foreach (MapNode pod in fresh.Where(pod => pod.Phase() == "Succeeded"))
        {
            // Of an index only the first success counts.
            newlySucceeded += !IsIndexed || completed.Add(IndexOf(pod)) ? 1 : 0;
        }

        succeeded = IsIndexed ? completed.Count(index => index < Completions) : status.Int("succeeded") + newlySucceeded;
        failed = status.Int("failed") + fresh.Count(pod => pod.Phase() != "Succeeded") + RestartsOfActive();
        lastFailure = pods.Where(pod => pod.Phase() == "Failed").Select(FinishedAt).Max();
    }

    private bool IsIndexed => spec.Text("completionMode") == "Indexed";

    private int? Completions => spec["completions"] is { } count ? (int?)count.AsInteger() : null;

    private int Parallelism => spec.Int("parallelism", 1);

    public static JobPlan Decide(MapNode job, IReadOnlyList<MapNode> pods, DateTimeOffset now) => new Jobs(job, pods, now).Decide();

    public static bool IsFinished(MapNode job) => job.Status().ConditionIs("Complete", "True") || job.Status().ConditionIs("Failed", "True");

    public static int IndexOf(MapNode pod) =>
        int.TryParse(pod.Annotation(IndexKey), NumberStyles.None, CultureInfo.InvariantCulture, out int index) ? index : -1;

    /// <summary><c>0-2,5</c> as a set, and back.</summary>
    internal static HashSet<int> ParseIndexes(string text)
    {
        HashSet<int> indexes = [];
        foreach (string part in text.Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] ends = part.Split('-');
            if (int.TryParse(ends[0], NumberStyles.None, CultureInfo.InvariantCulture, out int first)
                && int.TryParse(ends[^1], NumberStyles.None, CultureInfo.InvariantCulture, out int last) && last - first < 100_000)
            {
                indexes.UnionWith(Enumerable.Range(first, Math.Max(0, last - first + 1)));
            }
        }

        return indexes;
    }

    internal static string FormatIndexes(IEnumerable<int> indexes)
    {
        List<string> parts = [];
        int[] sorted = [.. indexes.Order()];
        for (int i = 0; i < sorted.Length;)
        {
            int end = i;
            while (end + 1 < sorted.Length && sorted[end + 1] == sorted[end] + 1)
            {
                end++;
            }

            parts.Add(end == i ? Number(sorted[i]) : end == i + 1 ? $"{Number(sorted[i])},{Number(sorted[end])}" : $"{Number(sorted[i])}-{Number(sorted[end])}");
            i = end + 1;
        }

        return string.Join(',', parts);
    }

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);

    // A pod that is deleted counts once it can do no more work: upstream takes it as failed when its deletion begins.
    private bool IsOver(MapNode pod) =>
        pod.IsFinished() || (pod.IsDeleting() && spec.Text("podReplacementPolicy") != "Failed");

    private int RestartsOfActive() =>
        spec["template"]?["spec"]?["restartPolicy"]?.AsString() == "OnFailure" ? active.Sum(Pods.Restarts) : 0;

    private static DateTimeOffset? FinishedAt(MapNode pod) =>
        pod.Status()["containerStatuses"].Maps().Select(container => container.At("state", "terminated", "finishedAt").Time()).Max()
        ?? (pod.Status().Condition("Ready")?["lastTransitionTime"]).Time() ?? pod.CreatedAt();

    private JobPlan Decide()
    {
        if (IsFinished(job))
        {
            MapNode final = job.Status().Clone();
            final["uncountedTerminatedPods"] = new MapNode();
            return new JobPlan([], job.IsDeleting() ? [] : active, unreleased, final, null);
        }

        bool suspended = spec.Flag("suspend");
        DateTimeOffset? started = job.Status()["startTime"].Time();
        if (started is null && !suspended)
        {
            started = now;
        }

        if (Verdict(started) is { } verdict)
        {
            return Finish(verdict, started);
        }

        (string, string, string)? happened = NoteSuspension(suspended, ref started);
        List<int> create = [];
        List<MapNode> delete = [];
        if (suspended)
        {
            delete.AddRange(active);
        }
        else if (!job.IsDeleting())
        {
            Manage(create, delete);
        }

        MapNode status = Status(started, active.Count - delete.Count + create.Count, terminating.Count);
        return new JobPlan(create, delete, unreleased, status, requeue) { Event = happened };
    }
}
