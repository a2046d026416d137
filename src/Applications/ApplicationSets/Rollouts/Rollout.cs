using Bowline.Resources.Model;

namespace Bowline.Applications.ApplicationSets.Rollouts;

/// <summary>What a rollout has come to and what it does next.</summary>
/// <param name="Progress">Every application that there is, in the order of names.</param>
/// <param name="Sync">Those to be synced now.</param>
/// <param name="Step">The step under way, from 1; null when all are done.</param>
internal sealed record RolloutDecision(IReadOnlyList<ApplicationProgress> Progress, IReadOnlySet<string> Sync, int? Step);

/// <summary>
/// Argo CD's progressive syncs (https://argo-cd.readthedocs.io/en/stable/operator-manual/applicationset/Progressive-Syncs/): an application
/// waits until every one of the steps before is healthy, is then synced, at most so many of a step at once, and is done when it is
/// synced and healthy.
/// </summary>
internal static class Rollout
{
    /// <summary>How long an application that has seen a new commit waits for those of earlier steps to see it, too.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(30);

    /// <param name="desired">What the set wants, by name.</param>
    /// <param name="live">What there is, by name.</param>
    /// <param name="changing">Those that the set is about to change.</param>
    /// <param name="before">What the set's status says.</param>
    public static RolloutDecision Decide(RolloutSteps steps, IReadOnlyDictionary<string, MapNode> desired, IReadOnlyDictionary<string, MapNode> live, IReadOnlySet<string> changing, IReadOnlyList<ApplicationProgress> before, DateTimeOffset now)
    {
        Dictionary<string, ApplicationProgress> known = before.GroupBy(item => item.Application).ToDictionary(items => items.Key, items => items.First(), StringComparer.Ordinal);
        ApplicationProgress[] progress = [.. live.OrderBy(item => item.Key, StringComparer.Ordinal)
            .Select(item => Advance(known.GetValueOrDefault(item.Key), item.Value, steps.StepOf(desired.GetValueOrDefault(item.Key) ?? item.Value), changing.Contains(item.Key), now))];
        bool AllThere(int step) => desired.All(item => live.ContainsKey(item.Key) || steps.StepOf(item.Value) != step);
        int? under = Enumerable.Range(1, steps.Count).Where(step => !AllThere(step) || progress.Any(item => item.Step == step && item.Status != ApplicationProgress.Healthy)).Select(step => (int?)step).FirstOrDefault();
        Release(progress, steps, live, under ?? steps.Count, now);
        HashSet<string> sync = [.. progress
            .Where(item => item.Status == ApplicationProgress.Pending && SyncOf(live[item.Application]) == "OutOfSync" && live[item.Application]["operation"] is null && !IsRunning(live[item.Application]))
            .Select(item => item.Application)];
        return new RolloutDecision(progress, sync, under);
    }

    private static ApplicationProgress Advance(ApplicationProgress? before, MapNode application, int step, bool differs, DateTimeOffset now)
    {
        IReadOnlyList<string> revisions = Revisions(application);
        ApplicationProgress item = (before ?? new ApplicationProgress(Name(application), ApplicationProgress.Waiting, step, "No Application status found, defaulting status to Waiting", now, revisions)) with { Step = step };

        // Files that nobody committed have no commit to differ by; that an application is out of sync again tells of them, and of drift.
        bool moved = !item.Revisions.SequenceEqual(revisions) || (item.Status == ApplicationProgress.Healthy && SyncOf(application) == "OutOfSync");
        if (moved || differs)
        {
            item = item.To(ApplicationProgress.Waiting, differs ? "Application has pending changes (spec differs), setting status to Waiting" : "Application has pending changes, setting status to Waiting", moved || item.Status != ApplicationProgress.Waiting ? now : item.Since) with { Revisions = revisions };
        }

        string health = application.At("status", "health", "status")?.AsString() ?? string.Empty;
        bool synced = SyncOf(application) == "Synced" && !differs && !IsStale(application);
        bool healthy = synced && health == "Healthy" && (PhaseOf(application) is "" or "Succeeded");
        return item.Status switch
        {
            ApplicationProgress.Waiting when healthy => item.To(ApplicationProgress.Healthy, "Application resource has synced, updating status to Healthy", now),
            ApplicationProgress.Waiting when synced => item.To(ApplicationProgress.Progressing, "Application resource has synced, updating status to Progressing", now),
            ApplicationProgress.Pending when healthy => item.To(ApplicationProgress.Healthy, "Application resource became Healthy, updating status from Pending to Healthy", now),
            ApplicationProgress.Pending when Started(application) >= item.Since.AddTicks(-(item.Since.Ticks % TimeSpan.TicksPerSecond)) => item.To(ApplicationProgress.Progressing, "Application resource became Progressing, updating status from Pending to Progressing", now),
            ApplicationProgress.Pending when HasError(application) => item.To(ApplicationProgress.Progressing, "Application resource has error and cannot sync, updating status to Progressing", now),
            ApplicationProgress.Progressing when healthy => item.To(ApplicationProgress.Healthy, "Application resource became Healthy, updating status from Progressing to Healthy", now),
            _ => item,
        };
    }

    /// <summary>Lets those go that wait in the steps up to the one under way.</summary>
    private static void Release(ApplicationProgress[] progress, RolloutSteps steps, IReadOnlyDictionary<string, MapNode> live, int until, DateTimeOffset now)
    {
        for (int step = 1; step <= until; step++)
        {
            int most = steps.MostAtOnce(step, progress.Count(item => item.Step == step));
            int moving = progress.Count(item => item.Step == step && (item.Status is ApplicationProgress.Pending or ApplicationProgress.Progressing));
            for (int i = 0; i < progress.Length; i++)
            {
                if (progress[i].Step == step && progress[i].Status == ApplicationProgress.Waiting && moving < most && !IsAhead(progress[i], progress, live, now))
                {
                    progress[i] = progress[i].To(ApplicationProgress.Pending, "Application moved to Pending status, watching for the Application resource to start Progressing", now);
                    moving++;
                }
            }
        }
    }

    /// <summary>Whether an application knows of a commit that one of an earlier step, reading the same branch, has yet to look at: it would overtake it.</summary>
    private static bool IsAhead(ApplicationProgress item, ApplicationProgress[] progress, IReadOnlyDictionary<string, MapNode> live, DateTimeOffset now) =>
        now - item.Since < Grace && progress.Any(other => other.Step > 0 && other.Step < item.Step
            && Branches(live[other.Application]).SequenceEqual(Branches(live[item.Application]))
            && !Revisions(live[other.Application]).SequenceEqual(Revisions(live[item.Application])));

    /// <summary>Whether the comparison that the status tells of was made with other sources than the application has now.</summary>
    private static bool IsStale(MapNode application) => application.At("status", "sync", "comparedTo") is MapNode compared
        && (!Node.DeepEquals(compared["source"], application.At("spec", "source")) && application.At("spec", "sources") is null);

    private static string Name(MapNode application) => application.At("metadata", "name")?.AsString() ?? string.Empty;

    private static string SyncOf(MapNode application) => application.At("status", "sync", "status")?.AsString() ?? string.Empty;

    private static string PhaseOf(MapNode application) => application.At("status", "operationState", "phase")?.AsString() ?? string.Empty;

    private static bool IsRunning(MapNode application) => PhaseOf(application) is "Running" or "Terminating";

    private static DateTimeOffset? Started(MapNode application) => ApplicationProgress.Time(application.At("status", "operationState", "startedAt"));

    private static bool HasError(MapNode application) =>
        (application.At("status", "conditions") as ListNode ?? []).Any(condition => condition["type"]?.AsString() is "InvalidSpecError" or "UnknownError");

    private static IReadOnlyList<string> Revisions(MapNode application) => application.At("status", "sync", "revisions") is ListNode { Count: > 0 } list
        ? [.. list.Select(revision => revision.AsString() ?? string.Empty)]
        : application.At("status", "sync", "revision")?.AsString() is { Length: > 0 } revision ? [revision] : [];

    private static IEnumerable<string> Branches(MapNode application) =>
        (application.At("spec", "sources") as ListNode ?? (application.At("spec", "source") is { } single ? new ListNode(single) : [])).Select(source => $"{source["repoURL"]} {source["targetRevision"]} {source["chart"]}");
}
