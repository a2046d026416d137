using System.Text;
using System.Text.RegularExpressions;
using Bowline.Languages.GoTemplates.Parsing;
using Bowline.Languages.GoTemplates.Values;
using Bowline.Resources.Model;
using static Bowline.Languages.GoTemplates.Sprig.FunctionList;

namespace Bowline.Languages.GoTemplates.Sprig;

/// <summary>RE2 expressions on .NET's linear-time engine.</summary>
internal static class RegexFunctions
{
    public static FunctionList All()
    {
        FunctionList list = new()
        {
            { "regexQuoteMeta", call => QuoteMeta(call.Text(0)), Text },
            { "regexMatch", call => TryCompile(call, out _)?.IsMatch(call.Text(1)) ?? false, Text, Text },
            { "mustRegexMatch", call => Compile(call, must: true).IsMatch(call.Text(1)), Text, Text },
        };
        AddPair(list, "Find", (call, regex) => regex.Match(call.Text(1)).Value, Text, Text);
        AddPair(list, "FindAll", FindAll, Text, Text, Int);
        AddPair(list, "ReplaceAll", (call, regex) => ReplaceAll(call, regex, call.Text(2), literal: false), Text, Text, Text);
        AddPair(list, "ReplaceAllLiteral", (call, regex) => ReplaceAll(call, regex, call.Text(2), literal: true), Text, Text, Text);
        AddPair(list, "Split", Split, Text, Text, Int);
        return list;
    }

    private static void AddPair(FunctionList list, string name, Func<FunctionCall, Regex, Node> body, params GoType[] parameters)
    {
        list.Add("regex" + name, call => body(call, Compile(call, must: false)), parameters);
        list.Add("mustRegex" + name, call => body(call, Compile(call, must: true)), parameters);
    }

    private static Regex? TryCompile(FunctionCall call, out string? error)
    {
        string pattern = call.Text(0);
        error = null;
        try
        {
            return Re2Syntax.Compile(pattern);
        }
        catch (Re2Exception exception)
        {
            error = $"error parsing regexp: {exception.Message}";
            return null;
        }
    }

    /// <summary>The functions without "must" use MustCompile, whose panic has a text of its own.</summary>
    private static Regex Compile(FunctionCall call, bool must)
    {
        if (TryCompile(call, out string? error) is { } regex)
        {
            return regex;
        }

        string quoted = call.Text(0).Contains('`', StringComparison.Ordinal) ? GoText.Quote(call.Text(0)) : "`" + call.Text(0) + "`";
        throw new GoError(must ? error! : $"regexp: Compile({quoted}): {error}");
    }

    /// <summary>Go's matches: an empty match right after the previous match does not count.</summary>
    private static IEnumerable<Match> Matches(FunctionCall call, Regex regex, string text, long most)
    {
        int previousEnd = -1;
        for (Match match = regex.Match(text); match.Success && most != 0; match = match.NextMatch())
        {
            call.Run.Step();
            if (match.Length == 0 && match.Index == previousEnd)
            {
                continue;
            }

            previousEnd = match.Index + match.Length;
            most--;
            yield return match;
        }
    }

    private static Node FindAll(FunctionCall call, Regex regex)
    {
        List<string> found = [.. Matches(call, regex, call.Text(1), call.Integer(2)).Select(match => match.Value)];
        return found.Count == 0 ? NilStrings() : GoSlice.Strings(found);
    }

    private static GoSlice NilStrings() => new(GoType.Strings, []) { IsNilSlice = true };

    private static Node ReplaceAll(FunctionCall call, Regex regex, string replacement, bool literal)
    {
        string text = call.Text(1);
        StringBuilder result = new(text.Length);
        int from = 0;
        foreach (Match match in Matches(call, regex, text, -1))
        {
            result.Append(text, from, match.Index - from);
            int before = result.Length;
            if (literal)
            {
                result.Append(replacement);
            }
            else
            {
                Expand(result, replacement, match);
            }

            call.Run.Charge(result.Length - before);
            from = match.Index + match.Length;
        }

        return result.Append(text, from, text.Length - from).ToString();
    }

    /// <summary>regexp.Expand: $1, ${name}, $$; a name is as long as it can be.</summary>
    private static void Expand(StringBuilder result, string template, Match match)
    {
        for (int at = 0; at < template.Length;)
        {
            int dollar = template.IndexOf('$', at);
            if (dollar < 0)
            {
                result.Append(template, at, template.Length - at);
                return;
            }

            result.Append(template, at, dollar - at);
            at = dollar + 1;
            if (at < template.Length && template[at] == '$')
            {
                result.Append('$');
                at++;
                continue;
            }

            bool braced = at < template.Length && template[at] == '{';
            int start = braced ? at + 1 : at;
            int end = start;
            while (end < template.Length && (char.IsLetterOrDigit(template[end]) || template[end] == '_'))
            {
                end++;
            }

            if (end == start || (braced && (end == template.Length || template[end] != '}')))
            {
                result.Append('$');
                continue;
            }

            result.Append(GroupValue(match, template[start..end]));
            at = braced ? end + 1 : end;
        }
    }

    private static string GroupValue(Match match, string name)
    {
        bool isNumber = name.All(char.IsAsciiDigit);
        if (isNumber && name.Length < 9 && !(name.Length > 1 && name[0] == '0'))
        {
            int number = int.Parse(name, System.Globalization.CultureInfo.InvariantCulture);
            return number < match.Groups.Count ? match.Groups[number].Value : string.Empty;
        }

        return Re2Syntax.GroupNumber(match, name) is { } group ? match.Groups[group].Value : string.Empty;
    }

    private static Node Split(FunctionCall call, Regex regex)
    {
        (string text, long most) = (call.Text(1), call.Integer(2));
        if (most == 0)
        {
            return NilStrings();
        }

        if (call.Text(0).Length > 0 && text.Length == 0)
        {
            return GoSlice.Strings([string.Empty]);
        }

        List<string> parts = [];
        int begin = 0;
        int end = 0;
        foreach (Match match in Matches(call, regex, text, most))
        {
            if (most > 0 && parts.Count == most - 1)
            {
                break;
            }

            end = match.Index;
            if (match.Index + match.Length != 0)
            {
                parts.Add(text[begin..end]);
            }

            begin = match.Index + match.Length;
        }

        if (end != text.Length)
        {
            parts.Add(text[begin..]);
        }

        return GoSlice.Strings(parts);
    }

    private static string QuoteMeta(string text)
    {
        StringBuilder quoted = new(text.Length + 8);
        foreach (char c in text)
        {
            if ("\\.+*?()|[]{}^$".Contains(c, StringComparison.Ordinal))
            {
                quoted.Append('\\');
            }

            quoted.Append(c);
        }

        return quoted.ToString();
    }
}
