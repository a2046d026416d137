using System.Text;

namespace Bowline.Rendering.Globs;

/// <summary>Go's path.Match: <c>*</c> and <c>?</c> stop at slashes, <c>[a-z]</c> and <c>[^a-z]</c>, backslash escapes, the whole name must match.</summary>
public sealed class GoMatch
{
    private readonly List<Step> steps = [];

    private GoMatch()
    {
    }

    private enum StepKind
    {
        One,
        Any,
        Star,
        Class,
    }

    /// <summary>Null for a malformed pattern (Go's ErrBadPattern).</summary>
    public static GoMatch? Compile(string pattern)
    {
        GoMatch match = new();
        Rune[] runes = [.. pattern.EnumerateRunes()];
        for (int at = 0; at < runes.Length; at++)
        {
            switch (runes[at].Value)
            {
                case '*':
                    match.steps.Add(new Step(StepKind.Star, default, null));
                    break;
                case '?':
                    match.steps.Add(new Step(StepKind.Any, default, null));
                    break;
                case '[':
                    if (CompileClass(runes, ref at) is not { } step)
                    {
                        return null;
                    }

                    match.steps.Add(step);
                    break;
                case '\\':
                    if (++at >= runes.Length)
                    {
                        return null;
                    }

                    match.steps.Add(new Step(StepKind.One, runes[at], null));
                    break;
                default:
                    match.steps.Add(new Step(StepKind.One, runes[at], null));
                    break;
            }
        }

        return match;
    }

    public static bool IsMatch(string pattern, string name) => Compile(pattern)?.IsMatch(name) == true;

    /// <summary>Backtracks to the latest star only, so the time is bounded by pattern × name.</summary>
    public bool IsMatch(string name)
    {
        Rune[] runes = [.. name.EnumerateRunes()];
        int step = 0;
        int at = 0;
        int starStep = -1;
        int starAt = 0;
        while (at < runes.Length || step < steps.Count)
        {
            if (step < steps.Count && steps[step].Kind == StepKind.Star)
            {
                starStep = step++;
                starAt = at;
            }
            else if (step < steps.Count && at < runes.Length && steps[step].Accepts(runes[at]))
            {
                step++;
                at++;
            }
            else if (starStep >= 0 && starAt < runes.Length && runes[starAt].Value != '/')
            {
                at = ++starAt;
                step = starStep + 1;
            }
            else
            {
                return false;
            }
        }

        return true;
    }

    private static Step? CompileClass(Rune[] runes, ref int at)
    {
        at++;
        bool negated = at < runes.Length && runes[at].Value == '^';
        if (negated)
        {
            at++;
        }

        List<(Rune Low, Rune High)> ranges = [];
        while (true)
        {
            if (at < runes.Length && runes[at].Value == ']' && ranges.Count > 0)
            {
                return new Step(StepKind.Class, default, ranges) { Negated = negated };
            }

            if (ClassRune(runes, ref at) is not { } low)
            {
                return null;
            }

            Rune high = low;
            if (at < runes.Length && runes[at].Value == '-')
            {
                at++;
                if (ClassRune(runes, ref at) is not { } end)
                {
                    return null;
                }

                high = end;
            }

            ranges.Add((low, high));
        }
    }

    private static Rune? ClassRune(Rune[] runes, ref int at)
    {
        if (at >= runes.Length || runes[at].Value is '-' or ']')
        {
            return null;
        }

        if (runes[at].Value == '\\' && ++at >= runes.Length)
        {
            return null;
        }

        Rune rune = runes[at++];
        return at < runes.Length ? rune : null;
    }

    private sealed record Step(StepKind Kind, Rune Rune, List<(Rune Low, Rune High)>? Ranges)
    {
        public bool Negated { get; init; }

        public bool Accepts(Rune rune) => Kind switch
        {
            StepKind.One => rune == Rune,
            StepKind.Any => rune.Value != '/',
            StepKind.Class => rune.Value != '/' && Ranges!.Exists(range => range.Low <= rune && rune <= range.High) != Negated,
            _ => false,
        };
    }
}
