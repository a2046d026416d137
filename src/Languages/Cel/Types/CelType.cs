namespace Bowline.Languages.Cel.Types;

/// <summary>What a CEL value is; <see cref="Opaque"/> types are told apart by their names.</summary>
public enum CelKind
{
    Dyn,
    Error,
    Null,
    Bool,
    Int,
    Uint,
    Double,
    String,
    Bytes,
    Timestamp,
    Duration,
    List,
    Map,
    Type,
    Object,
    Opaque,
    Parameter,
}

/// <summary>A member of an object type: the name it has in the data, where the expression may have to spell it differently.</summary>
public sealed record CelField(string DataName, CelType Type);

/// <summary>A type of CEL's type system, immutable. <see cref="MaxElements"/> bounds the sizes of its values where a schema says so.</summary>
public sealed class CelType
{
    public const long Unbounded = -1;
    public static readonly CelType Dyn = new(CelKind.Dyn, "dyn");
    public static readonly CelType Error = new(CelKind.Error, "!error!");
    public static readonly CelType Null = new(CelKind.Null, "null");
    public static readonly CelType Bool = new(CelKind.Bool, "bool");
    public static readonly CelType Int = new(CelKind.Int, "int");
    public static readonly CelType Uint = new(CelKind.Uint, "uint");
    public static readonly CelType Double = new(CelKind.Double, "double");
    public static readonly CelType String = new(CelKind.String, "string");
    public static readonly CelType Bytes = new(CelKind.Bytes, "bytes");
    public static readonly CelType Timestamp = new(CelKind.Timestamp, "timestamp");
    public static readonly CelType Duration = new(CelKind.Duration, "duration");
    public static readonly CelType AnyType = new(CelKind.Type, "type", [Dyn]);

    private CelType(CelKind kind, string name, IReadOnlyList<CelType>? parameters = null)
    {
        Kind = kind;
        Name = name;
        Parameters = parameters ?? [];
    }

    public CelKind Kind { get; }

    public string Name { get; }

    public IReadOnlyList<CelType> Parameters { get; }

    /// <summary>The members of an object type by the names that expressions use.</summary>
    public IReadOnlyDictionary<string, CelField> Fields { get; private init; } = new Dictionary<string, CelField>();

    /// <summary>Whether an object type has any member that is asked for, each of them dyn.</summary>
    public bool IsOpen { get; private init; }

    /// <summary>The most characters, bytes, items or entries that a value can have; <see cref="Unbounded"/> when nothing is known.</summary>
    public long MaxElements { get; init; } = Unbounded;

    public bool IsDyn => Kind is CelKind.Dyn or CelKind.Error;

    public bool IsOptional => Kind == CelKind.Opaque && Name == "optional_type";

    public static CelType List(CelType element, long maxElements = Unbounded) => new(CelKind.List, "list", [element]) { MaxElements = maxElements };

    public static CelType Map(CelType key, CelType value, long maxElements = Unbounded) => new(CelKind.Map, "map", [key, value]) { MaxElements = maxElements };

    public static CelType Optional(CelType value) => new(CelKind.Opaque, "optional_type", [value]);

    public static CelType Opaque(string name) => new(CelKind.Opaque, name);

    public static CelType TypeOf(CelType type) => new(CelKind.Type, "type", [type]);

    public static CelType Object(string name, IReadOnlyDictionary<string, CelField> fields) => new(CelKind.Object, name) { Fields = fields };

    /// <summary>An object type of which only the name is known.</summary>
    public static CelType OpenObject(string name) => new(CelKind.Object, name) { IsOpen = true };

    /// <summary>A type variable of a function's signature.</summary>
    public static CelType Parameter(string name) => new(CelKind.Parameter, name);

    /// <summary>The same type with a bound on the sizes of its values.</summary>
    public CelType Sized(long maxElements) => new(Kind, Name, Parameters) { Fields = Fields, IsOpen = IsOpen, MaxElements = maxElements };

    internal CelType With(IReadOnlyList<CelType> parameters) => new(Kind, Name, parameters) { Fields = Fields, IsOpen = IsOpen, MaxElements = MaxElements };

    /// <summary>cel-go's spelling in messages.</summary>
    public override string ToString() => Parameters.Count == 0 ? Name : $"{Name}({string.Join(", ", Parameters)})";
}
