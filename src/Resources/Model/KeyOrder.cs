namespace Bowline.Resources.Model;

/// <summary>Go's order of strings: by UTF-8 bytes, which for text outside the basic plane differs from UTF-16 ordinal order.</summary>
public static class KeyOrder
{
    public static Comparer<string> Comparer { get; } = Comparer<string>.Create(Compare);

    public static int Compare(string? left, string? right)
    {
        ReadOnlySpan<char> a = left;
        ReadOnlySpan<char> b = right;
        int common = a.CommonPrefixLength(b);
        if (common == a.Length || common == b.Length)
        {
            return a.Length - b.Length;
        }

        char x = a[common];
        char y = b[common];
        // Surrogates encode code points above every other UTF-16 unit, though their own values are lower than U+E000..U+FFFF.
        bool highX = char.IsSurrogate(x);
        bool highY = char.IsSurrogate(y);
        return highX == highY ? x - y : highX ? 1 : -1;
    }
}
