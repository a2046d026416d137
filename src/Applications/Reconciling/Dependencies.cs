using System.Collections.Concurrent;
using Bowline.Applications.Model;
using Bowline.Delivery.Health;
using Bowline.Delivery.Planning;
using Bowline.Resources.Model;

namespace Bowline.Applications.Reconciling;

/// <summary>How an application stands, for those that depend on it.</summary>
/// <param name="Fingerprint">The desired state that the status is about; empty while there is none.</param>
/// <param name="IsSettled">Whether it will not get further by itself.</param>
public sealed record Standing(string Fingerprint, SyncState Sync, HealthStatus Health, bool IsSettled, string Message);

/// <summary>
/// Who waits for whom, over all applications and clusters of a run. An application counts as ready only in the state that the
/// repository wants of it now, so that one commit that changes both is delivered in order.
/// </summary>
public sealed class Dependencies
{
    private readonly ConcurrentDictionary<string, Standing> standings = new(StringComparer.Ordinal);
    private volatile IReadOnlyDictionary<string, Declared> declared = new Dictionary<string, Declared>();
    private volatile ILookup<string, string> dependents = Array.Empty<string>().ToLookup(name => name);

    /// <summary>How applications stand that others deliver to the same hub; null for one that there is not.</summary>
    public Func<string, Standing?> Elsewhere { get; set; } = static _ => null;

    private const string GateName = "depends-on";

    /// <summary>What is declared now; before any application is told of its new state.</summary>
    /// <param name="clusterOf">Where an application lives, since objects that are depended on are its cluster's.</param>
    public void Declare(IReadOnlyList<ApplicationSpec> specs, IReadOnlyList<RenderedApplication> rendered, Func<string, string>? clusterOf = null)
    {
        clusterOf ??= static _ => string.Empty;
        ILookup<(string, ResourceId), string> makers = MakersOf([.. specs.SelectMany(spec => spec.DependsOnObjects)], rendered, clusterOf);
        Dictionary<string, string> fingerprints = rendered.ToDictionary(application => application.Spec.Name, application => application.Fingerprint, StringComparer.Ordinal);
        declared = specs.DistinctBy(spec => spec.Name).ToDictionary(spec => spec.Name, spec => new Declared(spec, fingerprints.GetValueOrDefault(spec.Name))
        {
            Makers = spec.DependsOnObjects.Count == 0 ? [] : [.. spec.DependsOnObjects.SelectMany(id => makers[(clusterOf(spec.Name), id)]).Distinct()],
        }, StringComparer.Ordinal);
        dependents = declared.SelectMany(other => other.Value.WaitsFor.Select(name => (Name: name, Waiting: other.Key))).ToLookup(pair => pair.Name, pair => pair.Waiting, StringComparer.Ordinal);
    }

    /// <summary>Takes in how an application stands.</summary>
    /// <returns>Those that wait for it, when that may concern them.</returns>
    public IReadOnlyList<string> Report(string application, Standing standing)
    {
        Standing? before = standings.GetValueOrDefault(application);
        standings[application] = standing;
        return before == standing ? [] : DependentsOf(application);
    }

    /// <summary>Those that wait for an application.</summary>
    public IReadOnlyList<string> DependentsOf(string application) => [.. dependents[application]];

    /// <summary>The gate of one application.</summary>
    public ISyncGate GateOf(string application) => new Gate(this, application);

    /// <summary>Whether waiting may still end: some application that it waits for is not settled.</summary>
    public bool MayMove(string application) =>
        Cycle(application) is null && WaitsFor(application).Any(name => declared.TryGetValue(name, out Declared? known) && known.Fingerprint is not null && standings.GetValueOrDefault(name) is not { IsSettled: true });

    private IEnumerable<string> WaitsFor(string application) => declared.TryGetValue(application, out Declared? known) ? known.WaitsFor : [];

    /// <summary>Applications that deliver objects which some application depends on.</summary>
    private static ILookup<(string, ResourceId), string> MakersOf(HashSet<ResourceId> wanted, IReadOnlyList<RenderedApplication> rendered, Func<string, string> clusterOf) =>
        (wanted.Count == 0 ? [] : rendered.SelectMany(application => application.Claims.Objects.Where(wanted.Contains).Select(id => (Key: (clusterOf(application.Spec.Name), id), application.Spec.Name)))).ToLookup(made => made.Key, made => made.Name);

    /// <summary>Why the application is not ready for those that depend on it; empty when it is.</summary>
    /// <param name="ready">When it is, if somebody says so in his own words.</param>
    private string Why(string name, ReadyExpression? ready)
    {
        if (!declared.TryGetValue(name, out Declared? wanted))
        {
            return Elsewhere(name) is { } other ? Why(name, other, ready) : $"there is no application {name}";
        }

        if (wanted.Fingerprint is null)
        {
            return $"{name} cannot be rendered";
        }

        return standings.GetValueOrDefault(name) switch
        {
            null => $"{name} has not been looked at yet",
            { } standing when standing.Fingerprint != wanted.Fingerprint => $"{name} has a newer commit to deliver",
            { } standing => Why(name, standing, ready),
        };
    }

    private static string Why(string name, Standing standing, ReadyExpression? ready) => standing switch
    {
        _ when ready is not null => ready.Why(AsObject(name, standing)) is { Length: > 0 } why ? $"{name}: {why}" : string.Empty,
        { Sync: SyncState.Synced, Health: HealthStatus.Healthy or HealthStatus.Suspended } => string.Empty,
        _ => $"{name} is {standing.Sync} and {standing.Health}{(standing.Message.Length > 0 ? $" ({standing.Message})" : string.Empty)}",
    };

    /// <summary>An application as an expression sees it: what Argo CD's own object says of these.</summary>
    private static MapNode AsObject(string name, Standing standing) => new()
    {
        ["apiVersion"] = "argoproj.io/v1alpha1",
        ["kind"] = "Application",
        ["metadata"] = new MapNode { ["name"] = name },
        ["status"] = new MapNode
        {
            ["sync"] = new MapNode { ["status"] = standing.Sync.ToString() },
            ["health"] = new MapNode { ["status"] = standing.Health.ToString(), ["message"] = standing.Message },
        },
    };

    /// <summary>The way from an application back to itself; null when there is none.</summary>
    private IReadOnlyList<string>? Cycle(string start)
    {
        Dictionary<string, string> reachedFrom = new(StringComparer.Ordinal);
        Queue<string> open = new([start]);
        while (open.TryDequeue(out string? at))
        {
            foreach (string next in WaitsFor(at))
            {
                if (next == start)
                {
                    List<string> way = [start];
                    for (string back = at; back != start; back = reachedFrom[back])
                    {
                        way.Insert(0, back);
                    }

                    return [start, .. way];
                }

                if (reachedFrom.TryAdd(next, at))
                {
                    open.Enqueue(next);
                }
            }
        }

        return null;
    }

    private sealed record Declared(ApplicationSpec Spec, string? Fingerprint)
    {
        /// <summary>Applications that deliver the objects it depends on.</summary>
        public IReadOnlyList<string> Makers { get; init; } = [];

        public IEnumerable<string> WaitsFor => Makers.Count == 0 ? Spec.DependsOn : Spec.DependsOn.Union(Makers);
    }

    private sealed class Gate(Dependencies all, string application) : ISyncGate
    {
        public GateDecision Decide(SyncPlan plan)
        {
            if (all.Cycle(application) is { } cycle)
            {
                return new GateDecision(GateName, GateVerdict.Deny, $"the applications depend on each other in a circle: {string.Join(" -> ", cycle)}");
            }

            string[] missing = all.declared.GetValueOrDefault(application) is not { Spec: var spec } ? [] : [.. spec.DependsOn.Select(name => all.Why(name, spec.ReadyWhen)).Where(why => why.Length > 0)];
            return missing.Length == 0 ? new GateDecision(GateName, GateVerdict.Allow, string.Empty) : new GateDecision(GateName, GateVerdict.Wait, $"waits: {string.Join("; ", missing)}");
        }
    }
}
