using Bowline.Tests;
using System.Text;
using Bowline.Languages.GoTemplates.Parsing;
using Xunit.Abstractions;

namespace Bowline.Languages.Tests.GoTemplates;

public class GoldenTests(ITestOutputHelper output)
{
    [SharedFact]
    public void Expressions_print_what_Helm_prints()
    {
        int matched = 0;
        int total = 0;
        StringBuilder wrong = new();
        foreach (string name in GoldenCharts.Cases("own-sprig-", "own-tpl-", "own-printf-"))
        {
            string expectedFile = Path.Combine(GoldenCharts.Folder(name), "expected.yaml");
            if (!File.Exists(expectedFile))
            {
                continue;
            }

            string[] expected = Interesting(File.ReadAllText(expectedFile));
            string[] actual;
            try
            {
                actual = Interesting(GoldenCharts.Render(name));
            }
            catch (TemplateException exception)
            {
                actual = [];
                wrong.AppendLine($"{name}: {exception.Message}");
            }

            total += expected.Length;
            for (int i = 0; i < expected.Length; i++)
            {
                if (i < actual.Length && actual[i] == expected[i])
                {
                    matched++;
                }
                else if (actual.Length > 0)
                {
                    wrong.AppendLine($"{name}\n  want {expected[i]}\n  got  {(i < actual.Length ? actual[i] : "(nothing)")}");
                }
            }
        }

        output.WriteLine($"{matched}/{total}\n{wrong}");
        Assert.True(matched >= 2598, $"{matched}/{total} lines\n{wrong}");
    }

    [SharedFact]
    public void Errors_are_worded_as_Go_words_them()
    {
        int matched = 0;
        int total = 0;
        StringBuilder wrong = new();
        foreach (string name in GoldenCharts.Cases("own-err-"))
        {
            string expectedFile = Path.Combine(GoldenCharts.Folder(name), "expected-error.txt");
            string expected = File.ReadAllText(expectedFile).Trim()["Error: ".Length..];
            if (!expected.StartsWith("template: t/templates/out.yaml", StringComparison.Ordinal)
                && !expected.StartsWith("parse error at (t/templates", StringComparison.Ordinal))
            {
                continue;
            }

            total++;
            string actual;
            try
            {
                actual = "no error: " + GoldenCharts.Render(name);
            }
            catch (TemplateException exception)
            {
                // Helm cuts its parse errors down to what follows the last colon but one, which loses the lead of some.
                actual = exception.IsParseError
                    ? $"parse error at ({exception.Template}:{exception.Line}): {exception.Reason}"
                    : exception.Message;
            }

            if (actual == expected || (expected.StartsWith("parse error", StringComparison.Ordinal) && actual.EndsWith(expected[(expected.IndexOf("): ", StringComparison.Ordinal) + 3)..], StringComparison.Ordinal)))
            {
                matched++;
            }
            else
            {
                wrong.AppendLine($"{name}\n  want {expected}\n  got  {actual}");
            }
        }

        output.WriteLine($"{matched}/{total}\n{wrong}");
        Assert.True(matched == total, $"{matched}/{total}\n{wrong}");
    }

    private static string[] Interesting(string text) =>
        [.. text.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0 && line != "---" && !line.StartsWith("# Source", StringComparison.Ordinal))];
}
