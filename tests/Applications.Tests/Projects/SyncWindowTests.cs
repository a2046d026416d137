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

    private sealed class At(DateTimeOffset now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => now;
    }
}
