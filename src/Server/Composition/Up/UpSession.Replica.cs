using System.Collections.Concurrent;
using Bowline.Applications.Hub;
using Bowline.Applications.Model;
using Bowline.Applications.Reconciling;
using Bowline.Delivery.Health;
using Bowline.Resources.Model;
using Bowline.Server.Monitoring;

namespace Bowline.Server.Composition.Up;

/// <summary>What is different where several processes share a hub: each has its own applications, for as long as its Lease is held.</summary>
public sealed partial class UpSession
{
    private readonly ConcurrentDictionary<string, DateTimeOffset> counted = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<(string Application, AttemptPhase Phase), long> syncs = new();

    /// <summary>Whether the loop has ended although nobody asked it to.</summary>
    internal bool IsBroken => following.IsFaulted || listening.IsFaulted;

    internal IReadOnlyList<SyncCount> Syncs => [.. syncs.Select(count => new SyncCount(count.Key.Application, count.Key.Phase.ToString(), count.Value)).OrderBy(count => count.Application, StringComparer.Ordinal)];

    internal IReadOnlyList<DeliveredStanding> Standings => [.. runners.Values.Select(running => StandingOf(running.Runner.Status, running.Runner.Application.Spec)).OrderBy(standing => standing.Status.Name, StringComparer.Ordinal)];

    private static DeliveredStanding StandingOf(ApplicationStatus status, ApplicationSpec spec) =>
        new(status, spec.Project, spec.Sources is [{ RepoUrl: var url }, ..] ? Bowline.Sources.Git.RepositoryUrl.Redact(url) : string.Empty, spec.Destination.Server);

    /// <summary>Whether this process delivers the application at this moment.</summary>
    private bool Delivers(string application) => options.Replica is not { } replica || replica.Owns(application);

    /// <summary>Whether it is for this process to clear away what an application left. One that lives on in the hub is not gone, whoever delivers it, or nobody.</summary>
    private bool MayRemove(string application) =>
        Delivers(application) && (hub?.Find(application) is not { } held || (held.At("metadata", "deletionTimestamp") is not null && !ApplicationHub.IsLeftAlone(held)));

    /// <summary>What waits for an application of another replica looks again.</summary>
    private void TellOfOthers(string application)
    {
        foreach (string dependent in Delivers(application) ? [] : dependencies.DependentsOf(application))
        {
            if (runners.TryGetValue(dependent, out Running? running))
            {
                running.Runner.Signal();
            }
        }
    }

    /// <summary>How an application of another replica stands, by what that one wrote to its object.</summary>
    private Standing? StandingElsewhere(string application) => hub?.Find(application) is not { } held || held.At("metadata", "deletionTimestamp") is not null ? null : new Standing(
        string.Empty,
        Enum.TryParse(held.At("status", "sync", "status")?.AsString(), out SyncState sync) ? sync : SyncState.Unknown,
        Enum.TryParse(held.At("status", "health", "status")?.AsString(), out HealthStatus health) ? health : HealthStatus.Unknown,
        IsSettled: false,
        held.At("status", "health", "message")?.AsString() ?? string.Empty);

    private void Reported(ApplicationReport report)
    {
        Count(report);
        Report(report);
    }

    private void Count(ApplicationReport report)
    {
        // Of one that was done before and is only told now, nothing ran here.
        if (report.Attempt is { Finished: not null, Phase: AttemptPhase.Succeeded or AttemptPhase.Failed } attempt and not { Order.IsResumed: true, Steps.Count: 0 } && counted.GetValueOrDefault(report.Status.Name) != attempt.Started)
        {
            counted[report.Status.Name] = attempt.Started;
            syncs.AddOrUpdate((report.Status.Name, attempt.Phase), 1, static (_, count) => count + 1);
        }
    }
}
