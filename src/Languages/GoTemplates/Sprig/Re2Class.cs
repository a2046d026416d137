using System.Globalization;
using System.Text;

namespace Bowline.Languages.GoTemplates.Sprig;

/// <summary>Character classes of RE2 as .NET expressions; a class is kept as ranges of code points so that it can be negated and cut at U+FFFF.</summary>
internal sealed class Re2Class(Re2Syntax syntax, string pattern)
{
    public const string AnyRune = @"(?:[\uD800-\uDBFF][\uDC00-\uDFFF]|[\s\S])";
    public const string AnyButNewline = @"(?:[\uD800-\uDBFF][\uDC00-\uDFFF]|[^\n])";

    private const int MaxRune = 0x10FFFF;

    private readonly List<(int From, int To)> ranges = [];
    private readonly StringBuilder categories = new();

    /// <summary>\d, \w, \s and their opposites, which are ASCII in RE2.</summary>
    public static string? Perl(char letter) => letter switch
    {
        'd' => "[0-9]",
        'w' => "[0-9A-Za-z_]",
        's' => @"[\t\n\f\r ]",
        'D' => @"(?:[\uD800-\uDBFF][\uDC00-\uDFFF]|[^0-9])",
        'W' => @"(?:[\uD800-\uDBFF][\uDC00-\uDFFF]|[^0-9A-Za-z_])",
        'S' => @"(?:[\uD800-\uDBFF][\uDC00-\uDFFF]|[^\t\n\f\r ])",
        _ => null,
    };

    /// <summary>Reads a bracketed class from its opening bracket on.</summary>
    public string Read(ref int position, bool ignoreCase)
    {
        int start = position++;
        bool negated = position < pattern.Length && pattern[position] == '^';
        position += negated ? 1 : 0;
        bool first = true;
        while (position >= pattern.Length || pattern[position] != ']' || first)
        {
            if (position >= pattern.Length)
            {
                throw new Re2Exception($"missing closing ]: `{pattern[start..]}`");
            }

            first = false;
            if (!Named(ref position) && !Escaped(ref position))
            {
                Range(ref position);
            }
        }

        position++;
        string text = Write(negated);
        return ignoreCase ? $"(?i:{text})" : text;
    }

    /// <summary>\pL, \p{Greek}, \PN, \p{^L}.</summary>
    public string UnicodeClass(ref int position)
    {
        string category = ReadCategory(ref position, out bool negated);
        return negated ? $@"(?:[\uD800-\uDBFF][\uDC00-\uDFFF]|[^{category}])" : $"[{category}]";
    }

    private bool Named(ref int position)
    {
        int end = pattern.IndexOf(":]", position, StringComparison.Ordinal);
        if (end < 0 || !pattern.AsSpan(position).StartsWith("[:"))
        {
            return false;
        }

        string name = pattern[(position + 2)..end];
        bool negated = name.StartsWith('^');
        string? members = name.TrimStart('^') switch
        {
            "alnum" => "09AZaz",
            "alpha" => "AZaz",
            "ascii" => "\0\x7F",
            "blank" => "\t\t  ",
            "cntrl" => "\0\x1F\x7F\x7F",
            "digit" => "09",
            "graph" => "!~",
            "lower" => "az",
            "print" => " ~",
            "punct" => "!/:@[`{~",
            "space" => "\t\r  ",
            "upper" => "AZ",
            "word" => "09AZaz__",
            "xdigit" => "09AFaf",
            _ => null,
        };
        if (members is null)
        {
            throw new Re2Exception($"invalid character class range: `{pattern[position..(end + 2)]}`");
        }

        Add(members, negated);
        position = end + 2;
        return true;
    }

    private bool Escaped(ref int position)
    {
        if (pattern[position] != '\\' || position + 1 >= pattern.Length)
        {
            return false;
        }

        char letter = pattern[position + 1];
        if (letter is 'p' or 'P')
        {
            string category = ReadCategory(ref position, out bool negated);
            categories.Append(negated ? Negate(category) : category);
            return true;
        }

        string? members = char.ToLowerInvariant(letter) switch { 'd' => "09", 'w' => "09AZaz__", 's' => "\t\n\f\r  ", _ => null };
        if (members is null)
        {
            return false;
        }

        Add(members, char.IsAsciiLetterUpper(letter));
        position += 2;
        return true;
    }

    private void Range(ref int position)
    {
        int start = position;
        int from = One(ref position);
        int to = from;
        if (position + 1 < pattern.Length && pattern[position] == '-' && pattern[position + 1] != ']')
        {
            position++;
            to = One(ref position);
            if (to < from)
            {
                throw new Re2Exception($"invalid character class range: `{pattern[start..position]}`");
            }
        }

        ranges.Add((from, to));
    }

    private int One(ref int position)
    {
        if (pattern[position] == '\\')
        {
            return position + 1 < pattern.Length ? syntax.EscapedRune(ref position).Value : throw new Re2Exception($"missing closing ]: `{pattern[position..]}`");
        }

        Rune.DecodeFromUtf16(pattern.AsSpan(position), out Rune rune, out int used);
        position += used;
        return rune.Value;
    }

    private void Add(string pairs, bool negated)
    {
        List<(int From, int To)> added = [];
        for (int i = 0; i < pairs.Length; i += 2)
        {
            added.Add((pairs[i], pairs[i + 1]));
        }

        ranges.AddRange(negated ? Complement(added) : added);
    }

    private string ReadCategory(ref int position, out bool negated)
    {
        int start = position;
        negated = pattern[position + 1] == 'P';
        position += 2;
        string name;
        if (position < pattern.Length && pattern[position] == '{')
        {
            int end = pattern.IndexOf('}', position);
            if (end < 0)
            {
                throw new Re2Exception($"invalid character class range: `{pattern[start..]}`");
            }

            name = pattern[(position + 1)..end];
            position = end + 1;
        }
        else
        {
            name = position < pattern.Length ? pattern[position++].ToString() : string.Empty;
        }

        if (name.StartsWith('^'))
        {
            negated = !negated;
            name = name[1..];
        }

        return Re2Scripts.Find(name) ?? throw new Re2Exception($"invalid character class range: `{pattern[start..position]}`");
    }

    private static string Negate(string category) =>
        category.StartsWith(@"\p{", StringComparison.Ordinal) && category.IndexOf('}', StringComparison.Ordinal) == category.Length - 1
            ? @"\P" + category[2..]
            : throw new Re2Exception("a negated script inside a class is not supported");

    private string Write(bool negated)
    {
        if (categories.Length == 0)
        {
            List<(int From, int To)> all = negated ? Complement(ranges) : ranges;
            return all.Count == 0 ? @"[^\s\S]" : WriteRanges(all);
        }

        StringBuilder low = new();
        foreach ((int from, int to) in ranges.Where(range => range.From <= 0xFFFF))
        {
            AppendRange(low, from, Math.Min(to, 0xFFFF));
        }

        return negated
            ? $@"(?:[\uD800-\uDBFF][\uDC00-\uDFFF]|[^{low}{categories}])"
            : $"[{low}{categories}]";
    }

    private static string WriteRanges(List<(int From, int To)> all)
    {
        StringBuilder low = new();
        List<string> high = [];
        foreach ((int from, int to) in all)
        {
            if (from <= 0xFFFF)
            {
                AppendRange(low, from, Math.Min(to, 0xFFFF));
            }

            if (to > 0xFFFF)
            {
                HighRanges(Math.Max(from, 0x10000), to, high);
            }
        }

        if (high.Count == 0)
        {
            return $"[{low}]";
        }

        return $"(?:{string.Join('|', high)}{(low.Length > 0 ? $"|[{low}]" : string.Empty)})";
    }

    private static void HighRanges(int from, int to, List<string> parts)
    {
        (int firstHigh, int firstLow) = Surrogates(from);
        (int lastHigh, int lastLow) = Surrogates(to);
        if (firstHigh == lastHigh)
        {
            parts.Add(Pair(firstHigh, firstHigh, firstLow, lastLow));
            return;
        }

        parts.Add(Pair(firstHigh, firstHigh, firstLow, 0xDFFF));
        if (lastHigh - firstHigh > 1)
        {
            parts.Add(Pair(firstHigh + 1, lastHigh - 1, 0xDC00, 0xDFFF));
        }

        parts.Add(Pair(lastHigh, lastHigh, 0xDC00, lastLow));
    }

    private static (int High, int Low) Surrogates(int rune) => (0xD800 + ((rune - 0x10000) >> 10), 0xDC00 + ((rune - 0x10000) & 0x3FF));

    private static string Pair(int high, int highTo, int low, int lowTo) =>
        string.Create(CultureInfo.InvariantCulture, $"[\\u{high:X4}-\\u{highTo:X4}][\\u{low:X4}-\\u{lowTo:X4}]");

    private static void AppendRange(StringBuilder text, int from, int to)
    {
        text.Append(CultureInfo.InvariantCulture, $"\\u{from:X4}");
        if (to > from)
        {
            text.Append(CultureInfo.InvariantCulture, $"-\\u{to:X4}");
        }
    }

    private static List<(int From, int To)> Complement(List<(int From, int To)> included)
    {
        List<(int From, int To)> result = [];
        int next = 0;
        foreach ((int from, int to) in included.Order())
        {
            if (from > next)
            {
                result.Add((next, from - 1));
            }

            next = Math.Max(next, to + 1);
        }

        if (next <= MaxRune)
        {
            result.Add((next, MaxRune));
        }

        return result;
    }
}
