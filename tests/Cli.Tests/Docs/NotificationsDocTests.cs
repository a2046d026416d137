using Bowline.Tests;

namespace Bowline.Cli.Tests.Docs;

/// <summary>The commands of docs/notifications.md print what stands below them.</summary>
public sealed class NotificationsDocTests
{
    [Fact]
    public async Task Each_command_prints_what_the_page_says()
    {
        string page = File.ReadAllText(Path.Combine(SharedFolder.Checkout, "docs", "notifications.md"));
        string block = page.Split("```console\n")[1].Split("```")[0];
        string[] runs = block.Split("$ bowline ", StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(2, runs.Length);
        foreach (string run in runs)
        {
            string[] parts = run.Split('\n', 2);
            using Scratch scratch = new();
            string[] arguments = [.. parts[0].Split(' ').Select(word => word.StartsWith("examples/", StringComparison.Ordinal) ? Path.Combine(SharedFolder.Checkout, word) : word)];
            (int exit, string output, string errors) = await Bowline.RunAsync(scratch.Home, arguments);
            Assert.Equal(string.Empty, errors.Trim());
            Assert.Equal(parts[1].TrimEnd(), output.TrimEnd());
            Assert.Equal(0, exit);
        }
    }
}
