using Bowline.Applications.ArgoCd;
using Bowline.Applications.Model;
using Bowline.Resources.Model;

namespace Bowline.Applications.Projects;

/// <summary>A time in which a project's applications may, or may not, be synced.</summary>
/// <param name="Problem">Why it cannot be read; empty when it can. A window that cannot be read lets nothing through.</param>
public sealed record SyncWindow(bool Allows, CronSchedule? Schedule, TimeSpan Duration, TimeZoneInfo Zone, string Problem)
{
    private IReadOnlyList<string> Applications { get; init; } = [];

    private IReadOnlyList<string> Namespaces { get; init; } = [];

    private IReadOnlyList<string> Clusters { get; init; } = [];

    private bool MatchesAll { get; init; }

    public bool ManualSync { get; private init; }

    public static IReadOnlyList<SyncWindow> Read(string project, Node? list) => [.. (list as ListNode ?? []).Select(window => ReadOne(project, window))];

    /// <summary>Whether the window is about an application: by its name, namespace or cluster, or (andOperator) by all that it names.</summary>
    public bool Concerns(ApplicationSpec application)
    {
        bool? Match(IReadOnlyList<string> patterns, string text) => patterns.Count == 0 ? null : patterns.Any(pattern => Pattern.Matches(pattern, text));
        bool? cluster = Clusters.Count == 0 ? null : Clusters.Any(pattern => Pattern.Matches(pattern, application.Destination.Server) || (application.Destination.Name.Length > 0 && Pattern.Matches(pattern, application.Destination.Name)));
        bool[] said = [.. new[] { Match(Applications, application.Name), Match(Namespaces, application.Destination.Namespace), cluster }.OfType<bool>()];
        return said.Length > 0 && (MatchesAll ? said.All(match => match) : said.Any(match => match));
    }

    public bool IsOpen(DateTimeOffset now) => Schedule is not null && Schedule.LastBefore(Local(now), Duration) is not null;

    /// <summary>When it opens next; null when it does not within a year.</summary>
    public DateTimeOffset? OpensNext(DateTimeOffset now) => Schedule?.NextAfter(Local(now)) is { } next ? new DateTimeOffset(next, Zone.GetUtcOffset(now)) : null;

    private DateTime Local(DateTimeOffset now) => DateTime.SpecifyKind(TimeZoneInfo.ConvertTime(now, Zone).DateTime, DateTimeKind.Unspecified);

    private static SyncWindow ReadOne(string project, Node window)
    {
        string kind = ArgoCdDialect.Text(window["kind"]);
        string schedule = ArgoCdDialect.Text(window["schedule"]);
        string zone = ArgoCdDialect.Text(window["timeZone"], "UTC");
        string Wrong(string what) => $"a sync window of project '{project}' {what}";
        bool hasZone = TimeZoneInfo.TryFindSystemTimeZoneById(zone, out TimeZoneInfo? found);
        TimeSpan? duration = PolicyReader.ParseDuration(ArgoCdDialect.Text(window["duration"]));
        CronSchedule? parsed = CronSchedule.Parse(schedule);
        string problem = kind is not ("allow" or "deny") ? Wrong($"is of kind '{kind}', which is neither allow nor deny")
            : parsed is null ? Wrong($"has the schedule '{schedule}', which is no cron schedule")
            : duration is null ? Wrong($"has the duration '{ArgoCdDialect.Text(window["duration"])}', which is none")
            : !hasZone ? Wrong($"has the time zone '{zone}', which is not known here")
            : string.Empty;
        return new SyncWindow(kind == "allow", parsed, duration ?? TimeSpan.Zero, found ?? TimeZoneInfo.Utc, problem)
        {
            Applications = ArgoCdDialect.Texts(window["applications"]),
            Namespaces = ArgoCdDialect.Texts(window["namespaces"]),
            Clusters = ArgoCdDialect.Texts(window["clusters"]),
            ManualSync = window["manualSync"]?.AsBool() == true,
            MatchesAll = window["andOperator"]?.AsBool() == true,
        };
    }
}
