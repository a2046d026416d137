using System.Text;
using System.Text.RegularExpressions;

namespace Bowline.Rendering.Globs;

/// <summary>
/// Globs as gobwas/glob reads them with slash as separator: <c>*</c> and <c>?</c> stop at slashes, <c>**</c> does not,
/// <c>[a-z]</c>, <c>[!abc]</c>, <c>{a,b}</c>, backslash escapes.
/// </summary>
public sealed class FileGlob
{
    private readonly Regex regex;

    private FileGlob(Regex regex) => this.regex = regex;

    /// <summary>Null for a malformed pattern.</summary>
    /// <param name="crossesSlashes">Whether <c>*</c> and <c>?</c> match slashes too (a glob compiled without separators).</param>
    public static FileGlob? Compile(string pattern, bool crossesSlashes = false)
    {
        StringBuilder text = new(@"\A(?:");
        int open = 0;
        for (int at = 0; at < pattern.Length; at++)
        {
            char c = pattern[at];
            switch (c)
            {
                case '*' when at + 1 < pattern.Length && pattern[at + 1] == '*':
                    at++;
                    text.Append(@"[\s\S]*");
                    break;
                case '*':
                    text.Append(crossesSlashes ? @"[\s\S]*" : "[^/]*");
                    break;
                case '?':
                    text.Append(crossesSlashes ? @"[\s\S]" : "[^/]");
                    break;
                case '[':
                    if (!AppendClass(pattern, ref at, text))
                    {
                        return null;
                    }

                    break;
                case '{':
                    open++;
                    text.Append("(?:");
                    break;
                case '}' when open > 0:
                    open--;
                    text.Append(')');
                    break;
                case ',' when open > 0:
                    text.Append('|');
                    break;
                default:
                    if (c == '\\' && ++at >= pattern.Length)
                    {
                        return null;
                    }

                    text.Append(Regex.Escape(pattern[at].ToString()));
                    break;
            }
        }

        // Without backtracking the time to match is linear, whatever the pattern.
        return open > 0 ? null : new FileGlob(new Regex(text.Append(@")\z").ToString(), RegexOptions.NonBacktracking | RegexOptions.CultureInvariant));
    }

    public bool IsMatch(string path) => regex.IsMatch(path);

    private static bool AppendClass(string pattern, ref int at, StringBuilder text)
    {
        int end = pattern.IndexOf(']', at + 1);
        if (end < 0)
        {
            return false;
        }

        string inner = pattern[(at + 1)..end];
        at = end;
        bool negated = inner.StartsWith('!');
        inner = negated ? inner[1..] : inner;
        if (inner.Length == 0)
        {
            return false;
        }

        text.Append(negated ? "[^" : "[");
        bool range = inner.Length == 3 && inner[1] == '-';
        text.Append(range ? $"{ClassEscape(inner[0])}-{ClassEscape(inner[2])}" : string.Concat(inner.Select(ClassEscape))).Append(']');
        return !range || inner[0] <= inner[2];
    }

    private static string ClassEscape(char c) => c is '\\' or ']' or '[' or '^' or '-' ? $"\\{c}" : c.ToString();
}
