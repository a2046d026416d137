using System.Diagnostics;
using System.Text.RegularExpressions;
using Bowline.Tests;

namespace Bowline.Cli.Tests.Docs;

/// <summary>Every command that the README shows works as it stands there.</summary>
public sealed partial class ReadmeTests
{
    private static readonly string Readme = File.ReadAllText(Path.Combine(SharedFolder.Checkout, "README.md"));

    [Fact]
    public async Task The_two_commands_do_what_they_say()
    {
        using Scratch scratch = new();
        string[] commands = Blocks()[0];
        Assert.Equal(2, commands.Length);
        (int up, string table, string errors) = await ShellAsync(scratch, SharedFolder.Checkout, commands[0]);
        Assert.True(up == 0, table + errors);
        Assert.Matches(@"bookshop-prod +bowline +bookshop-prod +\S+ +Synced +Healthy", table);
        (int diff, string changes, string summary) = await ShellAsync(scratch, SharedFolder.Checkout, commands[1]);
        Assert.Equal(1, diff);
        Assert.Contains("+kind: Deployment", changes);
        Assert.Contains("bookshop-dev", summary);
    }

    [Fact]
    public async Task Kubectl_works_beside_it()
    {
        using Scratch scratch = new();
        string[] commands = [.. Blocks()[1].Select(command => command.Replace("/tmp/", scratch.Root + "/", StringComparison.Ordinal))];
        await using Bowline up = Bowline.Start(scratch.Home, commands[0].Split(' ')[1..]);
        await up.WaitForOutputAsync("Ctrl-C ends it", TimeSpan.FromSeconds(60));
        (int exit, string deployments, string errors) = await ShellAsync(scratch, SharedFolder.Checkout, commands[1]);
        Assert.True(exit == 0, errors);
        Assert.Matches(@"bookshop-prod +front +3/3", deployments);
    }

    [Theory]
    [MemberData(nameof(Recipes))]
    public async Task Every_recipe_of_the_table_runs(string command)
    {
        using Scratch scratch = new();
        await using Bowline? cluster = command.Contains("--context", StringComparison.Ordinal) ? await StagingAsync(scratch) : null;
        string prepared = command.Replace("PATH", "charts/bookshop", StringComparison.Ordinal) + (command.StartsWith("bowline up", StringComparison.Ordinal) && !command.Contains("--once", StringComparison.Ordinal) ? " --once --timeout 15s" : string.Empty);
        string here = Path.Combine(scratch.Root, "bookshop");
        await ShellAsync(scratch, SharedFolder.Checkout, $"cp -r examples/bookshop {here}");
        (int exit, string output, string errors) = await ShellAsync(scratch, here, $"{Path.Combine(SharedFolder.Checkout, "bowline")}{prepared["bowline".Length..]}");
        Assert.True(exit == (command.Contains("--strict", StringComparison.Ordinal) ? 1 : 0), output + errors);
    }

    public static TheoryData<string> Recipes() => [.. Rows().Matches(Readme).Select(row => row.Groups[1].Value)];

    private static async Task<Bowline> StagingAsync(Scratch scratch)
    {
        Bowline up = Bowline.Start(scratch.Home, "up", Path.Combine(SharedFolder.Checkout, "examples", "bookshop"), "--cluster", "staging=*", "--write-kubeconfig", Path.Combine(scratch.Root, "config"));
        await up.WaitForOutputAsync("Ctrl-C ends it", TimeSpan.FromSeconds(60));
        return up;
    }

    private static IReadOnlyList<string[]> Blocks() =>
        [.. Shell().Matches(Readme).Select(block => block.Groups[1].Value.Split('\n', StringSplitOptions.RemoveEmptyEntries))];

    private static async Task<(int Exit, string Output, string Errors)> ShellAsync(Scratch scratch, string folder, string command)
    {
        ProcessStartInfo start = new("bash", ["-c", command])
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["BOWLINE_HOME"] = scratch.Home, ["KUBECONFIG"] = Path.Combine(scratch.Root, "config") },
        };
        using Process shell = Process.Start(start)!;
        Task<string> output = shell.StandardOutput.ReadToEndAsync();
        Task<string> errors = shell.StandardError.ReadToEndAsync();
        using CancellationTokenSource deadline = new(TimeSpan.FromMinutes(3));
        await shell.WaitForExitAsync(deadline.Token);
        return (shell.ExitCode, await output, await errors);
    }

    [GeneratedRegex("```sh\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Shell();

    [GeneratedRegex(@"^\| `(bowline [^`]+)` \|", RegexOptions.Multiline)]
    private static partial Regex Rows();
}
