using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Bowline.Languages.GoTemplates.Sprig;

/// <summary>A pattern that RE2 refuses; the message is Go's, without its lead.</summary>
internal sealed class Re2Exception(string message) : Exception(message);

/// <summary>
/// Rewrites an RE2 pattern as a .NET one with the same meaning: ASCII classes, flags, (?P&lt;name&gt;), \z, \Q..\E, \pL, and code
/// points beyond the basic plane, which .NET sees as two characters. The result runs without backtracking.
/// </summary>
internal sealed partial class Re2Syntax
{
    private const int MaxCached = 256;
    private const int MaxRepeat = 1000;
    private const int MaxDepth = 500;
    private const int MaxLength = 100_000;

    // The engine is linear for one match; finding all of them in a huge text can still be quadratic.
    private static readonly TimeSpan MatchTimeout = TimeSpan.FromSeconds(10);

    // Compiled patterns are pure functions of their text; a full cache starts over.
    private static readonly ConcurrentDictionary<string, Regex> Compiled = new(StringComparer.Ordinal);

    private readonly string pattern;
    private readonly StringBuilder output = new();
    private readonly HashSet<string> names = new(StringComparer.Ordinal);
    private int position;
    private int groups;
    private int depth;
    private Flags flags;

    private Re2Syntax(string pattern) => this.pattern = pattern;

    [Flags]
    private enum Flags
    {
        None = 0,
        IgnoreCase = 1,
        Multiline = 2,
        DotAll = 4,
        Ungreedy = 8,
    }

    /// <exception cref="Re2Exception">Not an RE2 pattern, or too large for the engine.</exception>
    public static Regex Compile(string pattern)
    {
        if (Compiled.TryGetValue(pattern, out Regex? regex))
        {
            return regex;
        }

        if (pattern.Length > MaxLength)
        {
            throw new Re2Exception("expression too large");
        }

        Re2Syntax translation = new(pattern);
        translation.Alternatives();
        if (translation.position < pattern.Length)
        {
            throw new Re2Exception($"unexpected ): `{pattern}`");
        }

        try
        {
            regex = new Regex(translation.output.ToString(), RegexOptions.NonBacktracking | RegexOptions.CultureInvariant, MatchTimeout);
        }
        catch (Exception exception) when (exception is ArgumentException or NotSupportedException)
        {
            throw new Re2Exception($"expression nests too deeply or is too large: `{pattern}`");
        }

        if (Compiled.Count >= MaxCached)
        {
            Compiled.Clear();
        }

        return Compiled[pattern] = regex;
    }

    /// <summary>The number of a named group; every group is named in the translation so that numbers stay in order.</summary>
    public static int? GroupNumber(Match match, string name)
    {
        foreach (Group group in match.Groups)
        {
            int separator = group.Name.IndexOf('_', StringComparison.Ordinal);
            if (separator > 0 && group.Name[0] == 'g' && group.Name[(separator + 1)..] == name)
            {
                for (int i = 1; i < match.Groups.Count; i++)
                {
                    if (ReferenceEquals(match.Groups[i], group))
                    {
                        return i;
                    }
                }
            }
        }

        return null;
    }

    private void Alternatives()
    {
        if (++depth > MaxDepth)
        {
            throw new Re2Exception($"expression nests too deeply: `{pattern}`");
        }

        Flags outer = flags;
        while (position < pattern.Length && pattern[position] != ')')
        {
            if (pattern[position] == '|')
            {
                output.Append('|');
                position++;
            }
            else
            {
                Piece();
            }
        }

        flags = outer;
        depth--;
    }

    private void Piece()
    {
        int start = output.Length;
        bool repeatable = Atom();
        bool repeated = false;
        while (position < pattern.Length && RepeatLength() is var length and > 0)
        {
            int from = position;
            string repeat = pattern.Substring(position, length);
            if (!repeatable)
            {
                throw new Re2Exception($"missing argument to repetition operator: `{repeat}`");
            }

            position += length;
            bool lazy = position < pattern.Length && pattern[position] == '?';
            position += lazy ? 1 : 0;
            if (repeated)
            {
                throw new Re2Exception($"invalid nested repetition operator: `{pattern[lastRepeat..position]}`");
            }

            lastRepeat = from;
            repeated = true;
            // A group, since what was written may be several .NET elements for one RE2 atom.
            string atom = output.ToString(start, output.Length - start);
            output.Length = start;
            output.Append("(?:").Append(atom).Append(')').Append(repeat).Append(lazy != flags.HasFlag(Flags.Ungreedy) ? "?" : string.Empty);
        }
    }

    private int lastRepeat;

    /// <summary>The length of the repetition operator that comes next; 0 when none does. A brace that is no repetition is a literal.</summary>
    private int RepeatLength()
    {
        if (pattern[position] is '*' or '+' or '?')
        {
            return 1;
        }

        if (pattern[position] != '{' || RepeatPattern().Match(pattern, position) is not { Success: true } match || match.Index != position)
        {
            return 0;
        }

        int low = Number(match.Groups[1].Value);
        int high = match.Groups[3].Success && match.Groups[3].Length > 0 ? Number(match.Groups[3].Value) : low;
        return low > MaxRepeat || high > MaxRepeat || high < low ? throw new Re2Exception($"invalid repeat count: `{match.Value}`") : match.Length;
    }

    private static int Number(string digits) => digits.Length > 6 ? int.MaxValue : int.Parse(digits, CultureInfo.InvariantCulture);

    /// <summary>Writes one atom; false for one that cannot be repeated.</summary>
    private bool Atom()
    {
        char c = pattern[position];
        switch (c)
        {
            case '(':
                return GroupStart();
            case '[':
                output.Append(new Re2Class(this, pattern).Read(ref position, flags.HasFlag(Flags.IgnoreCase)));
                return true;
            case '.':
                position++;
                output.Append(flags.HasFlag(Flags.DotAll) ? Re2Class.AnyRune : Re2Class.AnyButNewline);
                return true;
            case '^':
                position++;
                output.Append(flags.HasFlag(Flags.Multiline) ? "(?m:^)" : @"\A");
                return true;
            case '$':
                position++;
                output.Append(flags.HasFlag(Flags.Multiline) ? "(?m:$)" : @"\z");
                return true;
            case '*' or '+' or '?':
                return false;
            case '\\':
                return Escape();
            default:
                if (RepeatLength() > 0)
                {
                    return false;
                }

                Literal(NextRune());
                return true;
        }
    }

    private Rune NextRune()
    {
        Rune.DecodeFromUtf16(pattern.AsSpan(position), out Rune rune, out int used);
        position += used;
        return rune;
    }

    private void Literal(Rune rune)
    {
        string text = rune.ToString();
        string escaped = text.Length == 1 ? Regex.Escape(text) : "(?:" + text + ")";
        output.Append(flags.HasFlag(Flags.IgnoreCase) && Rune.IsLetter(rune) ? $"(?i:{escaped})" : escaped);
    }

    private bool GroupStart()
    {
        position++;
        if (position < pattern.Length && pattern[position] == '?')
        {
            return SpecialGroup();
        }

        groups++;
        output.Append(CultureInfo.InvariantCulture, $"(?<g{groups}>");
        Close();
        return true;
    }

    private void Close()
    {
        Alternatives();
        if (position >= pattern.Length)
        {
            throw new Re2Exception($"missing closing ): `{pattern}`");
        }

        position++;
        output.Append(')');
    }

    private bool SpecialGroup()
    {
        int start = position - 1;
        Match named = NamedGroup().Match(pattern, position);
        if (named.Success && named.Index == position)
        {
            string name = named.Groups[1].Value;
            if (!names.Add(name))
            {
                throw new Re2Exception($"duplicate capture group name: `{name}`");
            }

            position += named.Length;
            groups++;
            output.Append(CultureInfo.InvariantCulture, $"(?<g{groups}_{name}>");
            Close();
            return true;
        }

        bool on = true;
        Flags changed = flags;
        for (position++; position < pattern.Length; position++)
        {
            switch (pattern[position])
            {
                case 'i':
                    changed = Set(changed, Flags.IgnoreCase, on);
                    break;
                case 'm':
                    changed = Set(changed, Flags.Multiline, on);
                    break;
                case 's':
                    changed = Set(changed, Flags.DotAll, on);
                    break;
                case 'U':
                    changed = Set(changed, Flags.Ungreedy, on);
                    break;
                case '-' when on:
                    on = false;
                    break;
                case ':' or ')':
                    return EndFlags(changed);
                default:
                    throw new Re2Exception($"invalid or unsupported Perl syntax: `{pattern[start..(position + 1)]}`");
            }
        }

        throw new Re2Exception($"missing closing ): `{pattern}`");
    }

    private bool EndFlags(Flags changed)
    {
        if (pattern[position++] == ')')
        {
            flags = changed;
            output.Append("(?:)");
            return false;
        }

        Flags outer = flags;
        flags = changed;
        output.Append("(?:");
        Close();
        flags = outer;
        return true;
    }

    private static Flags Set(Flags flags, Flags flag, bool on) => on ? flags | flag : flags & ~flag;

    [GeneratedRegex(@"\G\{([0-9]+)(,([0-9]*))?\}")]
    private static partial Regex RepeatPattern();

    [GeneratedRegex(@"\G\?P?<([A-Za-z0-9_]+)>")]
    private static partial Regex NamedGroup();

    [GeneratedRegex(@"\G\\(?:x\{([0-9A-Fa-f]+)\}|x([0-9A-Fa-f]{2})|(0[0-7]{0,2}|[1-7][0-7]{1,2}))")]
    private static partial Regex NumericEscape();
}
