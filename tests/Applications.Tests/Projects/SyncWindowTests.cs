using System.Globalization;
using Bowline.Applications.Projects;
using Bowline.Delivery.Planning;

namespace Bowline.Applications.Tests.Projects;

public sealed class SyncWindowTests
{
    [Theory]
    [InlineData("[{kind: allow, schedule: '0 22 * * *', duration: 1h, applications: ['*']}]", "2026-03-02T22:30:00Z", false, "Allow")]
    [InlineData("[{kind: allow, schedule: '0 22 * * *', duration: 1h, applications: ['*']}]", "2026-03-02T23:00:00Z", false, "Wait")]
    [InlineData("[{kind: allow, schedule: '0 22 * * *', duration: 1h, applications: ['*']}]", "2026-03-02T21:59:00Z", true, "Wait")]
    [InlineData("[{kind: allow, schedule: '0 22 * * *', duration: 1h, applications: ['*'], manualSync: true}]", "2026-03-02T21:59:00Z", true, "Allow")]
    [InlineData("[{kind: allow, schedule: '0 22 * * *', duration: 1h, applications: ['other-*']}]", "2026-03-02T12:00:00Z", false, "Allow")]
    [InlineData("[{kind: deny, schedule: '* * * * *', duration: 1m, namespaces: [web]}]", "2026-03-02T12:00:30Z", false, "Wait")]
    [InlineData("[{kind: deny, schedule: '* * * * *', duration: 1m, namespaces: [web], manualSync: true}]", "2026-03-02T12:00:30Z", true, "Allow")]
    [InlineData("[{kind: deny, schedule: '* * * * *', duration: 1m, namespaces: [web], applications: [other], andOperator: true}]", "2026-03-02T12:00:30Z", false, "Allow")]
    [InlineData("[{kind: allow, schedule: '* * * * *', duration: 1h, clusters: ['https://kubernetes.default.svc']}, {kind: deny, schedule: '0 0 1 1 *', duration: 1h, applications: ['*']}]", "2026-03-02T12:00:00Z", false, "Allow")]
    [InlineData("[{kind: allow, schedule: '0 8 * * 1-5', duration: 8h, timeZone: Europe/Berlin, applications: ['*']}]", "2026-03-02T07:30:00Z", false, "Allow")]
    [InlineData("[{kind: allow, schedule: '0 8 * * 1-5', duration: 8h, timeZone: Europe/Berlin, applications: ['*']}]", "2026-03-02T06:30:00Z", false, "Wait")]
    [InlineData("[{kind: allow, schedule: '0 8 * *', duration: 8h, applications: ['*']}]", "2026-03-02T06:30:00Z", true, "Deny")]
    public void Windows_open_and_close_by_their_schedule(string windows, string now, bool asked, string verdict)
    {
        ProjectRules rules = ProjectTests.Rules($"{{syncWindows: {windows}}}");
        SyncWindowGate gate = new(_ => ProjectTests.Application("https://a"), () => rules, new At(DateTimeOffset.Parse(now, CultureInfo.InvariantCulture)));
        GateDecision decision = gate.Decide(ProjectTests.Plan() with { IsAsked = asked });
        Assert.True(decision.Verdict.ToString() == verdict, $"{decision.Verdict}: {decision.Reason}");
    }

    [Theory]
    [InlineData("0 22 * * *", "2026-03-02T21:00:00", "2026-03-02T22:00:00")]
    [InlineData("*/15 9-17 * * mon-fri", "2026-03-06T17:50:00", "2026-03-09T09:00:00")]
    [InlineData("0 0 29 2 *", "2026-03-02T00:00:00", "2028-02-29T00:00:00")]
    [InlineData("0 0 13 * fri", "2026-03-02T00:00:00", "2026-03-06T00:00:00")]
    [InlineData("30 4 1,15 * *", "2026-03-02T00:00:00", "2026-03-15T04:30:00")]
    [InlineData("0 0 30 2 *", "2026-03-02T00:00:00", null)]
    public void Cron_schedules_fire_as_cron_has_it(string schedule, string after, string? next) =>
        Assert.Equal(next, CronSchedule.Parse(schedule)!.NextAfter(DateTime.Parse(after, CultureInfo.InvariantCulture))?.ToString("s", CultureInfo.InvariantCulture));

    [Theory]
    [InlineData("")]
    [InlineData("60 * * * *")]
    [InlineData("* * * * * *")]
    [InlineData("*/0 * * * *")]
    [InlineData("5-1 * * * *")]
    [InlineData("a * * * *")]
    [InlineData("* * 0 * *")]
    [InlineData("99999999999999 * * * *")]
    public void What_is_no_schedule_is_not_taken_for_one(string text) => Assert.Null(CronSchedule.Parse(text));

    private sealed class At(DateTimeOffset now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => now;
    }
}
