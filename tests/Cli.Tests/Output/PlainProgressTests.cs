using Bowline.Applications.Model;
using Bowline.Cli.Output;
using Bowline.Delivery.Health;

namespace Bowline.Cli.Tests.Output;

public sealed class PlainProgressTests
{
    [Fact]
    public void Nothing_is_said_of_an_application_that_nobody_has_looked_at()
    {
        using StringWriter output = new();
        PlainProgress progress = new(output, TimeProvider.System);
        ApplicationStatus waiting = new("web") { Cluster = "bowline", Activity = "waiting" };
        progress.Status(waiting);
        progress.Status(waiting with { Activity = string.Empty });
        Assert.Empty(output.ToString());
        using StringWriter table = new();
        StatusTable.WritePlain(table, [waiting]);
        Assert.DoesNotContain("Unknown", table.ToString());

        progress.Status(waiting with { Message = "cluster bowline: refused" });
        progress.Status(waiting with { Sync = SyncState.OutOfSync, Health = HealthStatus.Missing });
        Assert.Contains("web: Unknown, Unknown on bowline: cluster bowline: refused", output.ToString());
        Assert.Contains("web: OutOfSync, Missing on bowline", output.ToString());
    }
}
