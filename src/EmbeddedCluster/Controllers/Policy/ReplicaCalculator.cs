using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Controllers.Policy;

/// <summary>How far a ratio of usage to target may be from 1 before it moves anything, in either direction.</summary>
internal readonly record struct Tolerance(double Down, double Up)
{
    public static readonly Tolerance Default = new(0.1, 0.1);

    public bool Covers(double ratio) => ratio >= 1.0 - Down && ratio <= 1.0 + Up;
}

/// <summary>How many replicas one metric asks for, and what it measured.</summary>
/// <param name="Utilization">Percent of the request; null for plain values.</param>
/// <param name="Millis">The measured value: an average per pod, or the whole.</param>
internal readonly record struct Proposal(int Replicas, int? Utilization, long Millis);

/// <summary>
/// The documented formula, ceil(replicas × usage / target), with its care for pods that are not ready or have no figures
/// (kubernetes.io/docs/concepts/workloads/autoscaling/horizontal-pod-autoscale, "Algorithm details").
/// </summary>
internal sealed class ReplicaCalculator(int current, int reported, IReadOnlyList<MapNode> pods, Tolerance tolerance, DateTimeOffset now)
{
    private static readonly TimeSpan CpuInitialization = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan InitialReadinessDelay = TimeSpan.FromSeconds(30);

    public Proposal OfUtilization(IReadOnlyDictionary<string, PodFigure> figures, int target, string resource, string container)
    {
        RequirePods();
        Dictionary<string, long> requests = Requests(resource, container);
        PodGroups groups = Group(figures, resource);
        (int Percent, long Average) Measure(Dictionary<string, long> values)
        {
            List<string> known = [.. values.Keys.Where(requests.ContainsKey)];
            long total = known.Sum(name => requests[name]);
            return total == 0
                ? throw new MetricsException("no metrics returned matched known pods")
                : ((int)(known.Sum(name => values[name]) * 100 / total), known.Sum(name => values[name]) / known.Count);
        }

        (int percent, long average) = Measure(groups.Measured);
        int replicas = Settle(groups, (double)percent / target, name => requests[name] * Math.Max(100, target) / 100, values => (double)Measure(values).Percent / target, idleWhenEven: false);
        return new Proposal(replicas, percent, average);
    }

    /// <param name="resource">Empty for a custom metric.</param>
    public Proposal OfAverage(IReadOnlyDictionary<string, PodFigure> figures, long target, string resource)
    {
        RequirePods();
        PodGroups groups = Group(figures, resource);
        static long Average(Dictionary<string, long> values) => values.Values.Sum() / values.Count;
        long average = Average(groups.Measured);
        int replicas = Settle(groups, (double)average / target, _ => target, values => (double)Average(values) / target, idleWhenEven: true);
        return new Proposal(replicas, null, average);
    }

    /// <summary>A value that the whole target shares.</summary>
    public Proposal OfValue(long value, long target)
    {
        double ratio = (double)value / target;
        if (current == 0)
        {
            return new Proposal(Ceiling(ratio), null, value);
        }

        if (tolerance.Covers(ratio))
        {
            return new Proposal(current, null, value);
        }

        RequirePods();
        int ready = pods.Count(pod => pod.Status().Text("phase") == "Running" && pod.Status().ConditionIs("Ready", "True"));
        return new Proposal(Ceiling(ratio * ready), null, value);
    }

    /// <summary>A value of which every pod gets its share.</summary>
    public Proposal OfValuePerPod(long value, long target)
    {
        double ratio = value / ((double)target * reported);
        int replicas = tolerance.Covers(ratio) ? reported : Ceiling((double)value / target);
        return new Proposal(replicas, null, reported == 0 ? value : (long)Math.Ceiling((double)value / reported));
    }

    private static int Ceiling(double value) => (int)Math.Clamp(Math.Ceiling(value), int.MinValue, int.MaxValue);

    private void RequirePods()
    {
        if (pods.Count == 0)
        {
            throw new MetricsException("no pods returned by selector while calculating replica count");
        }
    }

    // Missing pods count as idle when scaling up and as fully used when scaling down, unready ones as idle: never against the direction.
    private int Settle(PodGroups groups, double ratio, Func<string, long> full, Func<Dictionary<string, long>, double> measure, bool idleWhenEven)
    {
        bool scalesUpWithUnready = groups.Unready.Count > 0 && ratio > 1.0;
        if (!scalesUpWithUnready && groups.Missing.Count == 0)
        {
            return tolerance.Covers(ratio) ? current : Ceiling(ratio * groups.Ready);
        }

        Dictionary<string, long> values = new(groups.Measured, StringComparer.Ordinal);
        foreach (string name in groups.Missing)
        {
            if (ratio < 1.0)
            {
                values[name] = full(name);
            }
            else if (ratio > 1.0 || idleWhenEven)
            {
                values[name] = 0;
            }
        }

        foreach (string name in scalesUpWithUnready ? groups.Unready : [])
        {
            values[name] = 0;
        }

        double adjusted = measure(values);
        if (tolerance.Covers(adjusted) || (ratio < 1.0 && adjusted > 1.0) || (ratio > 1.0 && adjusted < 1.0))
        {
            return current;
        }

        int replicas = Ceiling(adjusted * values.Count);
        bool turns = (adjusted < 1.0 && replicas > current) || (adjusted > 1.0 && replicas < current);
        return turns ? current : replicas;
    }

    private Dictionary<string, long> Requests(string resource, string container)
    {
        Dictionary<string, long> requests = new(StringComparer.Ordinal);
        foreach (MapNode pod in pods)
        {
            if (PodRequests.Missing(pod, resource, container) is { } culprit)
            {
                throw new MetricsException($"missing request for {resource} in container {culprit} of Pod {pod.Name()}");
            }

            requests[pod.Name()] = PodRequests.Of(pod, resource, container) ?? 0;
        }

        return requests;
    }

    private PodGroups Group(IReadOnlyDictionary<string, PodFigure> figures, string resource)
    {
        PodGroups groups = new();
        Dictionary<string, long> values = figures.ToDictionary(figure => figure.Key, figure => figure.Value.Millis, StringComparer.Ordinal);
        foreach (MapNode pod in pods)
        {
            string name = pod.Name();
            if (pod.IsDeleting() || pod.Status().Text("phase") == "Failed")
            {
                values.Remove(name);
            }
            else if (pod.Status().Text("phase") == "Pending")
            {
                groups.Unready.Add(name);
                values.Remove(name);
            }
            else if (!figures.TryGetValue(name, out PodFigure figure))
            {
                groups.Missing.Add(name);
            }
            else if (resource == "cpu" && IsUnready(pod, figure))
            {
                groups.Unready.Add(name);
                values.Remove(name);
            }
            else
            {
                groups.Ready++;
            }
        }

        groups.Measured = values.Count > 0 ? values : throw new MetricsException("did not receive metrics for any ready pods");
        return groups;
    }

    // A starting program burns CPU that says nothing about its load.
    private bool IsUnready(MapNode pod, PodFigure figure)
    {
        if (pod.Status().Condition("Ready") is not { } ready || pod.Status()["startTime"].Time() is not { } started)
        {
            return true;
        }

        bool isFalse = ready.Text("status") == "False";
        DateTimeOffset changed = ready["lastTransitionTime"].Time() ?? DateTimeOffset.MinValue;
        return started + CpuInitialization > now
            ? isFalse || figure.At < changed + figure.Window
            : isFalse && started + InitialReadinessDelay > changed;
    }

    private sealed class PodGroups
    {
        public int Ready { get; set; }

        public List<string> Unready { get; } = [];

        public List<string> Missing { get; } = [];

        public Dictionary<string, long> Measured { get; set; } = [];
    }
}
