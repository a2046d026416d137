using System.Numerics;
using Bowline.Languages.Cel.Types;
using Bowline.Languages.Cel.Values;
using Bowline.Resources.Model;
using Bowline.Resources.Schemas;
using static Bowline.Languages.Cel.Functions.Arguments;

namespace Bowline.Languages.Cel.Functions;

internal sealed class CelQuantity(Quantity value) : CelLibraryValue
{
    public static readonly CelType QuantityType = CelType.Opaque("kubernetes.Quantity");

    public Quantity Value => value;

    public override CelType Type => QuantityType;

    public override bool IsSame(CelLibraryValue other) => other is CelQuantity quantity && quantity.Value.CompareTo(value) == 0;

    public override string ToString() => value.ToString();
}

/// <summary>quantity(), isQuantity() and arithmetic on resource.Quantity.</summary>
internal static class QuantityFunctions
{
    private const string Type = "kubernetes.Quantity";
    private const string Unreadable = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";

    public static CelLibrary All()
    {
        CelLibrary library = new();
        library.AddType(Type, CelQuantity.QuantityType);
        library.Add($"quantity(string): {Type}", (_, a) => Quantity.TryParse(a.Text(0), out Quantity value) ? new CelQuantity(value) : Fail(Unreadable));
        library.Add("isQuantity(string): bool", (run, a) => BoolNode.Of(Quantity.TryParse(a.Text(0), out _)));
        // Documented as a member, but declared as a function in k8s.io/apiserver/pkg/cel/library/quantity.go.
        library.Add($"sign({Type}): int", (_, a) => IntegerNode.Of(Of(a, 0).Sign));
        library.Add($"{Type} isInteger(): bool", (run, a) => BoolNode.Of(TryInteger(Of(a, 0), out _)));
        library.Add($"{Type} asInteger(): int", (_, a) => TryInteger(Of(a, 0), out long value) ? IntegerNode.Of(value) : Fail("cannot convert value to integer"));
        library.Add($"{Type} asApproximateFloat(): double", (_, a) => new FloatNode(Of(a, 0).ToDouble()));
        library.Add($"{Type} isGreaterThan({Type}): bool", (_, a) => BoolNode.Of(Of(a, 0) > Of(a, 1)));
        library.Add($"{Type} isLessThan({Type}): bool", (_, a) => BoolNode.Of(Of(a, 0) < Of(a, 1)));
        library.Add($"{Type} compareTo({Type}): int", (_, a) => IntegerNode.Of(Math.Sign(Of(a, 0).CompareTo(Of(a, 1)))));
        library.Add($"{Type} add({Type}): {Type}", (_, a) => new CelQuantity(Of(a, 0) + Of(a, 1)));
        library.Add($"{Type} add(int): {Type}", (_, a) => new CelQuantity(Of(a, 0) + Quantity.Of(a.Integer(1))));
        library.Add($"{Type} sub({Type}): {Type}", (_, a) => new CelQuantity(Of(a, 0) - Of(a, 1)));
        library.Add($"{Type} sub(int): {Type}", (_, a) => new CelQuantity(Of(a, 0) - Quantity.Of(a.Integer(1))));
        return library;
    }

    private static Quantity Of(Node[] a, int index) => ((CelQuantity)a[index]).Value;

    private static bool TryInteger(Quantity quantity, out long value)
    {
        BigInteger units = BigInteger.DivRem(quantity.Nano, 1_000_000_000, out BigInteger rest);
        bool whole = rest.IsZero && units >= long.MinValue && units <= long.MaxValue;
        value = whole ? (long)units : 0;
        return whole;
    }
}
