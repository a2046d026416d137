using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Bowline.EmbeddedCluster.Hosting;
using Bowline.EmbeddedCluster.Kubelet;
using Bowline.EmbeddedCluster.Tests.Hosting;
using Bowline.Resources.Json;
using Bowline.Resources.Model;
using Bowline.Tests;
using Bowline.Tests.Controllers;
using Xunit.Abstractions;

namespace Bowline.EmbeddedCluster.Tests.ApiServer;

/// <summary>Every recorded command, run by a real kubectl 1.36 against the embedded cluster: exit codes and what is printed are as before a real one.</summary>
public sealed partial class KubectlOutputTests(ITestOutputHelper print)
{
    private const string Version = "1.36";
    private const string LastApplied = "kubectl.kubernetes.io/last-applied-configuration";

    /// <summary>What prints something else here, and why; its exit code counts all the same unless it is told to be another.</summary>
    private static readonly Dictionary<string, string> Otherwise = new(StringComparer.Ordinal)
    {
        ["version"] = "another client",
        ["api-versions"] = "metrics.k8s.io is served",
        ["api-resources"] = "metrics.k8s.io is served",
        ["cluster-info"] = "another address",
        ["auth-whoami"] = "another certificate",
        ["unreachable"] = "no server is asked",
        ["rollout-status"] = "how far the rollout is when it is asked is chance",
        ["get-events"] = "which events there are depends on how the rollout went",
        ["events"] = "which events there are depends on how the rollout went",
        ["describe-deploy"] = "which events there are depends on how the rollout went",
        ["describe-pod"] = "simulated nodes tell of pulls and starts, the recording had no kubelet",
        ["describe-node"] = "a simulated node says what it is",
        ["get-selector"] = "pods have the zone of their simulated node",
        ["get-nodes-wide"] = "a simulated node says what it is",
        ["get-all"] = "which pods of the old revision are still there is chance",
        ["get-watch"] = "the watch is interrupted",
        ["get-chunks"] = "the recording had other namespaces",
        ["drain-node"] = "the pod is gone in between",
        ["delete-now"] = "the pod is gone in between",
        ["delete-all-force"] = "which pods are there is chance",
        ["auth-can-i-list"] = "rules come in no order",
    };

    /// <summary>What cannot fail here, as nodes are simulated.</summary>
    private static readonly HashSet<string> Succeeding = ["top-pods", "logs", "logs-follow"];

    [KubectlFact(Version)]
    public async Task Recorded_commands_print_what_they_printed_before_a_real_cluster()
    {
        string folder = Directory.CreateTempSubdirectory("bowline-kubectl-output").FullName;
        await using RunningCluster cluster = await RunningCluster.StartAsync(
            ControllerManagerOptions.Default with { Nodes = new SimulatedNodeOptions { Count = 1, NamePrefix = "node-" } },
            new EmbeddedClusterOptions { ServiceSubnet = "10.0.0.0/24" });
        await cluster.CreateAsync("apiVersion: v1\nkind: Namespace\nmetadata: {name: kubectl}\n");
        await cluster.WaitAsync("v1", "ServiceAccount", "default", _ => true, "kubectl");
        await WriteInputAsync(folder, cluster.Host.Kubeconfig);
        await RunAsync(folder, "kubectl config set-context --current --namespace kubectl", new MapNode());
        StringBuilder differences = new();
        int matched = 0;
        string[] names = [.. KubectlReplay.Order.Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries)];
        foreach (string name in names)
        {
            MapNode golden = Recorded(name.Trim('(', ')'));
            (int code, string output, string errors) = await RunAsync(folder, golden["command"]!.AsString()!, golden);
            if (name[0] == '(' || Difference(name, golden, code, output) is not { } difference)
            {
                matched++;
                continue;
            }

            differences.AppendLine(CultureInfo.InvariantCulture, $"{name}: {difference}\n{errors}");
        }

        print.WriteLine($"kubectl output: {matched}/{names.Length} commands");
        Directory.Delete(folder, recursive: true);
        Assert.True(differences.Length == 0, differences.ToString());
    }

    private static string? Difference(string name, MapNode golden, int code, string output)
    {
        int? wanted = Succeeding.Contains(name) ? 0 : (int?)golden["exitCode"]?.AsInteger();
        if (wanted is not null && code != wanted)
        {
            return string.Create(CultureInfo.InvariantCulture, $"ended with {code} rather than {wanted}\n{output}");
        }

        string recorded = golden["stdout"]?.AsString() ?? string.Empty;
        return Otherwise.ContainsKey(name) || Succeeding.Contains(name) || golden["stdoutOmitted"] is not null || Regex.IsMatch(output.Trim(), Pattern(recorded.Trim()), RegexOptions.None, TimeSpan.FromSeconds(10))
            ? null
            : $"recorded:\n{recorded}\nreal:\n{output}";
    }

    /// <summary>Placeholders stand for any word, runs of blanks for any run of blanks.</summary>
    private static string Pattern(string text)
    {
        StringBuilder pattern = new("\\A");
        int at = 0;
        foreach (Match part in Part().Matches(text))
        {
            pattern.Append(Regex.Escape(text[at..part.Index])).Append(part.Value[0] == '<' ? "\\S+(?: \\S+){0,2}" : "\\s+");
            at = part.Index + part.Length;
        }

        return pattern.Append(Regex.Escape(text[at..])).Append("\\z").ToString();
    }

    private static async Task<(int Code, string Output, string Errors)> RunAsync(string folder, string command, MapNode golden)
    {
        bool interrupted = golden["exitCode"]?.AsString() == "interrupted";
        string real = (interrupted ? "exec timeout -s INT 3 " : string.Empty) + Regex.Replace(command, "^kubectl", Kubectl.OfVersion(Version)!);
        ProcessStartInfo start = new("/bin/sh", ["-c", real]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = folder };
        start.Environment["KUBECONFIG"] = Path.Combine(folder, "kubeconfig");
        start.Environment["HOME"] = folder;
        foreach ((string name, Node value) in golden["env"] as MapNode ?? [])
        {
            start.Environment[name] = value.AsString()!.Replace("<dir>", folder, StringComparison.Ordinal);
        }

        using Process process = Process.Start(start)!;
        await process.StandardInput.WriteAsync(golden["stdin"]?.AsString() ?? string.Empty);
        process.StandardInput.Close();
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> errors = process.StandardError.ReadToEndAsync();

        // Logs of a simulated pod are followed for as long as somebody does; the recording had none to follow.
        using CancellationTokenSource patience = new(command.StartsWith("kubectl logs -f", StringComparison.Ordinal) ? TimeSpan.FromSeconds(3) : TimeSpan.FromSeconds(90), TimeProvider.System);
        try
        {
            await process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException) when (command.StartsWith("kubectl logs -f", StringComparison.Ordinal))
        {
            process.Kill(entireProcessTree: true);
            return (0, await output, await errors);
        }

        return (process.ExitCode, await output, await errors);
    }

    private static MapNode Recorded(string name) => (MapNode)JsonReader.Read(File.ReadAllBytes(Path.Combine(SharedFolder.Goldens("kubectl"), name + ".json")));

    /// <summary>The files that the commands read, as their requests show them.</summary>
    private static async Task WriteInputAsync(string folder, string kubeconfig)
    {
        string[] web = Applied("apply");
        Directory.CreateDirectory(Path.Combine(folder, "kust"));
        Dictionary<string, string> files = new()
        {
            ["kubeconfig"] = kubeconfig,
            ["web.yaml"] = Documents(web),
            ["web2.yaml"] = Documents([Applied("apply-change")[0], web[1]]),
            ["cm.yaml"] = Documents(Applied("apply-server-side")),
            ["cm2.yaml"] = Documents(Applied("apply-server-side-conflict")[..1]),
            ["bad.yaml"] = Documents(Applied("apply-unknown-field")[..1]),
            ["crd.yaml"] = Documents(Applied("crd-apply")),
            ["widget.yaml"] = Documents(Applied("crd-instance-apply")),
            ["key.txt"] = "value",
            ["kust/res.yaml"] = Documents(Applied("apply-kustomize")),
            ["kust/kustomization.yaml"] = "resources: [res.yaml]\n",
            ["ed.sh"] = "sed -i 's/^  a: .*/  a: edited/' \"$1\"\n",
        };
        foreach ((string name, string text) in files)
        {
            await File.WriteAllTextAsync(Path.Combine(folder, name), text);
        }
    }

    private static string[] Applied(string name) =>
    [
        .. Recorded(name)["requests"]!.AsList()!.Where(request => request["method"]!.AsString() is "POST" or "PATCH").Select(request => request["body"]).OfType<MapNode>()
            .Select(body => body.At("metadata", "annotations", LastApplied)?.AsString() ?? JsonWriter.ToText(body)),
    ];

    private static string Documents(string[] documents) => string.Join("\n---\n", documents) + "\n";

    [GeneratedRegex(@"<(?!none>|unset>|unknown>|nil>|no value>|invalid>)[^<>\n]+>|\s+")]
    private static partial Regex Part();
}
