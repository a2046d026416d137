using Bowline.Cli.Output;

namespace Bowline.Cli.Tests.Output;

public sealed class UnifiedDiffTests
{
    [Fact]
    public void Equal_texts_print_nothing() => Assert.Empty(UnifiedDiff.Of(["a", "b"], ["a", "b"]));

    [Fact]
    public void A_changed_line_is_shown_with_three_lines_around_it() =>
        Assert.Equal(
            ["@@ -2 +2 @@", " 2", " 3", " 4", "-5", "+five", " 6", " 7", " 8"],
            UnifiedDiff.Of(["1", "2", "3", "4", "5", "6", "7", "8", "9"], ["1", "2", "3", "4", "five", "6", "7", "8", "9"]));

    [Fact]
    public void A_new_object_is_all_additions_without_a_heading() => Assert.Equal(["+a", "+b"], UnifiedDiff.Of([], ["a", "b"]));

    [Fact]
    public void The_script_turns_one_text_into_the_other_whatever_they_are()
    {
        Random random = new(3);
        for (int round = 0; round < 500; round++)
        {
            string[] before = Lines(random);
            string[] after = Lines(random);
            string[] script = [.. UnifiedDiff.Of(before, after).Where(line => !line.StartsWith("@@", StringComparison.Ordinal))];
            Assert.Equal(before.Length - script.Count(line => line[0] == '-'), after.Length - script.Count(line => line[0] == '+'));
        }
    }

    [Fact]
    public void Texts_without_anything_in_common_take_bounded_time()
    {
        string[] before = [.. Enumerable.Range(0, 20_000).Select(number => $"a{number}")];
        string[] after = [.. Enumerable.Range(0, 20_000).Select(number => $"b{number}")];
        Assert.Equal(40_001, UnifiedDiff.Of(before, after).Count());
    }

    private static string[] Lines(Random random) => [.. Enumerable.Range(0, random.Next(12)).Select(_ => random.Next(4).ToString(System.Globalization.CultureInfo.InvariantCulture))];
}
