using Bowline.Applications.ArgoCd;
using Bowline.Applications.Model;
using Bowline.Languages.Schedules;
using Bowline.Resources.Model;

namespace Bowline.Applications.Projects;

/// <summary>A time in which a project's applications may, or may not, be synced.</summary>
/// <param name="Problem">Why it cannot be read; empty when it can. A window that cannot be read lets nothing through.</param>
public sealed record SyncWindow(bool Allows, CronSchedule? Schedule, TimeSpan Duration, string Problem)
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

    public bool IsOpen(DateTimeOffset now) => Schedule?.Next(now - Duration) <= now;

    /// <summary>When it opens next; null when it does not within five years.</summary>
    public DateTimeOffset? OpensNext(DateTimeOffset now) => Schedule?.Next(now);

    private static SyncWindow ReadOne(string project, Node window)
    {
        string kind = ArgoCdDialect.Text(window["kind"]);
        string schedule = ArgoCdDialect.Text(window["schedule"]);
        string zone = ArgoCdDialect.Text(window["timeZone"], "UTC");
        string Wrong(string what) => $"a sync window of project '{project}' {what}";
        bool hasZone = TimeZoneInfo.TryFindSystemTimeZoneById(zone, out TimeZoneInfo? found);
        TimeSpan? duration = PolicyReader.ParseDuration(ArgoCdDialect.Text(window["duration"]));
        (CronSchedule? parsed, string wrong) = ParseSchedule(schedule, found);
        string problem = kind is not ("allow" or "deny") ? Wrong($"is of kind '{kind}', which is neither allow nor deny")
            : parsed is null ? Wrong($"has the schedule '{schedule}', which is no cron schedule: {wrong}")
            : duration is null ? Wrong($"has the duration '{ArgoCdDialect.Text(window["duration"])}', which is none")
            : !hasZone ? Wrong($"has the time zone '{zone}', which is not known here")
            : string.Empty;
        return new SyncWindow(kind == "allow", parsed, duration ?? TimeSpan.Zero, problem)
        {
            Applications = ArgoCdDialect.Texts(window["applications"]),
            Namespaces = ArgoCdDialect.Texts(window["namespaces"]),
            Clusters = ArgoCdDialect.Texts(window["clusters"]),
            ManualSync = window["manualSync"]?.AsBool() == true,
            MatchesAll = window["andOperator"]?.AsBool() == true,
        };
    }

    private static (CronSchedule? Schedule, string Problem) ParseSchedule(string text, TimeZoneInfo? zone)
    {
        try
        {
            return (CronSchedule.Parse(text, zone), string.Empty);
        }
        catch (FormatException wrong)
        {
            return (null, wrong.Message);
        }
    }
}
