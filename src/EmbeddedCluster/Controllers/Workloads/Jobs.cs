using System.Globalization;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Controllers.Workloads;

/// <summary>A pod to make.</summary>
/// <param name="Index">Its completion index; -1 when the Job has none.</param>
/// <param name="Failures">How often its index failed before; -1 when that is not counted per index.</param>
/// <param name="Ignored">Failures of its index that a policy ignored.</param>
internal readonly record struct JobPod(int Index, int Failures, int Ignored);

/// <param name="Create">Pods to make.</param>
/// <param name="Delete">Pods to delete.</param>
/// <param name="Release">Finished pods that <paramref name="Status"/> counts; they lose their finalizer once it is written. Until
/// then the status names them, so that none is counted twice after a crash.</param>
internal sealed record JobPlan(IReadOnlyList<JobPod> Create, IReadOnlyList<MapNode> Delete, IReadOnlyList<MapNode> Release, MapNode Status, TimeSpan? RequeueAfter)
{
    /// <summary>Whether deleted pods count as failed (the Job has failed); surplus and suspended ones are just let go.</summary>
    public bool DeletedCount { get; init; }

    /// <summary>What happened to the Job as a whole, for its events.</summary>
    public IReadOnlyList<(string Type, string Reason, string Message)> Events { get; init; } = [];
}

/// <summary>The decisions of the Job controller for one round.</summary>
internal sealed partial class Jobs
{
    public const string Finalizer = "batch.kubernetes.io/job-tracking";
    public const string IndexKey = "batch.kubernetes.io/job-completion-index";
    public const string FailuresKey = "batch.kubernetes.io/job-index-failure-count";
    public const string IgnoredKey = "batch.kubernetes.io/job-index-ignored-failure-count";
    private const int MostPerRound = 500;
    private static readonly TimeSpan FirstBackoff = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LongestBackoff = TimeSpan.FromMinutes(10);
    private readonly MapNode job;
    private readonly MapNode spec;
    private readonly DateTimeOffset now;
    private readonly IReadOnlyList<MapNode> pods;
    private readonly List<MapNode> active;
    private readonly int terminating;
    private readonly List<MapNode> unreleased;
    private readonly ListNode conditions;
    private readonly HashSet<int> completed;
    private readonly HashSet<int> failedIndexes;
    private readonly Dictionary<int, MapNode> waiting;
    private readonly int succeeded;
    private int failed;
    private TimeSpan? requeue;

    private Jobs(MapNode job, IReadOnlyList<MapNode> pods, DateTimeOffset now)
    {
        this.job = job;
        this.now = now;
        this.pods = pods;
        spec = job.Spec();
        MapNode status = job.Status();
        active = [.. pods.Where(pod => pod.IsActive())];
        terminating = pods.Count(pod => pod.IsDeleting() && !pod.IsFinished());
        HashSet<string> counted = [.. (status["uncountedTerminatedPods"]?["succeeded"]).Strings(), .. (status["uncountedTerminatedPods"]?["failed"]).Strings()];
        unreleased = [.. pods.Where(pod => IsOver(pod) && pod.HasFinalizer(Finalizer))];
        List<MapNode> fresh = [.. unreleased.Where(pod => !counted.Contains(pod.Uid()) && IsValid(pod))];
        conditions = Counting.CopyConditions(status);
        completed = JobIndexes.Parse(status.Text("completedIndexes"), Limit);
        int newlySucceeded = 0;
        foreach (MapNode pod in fresh.Where(pod => pod.Phase() == "Succeeded"))
        {
            // Of an index only the first success counts.
            newlySucceeded += !IsIndexed || completed.Add(IndexOf(pod)) ? 1 : 0;
        }

        succeeded = IsIndexed ? completed.Count : status.Int("succeeded") + newlySucceeded;
        failedIndexes = CountsPerIndex ? JobIndexes.Parse(status.Text("failedIndexes"), Limit) : [];
        failedIndexes.UnionWith(CountsPerIndex ? pods.Where(pod => IsValid(pod) && FailsIndex(pod)).Select(IndexOf) : []);
        waiting = CountsPerIndex && !IsEnding ? LastFailures() : [];
        // The last failure of an index is not counted, and keeps its finalizer, until there is a pod in its place that takes over the count.
        unreleased.RemoveAll(waiting.ContainsValue);
        failed = status.Int("failed") + fresh.Except(waiting.Values).Count(IsCountedFailure);
    }

    private bool IsIndexed => spec.Text("completionMode") == "Indexed";

    private bool CountsPerIndex => IsIndexed && spec["backoffLimitPerIndex"] is not null;

    private int? Completions => spec["completions"] is { } count ? (int?)count.AsInteger() : null;

    private int Limit => Completions ?? int.MaxValue;

    private int Parallelism => spec.Int("parallelism", 1);

    private bool IsSuspended => spec.Flag("suspend");

    private bool ReplacesFailedOnly => spec.Text("podReplacementPolicy") == "Failed";

    private bool IsEnding => job.IsDeleting() || conditions.Maps().Any(condition => condition.Text("type") is "FailureTarget" or "SuccessCriteriaMet");

    public static JobPlan Decide(MapNode job, IReadOnlyList<MapNode> pods, DateTimeOffset now) => new Jobs(job, pods, now).Decide();

    public static bool IsFinished(MapNode job) => job.Status().ConditionIs("Complete", "True") || job.Status().ConditionIs("Failed", "True");

    public static int IndexOf(MapNode pod) =>
        int.TryParse(pod.Annotation(IndexKey), NumberStyles.None, CultureInfo.InvariantCulture, out int index) ? index : -1;

    private bool IsValid(MapNode pod) => !IsIndexed || (IndexOf(pod) is var index && index >= 0 && index < Limit);

    private bool IsOver(MapNode pod) => pod.Phase() == "Succeeded" || IsFailed(pod);

    // A pod that is deleted counts once it can do no more work: taken as failed when its deletion begins, unless only failed ones are replaced.
    private bool IsFailed(MapNode pod) =>
        pod.Phase() == "Failed" || (!ReplacesFailedOnly && pod.IsDeleting() && pod.Phase() != "Succeeded");

    private bool IsCountedFailure(MapNode pod) => IsFailed(pod) && Match(pod).Counts;

    private static DateTimeOffset? FinishedAt(MapNode pod) =>
        pod.Status()["containerStatuses"].Maps().Select(container => container.At("state", "terminated", "finishedAt").Time()).Max()
        ?? (pod.Status().Condition("Ready")?["lastTransitionTime"]).Time() ?? pod.Metadata()?["deletionTimestamp"].Time() ?? pod.CreatedAt();

    private JobPlan Decide()
    {
        if (IsFinished(job))
        {
            MapNode final = job.Status().Clone();
            final["uncountedTerminatedPods"] = new MapNode();
            return new JobPlan([], job.IsDeleting() ? [] : active, unreleased, final, null);
        }

        DateTimeOffset? started = job.Status()["startTime"].Time();
        if (started is null && !IsSuspended)
        {
            started = now;
        }

        if (Verdict(started) is { } verdict)
        {
            return Finish(verdict, started);
        }

        List<JobPod> create = [];
        List<MapNode> delete = [];
        if (!job.IsDeleting())
        {
            Manage(create, delete);
        }

        int left = active.Count - delete.Count + create.Count;
        if (IsComplete(left))
        {
            return Finish(new Outcome(true, "CompletionsReached", "Reached expected number of succeeded pods"), started);
        }

        List<(string, string, string)> events = NoteSuspension(ref started);
        return new JobPlan(create, delete, unreleased, Status(started, left, delete), requeue) { Events = events };
    }

    private bool IsComplete(int left) => left == 0 && (Completions is { } completions ? succeeded >= completions : succeeded > 0);

    private void Manage(List<JobPod> create, List<MapNode> delete)
    {
        int wanted = IsSuspended ? 0
            : Completions is { } completions ? Math.Min(Math.Max(0, completions - succeeded), Parallelism)
            : succeeded > 0 ? active.Count : Parallelism;
        delete.AddRange(Surplus(Math.Max(0, active.Count - wanted)).Take(MostPerRound));
        if (delete.Count > 0 || IsSuspended)
        {
            return;
        }

        int missing = Math.Min(wanted - active.Count - (ReplacesFailedOnly ? terminating : 0), MostPerRound);
        if (missing <= 0)
        {
            return;
        }

        if (CountsPerIndex)
        {
            create.AddRange(FreeIndexes().Select(Replacement).OfType<JobPod>().Take(missing));
        }
        else if (!BacksOff())
        {
            create.AddRange(IsIndexed ? FreeIndexes().Take(missing).Select(index => new JobPod(index, -1, 0)) : Enumerable.Repeat(new JobPod(-1, -1, 0), missing));
        }
    }

    // Twins of one index first, and indexes that are wanted no more.
    private IEnumerable<MapNode> Surplus(int least)
    {
        List<MapNode> sorted = [.. active];
        sorted.Sort(Pods.CompareForDeletion);
        List<MapNode> surplus = IsIndexed
            ? [.. sorted.Where(pod => !IsValid(pod)), .. sorted.Where(IsValid).GroupBy(IndexOf).SelectMany(twins => twins.SkipLast(1))]
            : [];
        return surplus.Concat(sorted.Except(surplus).Take(Math.Max(0, least - surplus.Count)));
    }

    // After n failures in a row the next pod waits 10 s, 20 s, 40 s … from the last one.
    private bool BacksOff()
    {
        List<MapNode> over = [.. pods.Where(pod => IsOver(pod) && FinishedAt(pod) is not null)];
        DateTimeOffset? success = over.Where(pod => pod.Phase() == "Succeeded").Select(FinishedAt).Max();
        List<DateTimeOffset?> failures = [.. over.Where(pod => pod.Phase() == "Failed" && !(FinishedAt(pod) <= success)).Select(FinishedAt)];
        return Waits(failures.Count, failures.Max());
    }

    private bool Waits(int failures, DateTimeOffset? last)
    {
        if (failures == 0 || last is not { } since)
        {
            return false;
        }

        TimeSpan wait = FirstBackoff * Math.Pow(2, Math.Min(failures - 1, 10));
        // A failure that lies ahead is a clock that was set back.
        TimeSpan left = (since > now ? now : since) + (wait > LongestBackoff ? LongestBackoff : wait) - now;
        if (left <= TimeSpan.Zero)
        {
            return false;
        }

        requeue = requeue is { } earlier && earlier < left ? earlier : left;
        return true;
    }
}
