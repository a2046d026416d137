namespace Bowline.Languages.Cel.Costs;

/// <summary>A size or a cost between two bounds; arithmetic stops at the largest number instead of overflowing.</summary>
internal readonly record struct CelRange(ulong Min, ulong Max)
{
    public static readonly CelRange Unknown = new(0, ulong.MaxValue);

    public static CelRange Fixed(ulong value) => new(value, value);

    public static CelRange operator +(CelRange left, CelRange right) => new(Add(left.Min, right.Min), Add(left.Max, right.Max));

    public static CelRange operator *(CelRange left, CelRange right) => new(Multiply(left.Min, right.Min), Multiply(left.Max, right.Max));

    public CelRange Times(double factor) => new(Scale(Min, factor), Scale(Max, factor));

    public CelRange Union(CelRange other) => new(Math.Min(Min, other.Min), Math.Max(Max, other.Max));

    public static ulong Add(ulong left, ulong right) => left > ulong.MaxValue - right ? ulong.MaxValue : left + right;

    public static ulong Multiply(ulong left, ulong right) => right != 0 && left > ulong.MaxValue / right ? ulong.MaxValue : left * right;

    private static ulong Scale(ulong value, double factor)
    {
        double scaled = Math.Ceiling(value * factor);
        return scaled >= 18446744073709551616.0 ? ulong.MaxValue : (ulong)scaled;
    }
}
