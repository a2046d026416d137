using Bowline.Languages.Cel.Evaluating;
using Bowline.Languages.Cel.Values;
using Bowline.Languages.GoTemplates.Values;
using Bowline.Resources.Model;
using static Bowline.Languages.Cel.Functions.Arguments;

namespace Bowline.Languages.Cel.Functions;

/// <summary>Arithmetic with overflow errors, comparisons across numeric types, <c>in</c>, indexing.</summary>
internal static class Operators
{
    private const string IntOverflow = "integer overflow";
    private const string UintOverflow = "unsigned integer overflow";
    private static readonly string[] Ordered = ["bool", "string", "bytes", "timestamp", "duration", "int", "uint", "double"];

    public static CelLibrary All()
    {
        CelLibrary library = new();
        AddLogic(library);
        AddArithmetic(library);
        AddTimes(library);
        AddOrder(library);
        AddContainers(library);
        return library;
    }

    private static void AddLogic(CelLibrary library)
    {
        CelBody unreachable = (_, _) => CelError.NoSuchOverload;
        library.Add("_&&_(bool, bool): bool", unreachable);
        library.Add("_||_(bool, bool): bool", unreachable);
        library.Add("_?_:_(bool, T, T): T", unreachable);
        library.Add("@not_strictly_false(bool): bool", unreachable);
        library.Add("!_(bool): bool", (_, a) => BoolNode.Of(!((BoolNode)a[0]).Value));
        library.Add("_==_(T, T): bool", (_, a) => BoolNode.Of(CelEquality.Equal(a[0], a[1])));
        library.Add("_!=_(T, T): bool", (_, a) => BoolNode.Of(!CelEquality.Equal(a[0], a[1])));
    }

    private static void AddArithmetic(CelLibrary library)
    {
        AddInt(library, "_+_", (a, b) => a + b);
        AddInt(library, "_-_", (a, b) => a - b);
        AddInt(library, "_*_", (a, b) => a * b);
        AddUint(library, "_+_", (a, b) => a + b);
        AddUint(library, "_-_", (a, b) => a - b);
        AddUint(library, "_*_", (a, b) => a * b);
        AddDouble(library, "_+_", (a, b) => a + b);
        AddDouble(library, "_-_", (a, b) => a - b);
        AddDouble(library, "_*_", (a, b) => a * b);
        AddDouble(library, "_/_", (a, b) => a / b);
        library.Add("_/_(int, int): int", (_, a) => Divide(a.Integer(0), a.Integer(1)));
        library.Add("_/_(uint, uint): uint", (_, a) => Unsigned(a, 1) == 0 ? Fail("division by zero") : new CelUint(Unsigned(a, 0) / Unsigned(a, 1)));
        library.Add("_%_(int, int): int", (_, a) => Modulo(a.Integer(0), a.Integer(1)));
        library.Add("_%_(uint, uint): uint", (_, a) => Unsigned(a, 1) == 0 ? Fail("modulus by zero") : new CelUint(Unsigned(a, 0) % Unsigned(a, 1)));
        library.Add("-_(int): int", (_, a) => a.Integer(0) == long.MinValue ? Fail(IntOverflow) : IntegerNode.Of(-a.Integer(0)));
        library.Add("-_(double): double", (_, a) => new FloatNode(-((FloatNode)a[0]).Value));
        library.Add("_+_(string, string): string", (run, a) =>
        {
            run.Allocate((a.Text(0).Length + a.Text(1).Length) * 2L);
            return StringNode.Of(a.Text(0) + a.Text(1));
        });
        library.Add("_+_(bytes, bytes): bytes", (run, a) =>
        {
            byte[] left = ((CelBytes)a[0]).Value;
            byte[] right = ((CelBytes)a[1]).Value;
            run.Allocate(left.Length + right.Length);
            return new CelBytes([.. left, .. right]);
        });
        library.Add("_+_(list<A>, list<A>): list<A>", (run, a) =>
        {
            run.Allocate((a.Items(0).Count + a.Items(1).Count) * 8L);
            return CelLists.Concat(a[0], a[1]);
        });
    }

    private static void AddTimes(CelLibrary library)
    {
        library.Add("_+_(duration, duration): duration", (_, a) => Duration((Int128)Nanos(a[0]) + Nanos(a[1])));
        library.Add("_-_(duration, duration): duration", (_, a) => Duration((Int128)Nanos(a[0]) - Nanos(a[1])));
        library.Add("-_(duration): duration", (_, a) => Duration(-(Int128)Nanos(a[0])));
        library.Add("_+_(duration, timestamp): timestamp", (_, a) => Moved((CelTimestamp)a[1], Nanos(a[0])));
        library.Add("_+_(timestamp, duration): timestamp", (_, a) => Moved((CelTimestamp)a[0], Nanos(a[1])));
        library.Add("_-_(timestamp, duration): timestamp", (_, a) => Moved((CelTimestamp)a[0], -(Int128)Nanos(a[1])));
        library.Add("_-_(timestamp, timestamp): duration", (_, a) =>
        {
            CelTimestamp left = (CelTimestamp)a[0];
            CelTimestamp right = (CelTimestamp)a[1];
            return Duration(((Int128)(left.Seconds - right.Seconds) * GoDuration.Second) + left.Nanoseconds - right.Nanoseconds);
        });
    }

    private static void AddOrder(CelLibrary library)
    {
        (string Name, Func<int, bool> Holds)[] operators = [("_<_", order => order < 0 && order != CelOrder.Unordered), ("_<=_", order => order <= 0 && order != CelOrder.Unordered), ("_>_", order => order > 0), ("_>=_", order => order >= 0)];
        foreach ((string name, Func<int, bool> holds) in operators)
        {
            CelBody body = (_, a) => CelOrder.Compare(a[0], a[1]) is { } order ? BoolNode.Of(holds(order)) : CelError.NoSuchOverload;
            foreach (string type in Ordered)
            {
                library.Add($"{name}({type}, {type}): bool", body);
            }

            foreach ((string left, string right) in new[] { ("int", "uint"), ("int", "double"), ("uint", "int"), ("uint", "double"), ("double", "int"), ("double", "uint") })
            {
                library.Add($"{name}({left}, {right}): bool", body);
            }
        }
    }

    private static void AddContainers(CelLibrary library)
    {
        library.Add("@in(A, list<A>): bool", (run, a) =>
        {
            IReadOnlyList<Node> items = a.Items(1);
            for (int i = 0; i < items.Count; i++)
            {
                if (CelEquality.Equal(a[0], items[i]))
                {
                    return BoolNode.True;
                }
            }

            return BoolNode.False;
        });
        library.Add("@in(A, map<A, B>): bool", (_, a) => BoolNode.Of(CelMaps.Find(a[1], a[0]) is not null));
        library.Add("_[_](list<A>, int): A", (_, a) => At(a.Items(0), a[1]));
        library.Add("_[_](map<A, B>, A): B", (_, a) => CelMaps.Find(a[0], a[1]) ?? Fail($"no such key: {a[1]}"));
        library.Add("_[_](optional<list<A>>, int): optional<A>", (_, a) => OptionalAt(a));
        library.Add("_[_](optional<map<A, B>>, A): optional<B>", (_, a) => OptionalAt(a));
        library.Add("_[?_](list<A>, int): optional<A>", (_, a) => OptionalAt(a));
        library.Add("_[?_](map<A, B>, A): optional<B>", (_, a) => OptionalAt(a));
        library.Add("_[?_](optional<list<A>>, int): optional<A>", (_, a) => OptionalAt(a));
        library.Add("_[?_](optional<map<A, B>>, A): optional<B>", (_, a) => OptionalAt(a));
        library.Add("cel.@mapInsert(map<A, B>, A, B): map<A, B>", (_, a) => CelMapBuilder.Insert(a[0], a[1], a[2]));
        library.Add("cel.@mapInsert(map<A, B>, map<A, B>): map<A, B>", (_, a) =>
        {
            Node map = a[0];
            foreach (Node key in CelMaps.Keys(a[1]))
            {
                map = CelMapBuilder.Insert(map, key, CelMaps.Find(a[1], key)!);
                if (map is CelError)
                {
                    break;
                }
            }

            return map;
        });
    }

    /// <summary>An index may be a whole number of any type when its type was not known before.</summary>
    private static Node At(IReadOnlyList<Node> items, Node index) =>
        index is IntegerNode { Value: var at } && at >= 0 && at < items.Count ? items[(int)at] : Fail($"index out of bounds: {index}");

    private static Node OptionalAt(Node[] a)
    {
        Node? container = a[0] is CelOptional optional ? optional.Value : a[0];
        if (container is null)
        {
            return CelOptional.None;
        }

        if (CelLists.Items(container) is { } items)
        {
            return a[1] is IntegerNode { Value: var at } ? at >= 0 && at < items.Count ? new CelOptional(items[(int)at]) : CelOptional.None : CelError.NoSuchOverload;
        }

        return !CelMaps.IsMap(container) ? CelError.NoSuchOverload : CelMaps.Find(container, a[1]) is { } found ? new CelOptional(found) : CelOptional.None;
    }

    private static void AddInt(CelLibrary library, string name, Func<Int128, Int128, Int128> apply) => library.Add($"{name}(int, int): int", (_, a) =>
    {
        Int128 result = apply(a.Integer(0), a.Integer(1));
        return result < long.MinValue || result > long.MaxValue ? Fail(IntOverflow) : IntegerNode.Of((long)result);
    });

    private static void AddUint(CelLibrary library, string name, Func<Int128, Int128, Int128> apply) => library.Add($"{name}(uint, uint): uint", (_, a) =>
    {
        if (name == "_*_" && Unsigned(a, 0) != 0 && Unsigned(a, 1) > ulong.MaxValue / Unsigned(a, 0))
        {
            return Fail(UintOverflow);
        }

        Int128 result = apply(Unsigned(a, 0), Unsigned(a, 1));
        return result < 0 || result > ulong.MaxValue ? Fail(UintOverflow) : new CelUint((ulong)result);
    });

    private static void AddDouble(CelLibrary library, string name, Func<double, double, double> apply) =>
        library.Add($"{name}(double, double): double", (_, a) => new FloatNode(apply(((FloatNode)a[0]).Value, ((FloatNode)a[1]).Value)));

    private static ulong Unsigned(Node[] a, int index) => ((CelUint)a[index]).Value;

    private static long Nanos(Node duration) => ((CelDuration)duration).Nanoseconds;

    private static Node Divide(long left, long right) =>
        right == 0 ? Fail("division by zero") : left == long.MinValue && right == -1 ? Fail(IntOverflow) : IntegerNode.Of(left / right);

    private static Node Modulo(long left, long right) =>
        right == 0 ? Fail("modulus by zero") : left == long.MinValue && right == -1 ? Fail(IntOverflow) : IntegerNode.Of(left % right);

    private static Node Duration(Int128 nanos) => nanos < long.MinValue || nanos > long.MaxValue ? Fail("duration overflow") : new CelDuration((long)nanos);

    private static Node Moved(CelTimestamp time, Int128 nanos) => time.Plus(nanos) is { } moved ? moved : Fail("timestamp overflow");
}
