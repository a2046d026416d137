using System.Diagnostics;
using System.Text;
using Bowline.Resources.Json;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;

namespace Bowline.Resources.Tests.Yaml;

public class HostileInputTests
{
    public static TheoryData<string> TooDeep => new()
    {
        new string('[', 100_000),
        string.Concat(Enumerable.Repeat("{a: ", 100_000)),
        string.Concat(Enumerable.Repeat("- ", 100_000)),
        string.Concat(Enumerable.Range(0, 3000).Select(level => $"{new string(' ', level)}a:\n")),
        string.Concat(Enumerable.Repeat("[a: ", 100_000)),
        new string('[', 600) + "&a " + new string('[', 300) + new string(']', 300) + ", " + new string('[', 200) + "*a" + new string(']', 800),
    };

    [Theory]
    [MemberData(nameof(TooDeep))]
    public void Nesting_beyond_the_limit_is_refused_quickly(string yaml) => Refused(yaml, "exceeded max depth of 1000");

    public static TheoryData<string, string> AtTheLimit => new()
    {
        { "flow lists", new string('[', 1000) + new string(']', 1000) },
        { "flow maps", string.Concat(Enumerable.Repeat("{a: ", 1000)) + new string('}', 1000) },
        { "pairs", string.Concat(Enumerable.Repeat("[a: ", 500)) + new string(']', 500) },
        { "block lists", string.Concat(Enumerable.Repeat("- ", 1000)) },
        { "block maps", string.Concat(Enumerable.Range(0, 1000).Select(level => $"{new string(' ', level)}a:\n")) },
        { "both", string.Concat(Enumerable.Range(0, 500).Select(level => $"{new string(' ', level * 2)}- a:\n")) },
        { "anchors", string.Concat(Enumerable.Range(0, 1000).Select(level => $"{new string(' ', level)}a: &a{level} !!map\n")) },
    };

    [Theory]
    [MemberData(nameof(AtTheLimit))]
    public void Nesting_at_the_limit_is_read_and_written_on_a_usual_stack(string shape, string yaml) =>
        Assert.True(OnStackOf(4 * 1024 * 1024, yaml) is not null, shape);

    [Theory]
    [MemberData(nameof(AtTheLimit))]
    public void A_stack_too_small_for_the_limit_is_an_error_not_a_crash(string shape, string yaml)
    {
        foreach (int kilobytes in (int[])[256, 512, 1024])
        {
            Exception? error = Record.Exception(() => OnStackOf(kilobytes * 1024, yaml));
            Assert.True(error is null or YamlException or InsufficientExecutionStackException, $"{shape}: {error}");
        }
    }

    private static string? OnStackOf(int bytes, string yaml)
    {
        string? written = null;
        Exception? error = null;
        Thread thread = new(
            () =>
            {
                error = Record.Exception(() =>
                {
                    Node root = YamlReader.Read(yaml);
                    JsonWriter.ToText(root.DeepClone().Freeze());
                    written = YamlWriter.ToText(root);
                });
            },
            bytes);
        thread.Start();
        thread.Join();
        return error is null ? written : throw error;
    }

    [Fact]
    public void Billion_laughs_are_refused_quickly()
    {
        StringBuilder yaml = new("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for (int i = 1; i < 20; i++)
        {
            yaml.Append($"a{i}: &a{i} [{string.Join(", ", Enumerable.Repeat($"*a{i - 1}", 10))}]\n");
        }

        Refused(yaml.ToString(), "excessive aliasing");
    }

    [Fact]
    public void Laughing_merges_are_refused_quickly()
    {
        StringBuilder yaml = new("a0: &a0 {" + string.Join(", ", Enumerable.Range(0, 1000).Select(i => $"k{i}: v")) + "}\n");
        for (int i = 1; i < 10; i++)
        {
            yaml.Append($"a{i}: &a{i} {{<<: [{string.Join(", ", Enumerable.Repeat($"*a{i - 1}", 100))}]}}\n");
        }

        Refused(yaml.ToString(), "excessive aliasing");
    }

    [Fact]
    public void Input_over_the_limit_is_refused_before_it_is_read() =>
        Assert.Contains("are more than", Assert.Throws<YamlException>(() => YamlReader.Read(new byte[200_000_000])).Message, StringComparison.Ordinal);

    [Fact]
    public void A_document_of_too_many_nodes_is_refused() =>
        Assert.Throws<YamlException>(() => YamlReader.Read("[" + string.Join(",", Enumerable.Repeat("a", 2000)) + "]", new YamlReadOptions { MaxNodes = 1000 }));

    public static TheoryData<string, string> Wide => new()
    {
        { "keys", string.Concat(Enumerable.Range(0, 200_000).Select(i => $"k{i}: v\n")) },
        { "anchors", string.Concat(Enumerable.Range(0, 100_000).Select(i => $"k{i}: &a{i} v\n")) },
        { "one line", "a: " + new string('x', 5_000_000) },
        { "folds", "a: x\n" + string.Concat(Enumerable.Repeat("  x\n", 1_000_000)) },
        { "quoted folds", "a: \"x\n" + string.Concat(Enumerable.Repeat("  x\n", 1_000_000)) + "\"" },
        { "comments", string.Concat(Enumerable.Repeat("# x\n", 1_000_000)) },
        { "breaks", "a: |+\n" + new string('\n', 5_000_000) },
        { "flow in depth", new string('[', 900) + string.Concat(Enumerable.Repeat("a,", 500_000)) + new string(']', 900) },
        { "documents", string.Concat(Enumerable.Repeat("---\n", 500_000)) },
        { "spaces", new string(' ', 5_000_000) + "a" },
        { "long key candidates", "[" + string.Concat(Enumerable.Repeat($"\"{new string('k', 2000)}\" , ", 1000)) + "a]" },
    };

    [Theory]
    [MemberData(nameof(Wide))]
    public void Large_input_takes_time_in_proportion(string shape, string yaml)
    {
        Stopwatch watch = Stopwatch.StartNew();
        YamlReader.ReadAll(yaml);
        // Generous: other builds share the machine. Quadratic behaviour takes minutes.
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(10), $"{shape} took {watch.Elapsed}");
    }

    [Fact]
    public void No_input_breaks_the_reader()
    {
        string[] pieces = ["a", ": ", ":", "- ", "-", "? ", "?", "\n", "\n  ", "\n ", " ", "\t", "[", "]", "{", "}", ",", "#", "&x", "*x", "!", "!!str", "!<", ">", "|", "'", "\"", "\\", "%", "@", "---", "...", "<<", "1", "~", "\r\n", "\u2028", "é", "🎉", "|2", ">-", "\\u00", "%TAG", "%YAML 1.1"];
        Random random = new(12345);
        for (int i = 0; i < 50_000; i++)
        {
            string yaml = string.Concat(Enumerable.Range(0, random.Next(1, 25)).Select(_ => pieces[random.Next(pieces.Length)]));
            try
            {
                foreach (YamlDocument document in YamlReader.ReadAll(yaml, YamlReadOptions.HelmValues))
                {
                    string written = YamlWriter.ToText(document.Root);
                    Assert.True(document.Root.DeepEquals(YamlReader.Read(written)) || written.Contains("<<:", StringComparison.Ordinal), $"{yaml}\n=>\n{written}");
                }
            }
            catch (YamlException)
            {
                // Refused, which is an answer too.
            }
        }
    }

    private static void Refused(string yaml, string reason)
    {
        Stopwatch watch = Stopwatch.StartNew();
        YamlException error = Assert.Throws<YamlException>(() => YamlReader.Read(yaml));
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(5), $"took {watch.Elapsed}");
    }
}
