using System.Collections.Concurrent;
using Bowline.Applications.Model;
using Bowline.Delivery.Health;
using Bowline.Delivery.Planning;

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

    /// <summary>What is declared now; before any application is told of its new state.</summary>
    public void Declare(IReadOnlyList<ApplicationSpec> specs, IReadOnlyList<RenderedApplication> rendered)
    {
        Dictionary<string, string> fingerprints = rendered.ToDictionary(application => application.Spec.Name, application => application.Fingerprint, StringComparer.Ordinal);
        declared = specs.DistinctBy(spec => spec.Name).ToDictionary(spec => spec.Name, spec => new Declared(spec.DependsOn, fingerprints.GetValueOrDefault(spec.Name)), StringComparer.Ordinal);
    }

    /// <summary>Takes in how an application stands.</summary>
    /// <returns>Those that wait for it, when that may concern them.</returns>
    public IReadOnlyList<string> Report(string application, Standing standing)
    {
        Standing? before = standings.GetValueOrDefault(application);
        standings[application] = standing;
        return before == standing ? [] : [.. declared.Where(other => other.Value.DependsOn.Contains(application)).Select(other => other.Key)];
    }

    /// <summary>The gate of one application.</summary>
    public ISyncGate GateOf(string application) => new Gate(this, application);

    /// <summary>Whether waiting may still end: some application that it waits for is not settled.</summary>
    public bool MayMove(string application) =>
        Cycle(application) is null && DependsOn(application).Any(name => declared.ContainsKey(name) && Why(name).Length > 0 && standings.GetValueOrDefault(name) is not { IsSettled: true } && declared[name].Fingerprint is not null);

    private IReadOnlyList<string> DependsOn(string application) => declared.TryGetValue(application, out Declared? known) ? known.DependsOn : [];

    /// <summary>Why the application is not ready for those that depend on it; empty when it is.</summary>
    private string Why(string name)
    {
        if (!declared.TryGetValue(name, out Declared? wanted))
        {
            return $"there is no application {name}";
        }

        if (wanted.Fingerprint is null)
        {
            return $"{name} cannot be rendered";
        }

        return standings.GetValueOrDefault(name) switch
        {
            null => $"{name} has not been looked at yet",
            { } standing when standing.Fingerprint != wanted.Fingerprint => $"{name} has a newer commit to deliver",
            { Sync: SyncState.Synced, Health: HealthStatus.Healthy or HealthStatus.Suspended } => string.Empty,
            { } standing => $"{name} is {standing.Sync} and {standing.Health}{(standing.Message.Length > 0 ? $" ({standing.Message})" : string.Empty)}",
        };
    }

    /// <summary>The way from an application back to itself; null when there is none.</summary>
    private IReadOnlyList<string>? Cycle(string start)
    {
        Dictionary<string, string> reachedFrom = new(StringComparer.Ordinal);
        Queue<string> open = new([start]);
        while (open.TryDequeue(out string? at))
        {
            foreach (string next in DependsOn(at))
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

    private sealed record Declared(IReadOnlyList<string> DependsOn, string? Fingerprint);

    private sealed class Gate(Dependencies all, string application) : ISyncGate
    {
        private const string Name = "depends-on";

        public GateDecision Decide(SyncPlan plan)
        {
            if (all.Cycle(application) is { } cycle)
            {
                return new GateDecision(Name, GateVerdict.Deny, $"the applications depend on each other in a circle: {string.Join(" -> ", cycle)}");
            }

            string[] missing = [.. all.DependsOn(application).Select(all.Why).Where(why => why.Length > 0)];
            return missing.Length == 0 ? new GateDecision(Name, GateVerdict.Allow, string.Empty) : new GateDecision(Name, GateVerdict.Wait, $"waits: {string.Join("; ", missing)}");
        }
    }
}
