using System.Diagnostics;
using System.Text.RegularExpressions;
using Bowline.EmbeddedCluster.Hosting;
using Bowline.EmbeddedCluster.Kubelet;
using Bowline.EmbeddedCluster.Tests.Hosting;

namespace Bowline.Tests.Kubelet;

/// <summary>Runs every command of docs/simulated-nodes.md with the real kubectl, and looks for what the page says that it prints.</summary>
public sealed partial class SimulatedNodesPageTests : IAsyncLifetime
{
    private readonly string directory = Directory.CreateTempSubdirectory("bowline-nodes").FullName;
    private EmbeddedClusterHost host = null!;
    private ControllerManager manager = null!;

    private static string Page { get; } = File.ReadAllText(Path.Combine(Checkout(), "docs", "simulated-nodes.md"));

    public async Task InitializeAsync()
    {
        FasterTime time = new(TimeProvider.System, 60);
        host = await EmbeddedClusterHost.StartAsync(new EmbeddedClusterOptions { Name = "nodes", Time = time }, default);
        manager = await ControllerManager.StartAsync(host.Cluster, time, new ControllerManagerOptions
        {
            CertificateAuthority = host.CertificateAuthority,
            Timing = StageTiming.Probes,
            Nodes = SimulatedNodeOptions.Default with { Count = 3 },
            Stages = Block("yaml").Single(block => block.StartsWith("# stages.yaml", StringComparison.Ordinal)),
        }, default);
        await File.WriteAllTextAsync(Path.Combine(directory, "config"), host.Kubeconfig);
    }

    public async Task DisposeAsync()
    {
        await manager.DisposeAsync();
        await host.DisposeAsync();
        Directory.Delete(directory, recursive: true);
    }

    [KubectlFact]
    public async Task Every_command_of_the_page_prints_what_the_page_says()
    {
        int commands = 0;
        foreach (string line in Block("console").SelectMany(block => block.Split('\n')))
        {
            if (line.StartsWith("$ ", StringComparison.Ordinal))
            {
                last = await RunAsync(line[2..]);
                commands++;
            }
            else if (line.Trim().Length > 0)
            {
                Assert.Contains(Words(line), Words(last), StringComparison.Ordinal);
            }
        }

        Assert.True(commands > 25, $"the page has only {commands} commands");
    }

    private string last = string.Empty;

    private static string Words(string text) => Spaces().Replace(text, " ").Trim();

    private async Task<string> RunAsync(string command)
    {
        string[] words = command.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        ProcessStartInfo start = new(words[0], words[1..]) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = directory };
        start.Environment["KUBECONFIG"] = Path.Combine(directory, "config");
        start.Environment["HOME"] = directory;
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> error = process.StandardError.ReadToEndAsync();
        using CancellationTokenSource patience = new(TimeSpan.FromSeconds(90));
        await process.WaitForExitAsync(patience.Token);
        string all = await output + await error;
        Assert.True(process.ExitCode == 0, $"{command} ended with {process.ExitCode}:\n{all}");
        return all;
    }

    private static IEnumerable<string> Block(string language) => Blocks().Matches(Page).Where(match => match.Groups[1].Value == language).Select(match => match.Groups[2].Value);

    [GeneratedRegex("^```(\\w+)\\n(.*?)^```", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex Blocks();

    [GeneratedRegex("\\s+")]
    private static partial Regex Spaces();

    private static string Checkout()
    {
        DirectoryInfo at = new(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(at.FullName, "Bowline.slnx")))
        {
            at = at.Parent ?? throw new InvalidOperationException("no Bowline.slnx above the tests");
        }

        return at.FullName;
    }
}
