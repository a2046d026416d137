using System.Text.RegularExpressions;
using Bowline.Tests;

namespace Bowline.Cli.Tests.Docs;

/// <summary>docs/argo-cd.md says of every field of the CRDs what becomes of it, and of no other; its commands work.</summary>
public sealed partial class ArgoCdDocTests
{
    private static readonly string Text = File.ReadAllText(Path.Combine(SharedFolder.Checkout, "docs", "argo-cd.md"));

    [Theory]
    [InlineData("Application")]
    [InlineData("AppProject")]
    public void Every_field_of_a_kind_is_told_of_once(string kind)
    {
        Dictionary<string, (string Field, string Type)[]> types = Types();
        HashSet<string> wanted = [];
        Queue<string> open = new([kind]);
        HashSet<string> seen = [kind];
        while (open.TryDequeue(out string? type))
        {
            foreach ((string field, string of) in types[type])
            {
                wanted.Add($"{type}.{field}");
                if (types.ContainsKey(of) && seen.Add(of))
                {
                    open.Enqueue(of);
                }
            }
        }

        Assert.Empty(wanted.Except(Told()));
    }

    [Fact]
    public void No_field_is_told_of_that_there_is_not_and_none_twice()
    {
        HashSet<string> there = [.. Types().SelectMany(type => type.Value.Select(field => $"{type.Key}.{field.Field}"))];
        string[] told = Told();
        Assert.Empty(told.Except(there));
        Assert.Empty(told.GroupBy(field => field).Where(group => group.Count() > 1).Select(group => group.Key));
        Assert.All(Rows().Matches(Text), row => Assert.Contains(row.Groups[2].Value, (string[])["honoured", "refused", "ignored"]));
    }

    [Fact]
    public async Task Its_commands_work_as_they_stand_there()
    {
        using Scratch scratch = new();
        string[] commands = [.. Console().Match(Text).Groups[1].Value.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.TrimStart('$', ' ').Replace("/tmp/", scratch.Root + "/", StringComparison.Ordinal))];
        Assert.Equal(5, commands.Length);
        await using Bowline up = Bowline.Start(scratch.Home, [.. commands[0].Split(' ')[1..].Select(word => word.StartsWith("examples/", StringComparison.Ordinal) ? Path.Combine(SharedFolder.Checkout, word) : word)]);
        await up.WaitForOutputAsync("Ctrl-C ends it", TimeSpan.FromSeconds(60));
        string output = string.Empty;
        foreach (string command in commands[1..])
        {
            System.Diagnostics.ProcessStartInfo start = new("bash", ["-c", command]) { RedirectStandardOutput = true, RedirectStandardError = true };
            using System.Diagnostics.Process shell = System.Diagnostics.Process.Start(start)!;
            output += await shell.StandardOutput.ReadToEndAsync();
            string errors = await shell.StandardError.ReadToEndAsync();
            await shell.WaitForExitAsync();
            Assert.True(shell.ExitCode == 0, command + errors);
        }

        Assert.Matches(@"NAME +SYNC STATUS +HEALTH STATUS", output);
        Assert.Matches(@"bookshop-prod +Synced +Healthy +\S+ +default", output);
    }

    private static string[] Told() => [.. Rows().Matches(Text).SelectMany(row => Field().Matches(row.Groups[1].Value)).Select(field => field.Groups[1].Value)];

    private static Dictionary<string, (string Field, string Type)[]> Types()
    {
        Dictionary<string, List<(string Field, string Type)>> types = [];
        List<(string Field, string Type)> fields = [];
        foreach (string line in File.ReadLines(Path.Combine(SharedFolder.Checkout, "src", "Applications", "Hub", "argo-fields.txt")))
        {
            string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (line.StartsWith("type ", StringComparison.Ordinal))
            {
                types[words[1]] = fields = [];
            }
            else if (types.Count > 0 && line.StartsWith(' '))
            {
                fields.Add((words[0].TrimEnd('!'), words[1].TrimStart('~').Split('=')[0].TrimEnd('[', ']', '{', '}')));
            }
        }

        return types.ToDictionary(type => type.Key, type => type.Value.ToArray());
    }

    [GeneratedRegex(@"^\| (`.*?) \| (\w*) \|", RegexOptions.Multiline)]
    private static partial Regex Rows();

    [GeneratedRegex("`([A-Z][A-Za-z]*\\.[A-Za-z]+)`")]
    private static partial Regex Field();

    [GeneratedRegex("```console\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Console();
}
