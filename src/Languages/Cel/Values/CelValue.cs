using System.Diagnostics.CodeAnalysis;
using Bowline.Languages.Cel.Types;
using Bowline.Resources.Model;

namespace Bowline.Languages.Cel.Values;

/// <summary>A value that JSON has no name for: unsigned numbers, bytes, times, types, optionals and what libraries add.</summary>
public abstract class CelValue : OpaqueNode
{
    public abstract CelType Type { get; }

    public override bool DeepEquals([NotNullWhen(true)] Node? other) => other is not null && CelEquality.Equal(this, other);

    public override Node ToPlain() => StringNode.Of(ToString() ?? string.Empty);
}

/// <summary>An error as a value, so that <c>||</c>, <c>&amp;&amp;</c> and <c>?:</c> can absorb it.</summary>
internal sealed class CelError(string message) : CelValue
{
    public static readonly CelError NoSuchOverload = new("no such overload");

    public string Message => message;

    public override CelType Type => CelType.Error;

    public override string ToString() => message;
}

internal sealed class CelUint(ulong value) : CelValue
{
    public ulong Value => value;

    public override CelType Type => CelType.Uint;

    public override Node ToPlain() => value <= long.MaxValue ? IntegerNode.Of((long)value) : new FloatNode(value);

    public override string ToString() => value.ToString(System.Globalization.CultureInfo.InvariantCulture);
}

internal sealed class CelBytes(byte[] value) : CelValue
{
    public byte[] Value => value;

    public override CelType Type => CelType.Bytes;

    /// <summary>Base64, as protobuf's JSON has bytes.</summary>
    public override string ToString() => Convert.ToBase64String(value);
}

internal sealed class CelTypeValue(CelType type) : CelValue
{
    public CelType Value => type;

    public override CelType Type => CelType.AnyType;

    /// <summary>The runtime name: <c>int</c>, <c>google.protobuf.Timestamp</c>, <c>null_type</c>; parameters are not part of it.</summary>
    public string RuntimeName => type.Kind switch
    {
        CelKind.Timestamp => "google.protobuf.Timestamp",
        CelKind.Duration => "google.protobuf.Duration",
        CelKind.Null => "null_type",
        _ => type.Name,
    };

    public override string ToString() => RuntimeName;
}

/// <summary>optional_type: a value or none.</summary>
internal sealed class CelOptional(Node? value) : CelValue
{
    public static readonly CelOptional None = new(null);

    public Node? Value => value;

    public override CelType Type => CelType.Optional(CelType.Dyn);

    public override Node ToPlain() => value is null ? Null : CelValues.ToPlain(value);

    public override string ToString() => value is null ? "optional.none()" : $"optional.of({value})";
}

/// <summary>An object whose members are found when they are asked for, such as the variables of a policy.</summary>
public abstract class CelLazyObject : CelValue
{
    /// <summary>Null when there is no such member; may be an error of its own (see <see cref="Fail"/>).</summary>
    public abstract Node? Find(string name);

    public override CelType Type => CelType.Map(CelType.String, CelType.Dyn);

    protected static Node Fail(string message) => new CelError(message);
}

/// <summary>What <c>Name{field: value}</c> made. It equals only what was made under the same name.</summary>
internal sealed class CelStruct(CelType type, MapNode fields) : CelValue
{
    public MapNode Fields => fields;

    public override CelType Type => type;

    public override Node ToPlain() => CelValues.ToPlain(fields);

    public override string ToString() => $"{type.Name}{fields}";
}
