using Bowline.Languages.Cel.Values;
using Bowline.Resources.Model;

namespace Bowline.Languages.Cel.Functions;

/// <summary>optional.of and friends; <c>?.</c> and <c>[?]</c> are operators.</summary>
internal static class OptionalFunctions
{
    public static CelLibrary All()
    {
        CelLibrary library = new();
        library.Add("optional.of(V): optional<V>", (_, a) => new CelOptional(a[0]));
        library.Add("optional.ofNonZeroValue(V): optional<V>", (_, a) => IsZero(a[0]) ? CelOptional.None : new CelOptional(a[0]));
        library.Add("optional.none(): optional<V>", (_, _) => CelOptional.None);
        library.Add("optional.unwrap(list<optional<V>>): list<V>", (run, a) => Unwrap(run, a));
        library.Add("list<optional<V>> unwrapOpt(): list<V>", (run, a) => Unwrap(run, a));
        library.Add("optional<V> value(): V", (_, a) => ((CelOptional)a[0]).Value ?? Arguments.Fail("optional.none() dereference"));
        library.Add("optional<V> hasValue(): bool", (_, a) => BoolNode.Of(((CelOptional)a[0]).Value is not null));
        library.Add("optional<V> or(optional<V>): optional<V>", (_, a) => ((CelOptional)a[0]).Value is null ? a[1] : a[0]);
        library.Add("optional<V> orValue(V): V", (_, a) => ((CelOptional)a[0]).Value ?? a[1]);
        return library;
    }

    private static ListNode Unwrap(Evaluating.CelRun run, Node[] a) => run.ListOf([.. a.Items(0).OfType<CelOptional>().Select(optional => optional.Value).OfType<Node>()]);

    private static bool IsZero(Node value) => value switch
    {
        NullNode => true,
        BoolNode flag => !flag.Value,
        IntegerNode number => number.Value == 0,
        FloatNode number => number.Value == 0,
        CelUint number => number.Value == 0,
        CelDuration duration => duration.Nanoseconds == 0,
        CelTimestamp time => time.Seconds == CelTimestamp.MinSeconds && time.Nanoseconds == 0,
        CelOptional optional => optional.Value is null,
        _ => CelValues.SizeOf(value) == 0,
    };
}
