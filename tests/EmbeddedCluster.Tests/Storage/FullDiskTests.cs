using System.Diagnostics;
using Bowline.EmbeddedCluster.Hosting;
using Bowline.EmbeddedCluster.Storage;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Tests.Storage;

/// <summary>A disk that fills up, as a small tmpfs.</summary>
public sealed class FullDiskTests : IDisposable
{
    private readonly string mount = Directory.CreateTempSubdirectory("bowline-full").FullName;
    private readonly bool mounted;

    public FullDiskTests() => mounted = Run("mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", mount);

    public void Dispose()
    {
        if (mounted)
        {
            Run("umount", "-l", mount);
        }

        Directory.Delete(mount, recursive: true);
    }

    [Fact]
    public async Task On_a_full_disk_writes_are_refused_and_reads_go_on_until_there_is_room_again()
    {
        Assert.True(mounted, "a tmpfs could not be mounted; this test needs the right to do so");
        string ballast = Path.Combine(mount, "ballast");
        List<string> acknowledged = [];
        EmbeddedClusterOptions options = new() { StateDirectory = Path.Combine(mount, "state") };
        await using (EmbeddedClusterHost host = await EmbeddedClusterHost.StartAsync(options, default))
        {
            using Rest admin = Rest.Admin(host);
            await File.WriteAllBytesAsync(ballast, new byte[600_000]);
            RestAnswer answer = await FillAsync(admin, acknowledged);
            Assert.Equal((507, "InsufficientStorage"), (answer.Code, answer.Body["reason"]?.AsString()));
            Assert.Contains("no space left", answer.Message, StringComparison.Ordinal);

            Assert.Equal(507, (await admin.DeleteAsync($"/api/v1/namespaces/default/configmaps/{acknowledged[0]}")).Code);
            Assert.Equal(200, (await admin.GetAsync($"/api/v1/namespaces/default/configmaps/{acknowledged[0]}")).Code);
            // kube-root-ca.crt is one more, and the write that nobody was promised may be another.
            RestAnswer list = await admin.GetAsync("/api/v1/namespaces/default/configmaps");
            Assert.InRange(list.Body["items"]!.AsList()!.Count, acknowledged.Count + 1, acknowledged.Count + 2);

            File.Delete(ballast);
            await UntilWritableAsync(admin, acknowledged);
        }

        await using ObjectStore recovered = ObjectStore.Open(Path.Combine(options.StateDirectory!, "store"));
        Assert.Null(recovered.RecoveryNote);
        Assert.All(acknowledged, name => Assert.NotNull(recovered.Get("configmaps", "default", name)));
    }

    private static async Task<RestAnswer> FillAsync(Rest admin, List<string> acknowledged)
    {
        string blob = new('x', 20_000);
        for (int i = 0; i < 200; i++)
        {
            RestAnswer answer = await admin.PostAsync("/api/v1/namespaces/default/configmaps", $"{{metadata: {{name: c{i}}}, data: {{blob: {blob}}}}}");
            if (answer.Code != 201)
            {
                return answer;
            }

            acknowledged.Add($"c{i}");
        }

        throw new InvalidOperationException("the disk did not fill up");
    }

    private static async Task UntilWritableAsync(Rest admin, List<string> acknowledged)
    {
        Stopwatch watch = Stopwatch.StartNew();
        while ((await admin.PostAsync("/api/v1/namespaces/default/configmaps", "{metadata: {name: after}}")).Code != 201)
        {
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(20), "writes are still refused though there is room");
            await Task.Delay(50);
        }

        acknowledged.Add("after");
    }

    private static bool Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}
