using System.Text;
using System.Text.RegularExpressions;
using Bowline.Languages.Cel.Evaluating;
using Bowline.Languages.Cel.Values;
using Bowline.Languages.GoTemplates.Sprig;
using Bowline.Resources.Model;

namespace Bowline.Languages.Cel.Functions;

/// <summary>RE2 expressions: Kubernetes' find and findAll, and cel-go's regex.replace, extract and extractAll.</summary>
internal static partial class RegexFunctions
{
    public static CelLibrary Kubernetes()
    {
        CelLibrary library = new();
        library.Add("string find(string): string", (run, a) => Matched(a.Text(1), regex => run.Made(regex.Match(a.Text(0)).Value)));
        library.Add("string findAll(string): list<string>", (run, a) => Matched(a.Text(1), regex => run.Texts([.. All(regex, a.Text(0), -1).Select(match => match.Value)])));
        library.Add("string findAll(string, int): list<string>", (run, a) => Matched(a.Text(1), regex => run.Texts([.. All(regex, a.Text(0), a.Integer(2)).Select(match => match.Value)])));
        return library;
    }

    public static CelLibrary Newer()
    {
        CelLibrary library = new();
        library.Add("regex.replace(string, string, string): string", (run, a) => Replace(run, a, -1));
        library.Add("regex.replace(string, string, string, int): string", (run, a) => Replace(run, a, a.Integer(3)));
        library.Add("regex.extract(string, string): optional<string>", (_, a) => Matched(a.Text(1), regex =>
            MostlyOneGroup(regex) ?? (Captured(regex.Match(a.Text(0))) is { } text ? new CelOptional(text) : CelOptional.None)));
        library.Add("regex.extractAll(string, string): list<string>", (run, a) => Matched(a.Text(1), regex =>
            MostlyOneGroup(regex) ?? run.Texts([.. All(regex, a.Text(0), -1).Select(Captured).OfType<string>()])));
        return library;
    }

    /// <summary>The error of a pattern that is none, or what is done with the compiled one.</summary>
    public static Node Matched(string pattern, Func<Regex, Node> use)
    {
        try
        {
            return use(Re2Syntax.Compile(pattern));
        }
        catch (Re2Exception exception)
        {
            return Arguments.Fail($"error parsing regexp: {exception.Message}");
        }
        catch (RegexMatchTimeoutException)
        {
            return Arguments.Fail("regular expression took too long");
        }
    }

    /// <summary>Go's matches: an empty match right after the previous match does not count. A negative limit means all.</summary>
    private static IEnumerable<Match> All(Regex regex, string text, long limit)
    {
        int previousEnd = -1;
        for (Match match = regex.Match(text); match.Success && limit != 0; match = match.NextMatch())
        {
            if (match.Length > 0 || match.Index != previousEnd)
            {
                previousEnd = match.Index + match.Length;
                limit--;
                yield return match;
            }
        }
    }

    private static Node? MostlyOneGroup(Regex regex) =>
        regex.GetGroupNumbers().Length > 2 ? Arguments.Fail($"regular expression has more than one capturing group: {Resources.Json.JsonWriter.ToText(regex.ToString())}") : null;

    private static string? Captured(Match match) => !match.Success ? null
        : match.Groups.Count == 1 ? match.Value
        : match.Groups[1].Success ? match.Groups[1].Value
        : null;

    private static Node Replace(CelRun run, Node[] a, long limit) => Matched(a.Text(1), regex =>
    {
        string text = a.Text(0);
        StringBuilder result = new(text.Length);
        int from = 0;
        foreach (Match match in All(regex, text, limit))
        {
            result.Append(text, from, match.Index - from);
            string replaced = Reference().Replace(a.Text(2), reference => reference.Value[1] == '\\' ? "\\" : match.Groups.Count > reference.Value[1] - '0' ? match.Groups[reference.Value[1] - '0'].Value : string.Empty);
            run.Allocate(replaced.Length * 2L);
            result.Append(replaced);
            from = match.Index + match.Length;
        }

        return run.Made(result.Append(text, from, text.Length - from).ToString());
    });

    [GeneratedRegex(@"\\[0-9\\]")]
    private static partial Regex Reference();
}
