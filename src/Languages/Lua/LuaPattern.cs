namespace Bowline.Languages.Lua;

/// <summary>Where a pattern matched, offsets from 0.</summary>
internal sealed record LuaMatch(int Start, int End, IReadOnlyList<(int Start, int Length)> Captures)
{
    /// <summary>The length of a capture <c>()</c>, which is a place rather than a text.</summary>
    public const int Position = -1;
}

/// <summary>
/// Lua's patterns (reference manual, 6.4.1), with a budget of steps: the library's own matcher backtracks without end on some of them,
/// out of reach of the instruction hook.
/// </summary>
internal ref struct LuaPattern
{
    private const long MostSteps = 20_000_000;
    private const int MostDepth = 200;
    private const int MostCaptures = 32;
    private const int Open = -2;
    private const int None = -1;
    private const int GoOn = -3;
    private readonly ReadOnlySpan<byte> text;
    private readonly ReadOnlySpan<byte> pattern;
    private readonly List<(int Start, int Length)> captures = [];
    private long steps;
    private int depth;

    private LuaPattern(ReadOnlySpan<byte> text, ReadOnlySpan<byte> pattern, long steps)
    {
        this.text = text;
        this.pattern = pattern;
        this.steps = steps;
    }

    /// <param name="steps">Counts over all matches of one run.</param>
    /// <exception cref="LuaException">A malformed pattern, or too many steps.</exception>
    public static LuaMatch? Find(ReadOnlySpan<byte> text, ReadOnlySpan<byte> pattern, int from, bool plain, ref long steps)
    {
        if (plain)
        {
            int at = text[from..].IndexOf(pattern);
            return at < 0 ? null : new LuaMatch(from + at, from + at + pattern.Length, []);
        }

        bool anchored = pattern.StartsWith("^"u8);
        for (int start = from; start <= text.Length; start++)
        {
            LuaPattern run = new(text, pattern, steps);
            int end = run.Match(start, anchored ? 1 : 0);
            steps = run.steps;
            if (end != None)
            {
                return new LuaMatch(start, end, run.captures);
            }

            if (anchored)
            {
                break;
            }
        }

        return null;
    }

    private int Match(int s, int p)
    {
        if (++depth > MostDepth)
        {
            throw new LuaException("pattern too complex");
        }

        int result = MatchHere(s, p);
        depth--;
        return result;
    }

    private int MatchHere(int s, int p)
    {
        while (p < pattern.Length)
        {
            if (++steps > MostSteps)
            {
                throw new LuaException("pattern too complex");
            }

            switch (pattern[p])
            {
                case (byte)'(':
                    bool position = p + 1 < pattern.Length && pattern[p + 1] == ')';
                    return Capture(s, p + (position ? 2 : 1), position ? LuaMatch.Position : Open);
                case (byte)')':
                    return Close(s, p + 1);
                case (byte)'$' when p + 1 == pattern.Length:
                    return s == text.Length ? s : None;
                case (byte)'%' when p + 1 < pattern.Length && pattern[p + 1] == 'b':
                    s = Balanced(s, p + 2);
                    p += 4;
                    break;
                case (byte)'%' when p + 1 < pattern.Length && pattern[p + 1] == 'f':
                    p += 2;
                    s = Frontier(s, ref p);
                    break;
                case (byte)'%' when p + 1 < pattern.Length && pattern[p + 1] is >= (byte)'0' and <= (byte)'9':
                    s = Back(s, pattern[p + 1] - '1');
                    p += 2;
                    break;
                default:
                    if (Item(ref s, ref p) is var found and not GoOn)
                    {
                        return found;
                    }

                    break;
            }

            if (s == None)
            {
                return None;
            }
        }

        return s;
    }

    /// <summary>One character class with its repetition: where the whole pattern ends, or <see cref="GoOn"/> with the places moved on.</summary>
    private int Item(ref int s, ref int p)
    {
        int end = ClassEnd(p);
        byte repeat = end < pattern.Length ? pattern[end] : (byte)0;
        if (repeat is (byte)'*' or (byte)'+' or (byte)'-')
        {
            return Repeat(s, p, end, repeat);
        }

        bool single = Single(s, p, end);
        if (repeat != '?')
        {
            s = single ? s + 1 : None;
            p = end;
            return GoOn;
        }

        if (single && Match(s + 1, end + 1) is var taken and not None)
        {
            return taken;
        }

        p = end + 1;
        return GoOn;
    }

    private int Repeat(int s, int p, int end, byte repeat)
    {
        if (repeat == '-')
        {
            for (; ; s++)
            {
                if (Match(s, end + 1) is var found and not None)
                {
                    return found;
                }

                if (!Single(s, p, end))
                {
                    return None;
                }
            }
        }

        int count = 0;
        while (Single(s + count, p, end))
        {
            count++;
            steps++;
        }

        for (int least = repeat == '+' ? 1 : 0; count >= least; count--)
        {
            if (Match(s + count, end + 1) is var found and not None)
            {
                return found;
            }
        }

        return None;
    }

    private int Capture(int s, int p, int what)
    {
        if (captures.Count >= MostCaptures)
        {
            throw new LuaException("too many captures");
        }

        captures.Add((s, what));
        int found = Match(s, p);
        if (found == None)
        {
            captures.RemoveAt(captures.Count - 1);
        }

        return found;
    }

    private int Close(int s, int p)
    {
        int open = captures.FindLastIndex(capture => capture.Length == Open);
        if (open < 0)
        {
            throw new LuaException("invalid pattern capture");
        }

        captures[open] = (captures[open].Start, s - captures[open].Start);
        int found = Match(s, p);
        if (found == None)
        {
            captures[open] = (captures[open].Start, Open);
        }

        return found;
    }

    private readonly int Back(int s, int index)
    {
        if (index < 0 || index >= captures.Count || captures[index].Length == Open)
        {
            throw new LuaException($"invalid capture index %{index + 1}");
        }

        ReadOnlySpan<byte> said = text.Slice(captures[index].Start, Math.Max(0, captures[index].Length));
        return text[s..].StartsWith(said) ? s + said.Length : None;
    }

    private int Balanced(int s, int p)
    {
        if (p + 1 >= pattern.Length)
        {
            throw new LuaException("malformed pattern (missing arguments to '%b')");
        }

        if (s >= text.Length || text[s] != pattern[p])
        {
            return None;
        }

        int open = 1;
        for (int i = s + 1; i < text.Length; i++)
        {
            steps++;
            if (text[i] == pattern[p + 1])
            {
                if (--open == 0)
                {
                    return i + 1;
                }
            }
            else if (text[i] == pattern[p])
            {
                open++;
            }
        }

        return None;
    }

    private readonly int Frontier(int s, ref int p)
    {
        if (p >= pattern.Length || pattern[p] != '[')
        {
            throw new LuaException("missing '[' after '%f' in pattern");
        }

        int end = ClassEnd(p);
        byte previous = s == 0 ? (byte)0 : text[s - 1];
        byte next = s < text.Length ? text[s] : (byte)0;
        bool holds = !Set(previous, p, end - 1) && Set(next, p, end - 1);
        p = end;
        return holds ? s : None;
    }

    private readonly int ClassEnd(int p)
    {
        byte first = pattern[p++];
        if (first == '%')
        {
            return p < pattern.Length ? p + 1 : throw new LuaException("malformed pattern (ends with '%')");
        }

        if (first != '[')
        {
            return p;
        }

        p += p < pattern.Length && pattern[p] == '^' ? 1 : 0;
        do
        {
            if (p >= pattern.Length)
            {
                throw new LuaException("malformed pattern (missing ']')");
            }

            p += pattern[p] == '%' ? 2 : 1;
        }
        while (p >= pattern.Length || pattern[p] != ']');
        return p + 1;
    }

    private readonly bool Single(int s, int p, int end) => s < text.Length && pattern[p] switch
    {
        (byte)'.' => true,
        (byte)'%' => Class(text[s], pattern[p + 1]),
        (byte)'[' => Set(text[s], p, end - 1),
        var literal => literal == text[s],
    };

    private readonly bool Set(byte c, int p, int close)
    {
        bool wanted = true;
        if (pattern[p + 1] == '^')
        {
            wanted = false;
            p++;
        }

        while (++p < close)
        {
            if (pattern[p] == '%')
            {
                p++;
                if (Class(c, pattern[p]))
                {
                    return wanted;
                }
            }
            else if (p + 2 < close && pattern[p + 1] == '-')
            {
                if (pattern[p] <= c && c <= pattern[p + 2])
                {
                    return wanted;
                }

                p += 2;
            }
            else if (pattern[p] == c)
            {
                return wanted;
            }
        }

        return !wanted;
    }

    private static bool Class(byte c, byte name)
    {
        char ascii = (char)c;
        bool holds = (char)(name | 0x20) switch
        {
            'a' => char.IsAsciiLetter(ascii),
            'd' => char.IsAsciiDigit(ascii),
            'l' => char.IsAsciiLetterLower(ascii),
            'u' => char.IsAsciiLetterUpper(ascii),
            's' => c is 32 or (>= 9 and <= 13),
            'w' => char.IsAsciiLetterOrDigit(ascii),
            'x' => char.IsAsciiHexDigit(ascii),
            'p' => c is > 32 and < 127 && !char.IsAsciiLetterOrDigit(ascii),
            'c' => c is < 32 or 127,
            'g' => c is > 32 and < 127,
            _ => name == c,
        };
        bool isClass = (char)(name | 0x20) is 'a' or 'd' or 'l' or 'u' or 's' or 'w' or 'x' or 'p' or 'c' or 'g' && char.IsAsciiLetter((char)name);
        return isClass ? char.IsAsciiLetterUpper((char)name) ? !holds : holds : name == c;
    }
}
