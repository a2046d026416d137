using System.Text;

namespace Bowline.Resources.Yaml;

/// <summary>
/// go-yaml's order of keys: runs of digits by their number, letters behind everything else
/// (v3 only: but before it when a digit precedes them, so that a1b stands before a1-b).
/// </summary>
internal static class NaturalKeyOrder
{
    /// <summary>Sorts with a merge sort: the order is not transitive for every input, which .NET's own sort may answer with an exception.</summary>
    public static void Sort<T>(T[] items, Func<T, string> key, YamlDialect dialect)
    {
        T[] spare = items.Length > 1 ? new T[items.Length] : items;
        Sort(items, spare, key, dialect);
    }

    public static bool Less(string left, string right, YamlDialect dialect)
    {
        bool afterDigit = false;
        int at = 0;
        while (at < left.Length && at < right.Length)
        {
            Rune a = RuneAt(left, at);
            Rune b = RuneAt(right, at);
            if (a != b)
            {
                return LessAt(left, right, at, a, b, afterDigit && dialect == YamlDialect.Yaml12);
            }

            afterDigit = Rune.IsDigit(a);
            at += a.Utf16SequenceLength;
        }

        return left.Length < right.Length;
    }

    private static bool LessAt(string left, string right, int at, Rune a, Rune b, bool afterDigit)
    {
        bool letterA = Rune.IsLetter(a);
        bool letterB = Rune.IsLetter(b);
        if (letterA && letterB)
        {
            return a < b;
        }

        if (letterA || letterB)
        {
            return afterDigit ? letterA : letterB;
        }

        // Zeros inside of a number count; zeros that lead it do not, unless an earlier digit is no zero.
        long start = a.Value == '0' || b.Value == '0' ? LeadsNumber(left, at) : 0;
        long numberA = Number(left, at, start, out int endA);
        long numberB = Number(right, at, start, out int endB);
        return numberA != numberB ? numberA < numberB : endA != endB ? endA < endB : a < b;
    }

    private static long LeadsNumber(string text, int at)
    {
        for (int i = at - 1; i >= 0 && char.IsDigit(text[i]); i--)
        {
            if (text[i] != '0')
            {
                return 1;
            }
        }

        return 0;
    }

    private static long Number(string text, int at, long start, out int end)
    {
        long number = start;
        for (end = at; end < text.Length && char.IsDigit(text[end]); end++)
        {
            number = unchecked((number * 10) + (text[end] - '0'));
        }

        return number;
    }

    private static Rune RuneAt(string text, int at) => Rune.TryGetRuneAt(text, at, out Rune rune) ? rune : Rune.ReplacementChar;

    private static void Sort<T>(Span<T> items, Span<T> spare, Func<T, string> key, YamlDialect dialect)
    {
        if (items.Length < 2)
        {
            return;
        }

        int middle = items.Length / 2;
        Sort(items[..middle], spare[..middle], key, dialect);
        Sort(items[middle..], spare[middle..], key, dialect);
        if (!Less(key(items[middle]), key(items[middle - 1]), dialect))
        {
            return;
        }

        items.CopyTo(spare);
        int left = 0;
        int right = middle;
        for (int at = 0; at < items.Length; at++)
        {
            bool takeRight = left == middle || (right < items.Length && Less(key(spare[right]), key(spare[left]), dialect));
            items[at] = takeRight ? spare[right++] : spare[left++];
        }
    }
}
