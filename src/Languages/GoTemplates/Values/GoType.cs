using Bowline.Resources.Model;

namespace Bowline.Languages.GoTemplates.Values;

/// <summary>Go's reflect.Kind of a value, as far as templates can meet it.</summary>
public enum GoKind
{
    Invalid,
    Bool,
    Int,
    Int8,
    Int16,
    Int32,
    Int64,
    Uint,
    Uint8,
    Uint16,
    Uint32,
    Uint64,
    Uintptr,
    Float32,
    Float64,
    Complex64,
    Complex128,
    Array,
    Chan,
    Func,
    Interface,
    Map,
    Pointer,
    Slice,
    String,
    Struct,
}

/// <summary>A Go type as reflection shows it: the name that <c>%T</c> prints, its kind and what it is made of.</summary>
public sealed class GoType
{
    public static readonly GoType Any = new("interface {}", GoKind.Interface);
    public static readonly GoType Error = new("error", GoKind.Interface);
    public static readonly GoType Bool = new("bool", GoKind.Bool);
    public static readonly GoType Int = new("int", GoKind.Int);
    public static readonly GoType Int8 = new("int8", GoKind.Int8);
    public static readonly GoType Int16 = new("int16", GoKind.Int16);
    public static readonly GoType Int32 = new("int32", GoKind.Int32);
    public static readonly GoType Int64 = new("int64", GoKind.Int64);
    public static readonly GoType Uint = new("uint", GoKind.Uint);
    public static readonly GoType Uint8 = new("uint8", GoKind.Uint8);
    public static readonly GoType Uint32 = new("uint32", GoKind.Uint32);
    public static readonly GoType Uint64 = new("uint64", GoKind.Uint64);
    public static readonly GoType Float64 = new("float64", GoKind.Float64);
    public static readonly GoType Complex128 = new("complex128", GoKind.Complex128);
    public static readonly GoType String = new("string", GoKind.String);
    public static readonly GoType Map = MapOf(Any);
    public static readonly GoType StringMap = MapOf(String);
    public static readonly GoType List = SliceOf(Any);
    public static readonly GoType Strings = SliceOf(String);
    public static readonly GoType Ints = SliceOf(Int);
    public static readonly GoType Bytes = SliceOf(Uint8);
    public static readonly GoType Time = new("time.Time", GoKind.Struct) { IsNamed = true };
    public static readonly GoType Duration = Named("time.Duration", Int64);

    /// <summary>The parameter type of builtins that look at the value itself and take anything, nil and missing included.</summary>
    public static readonly GoType ReflectValue = new("reflect.Value", GoKind.Struct) { IsNamed = true };

    /// <summary>The same for a builtin that tells no value at all from nil: it is passed <see cref="GoNoValue"/>.</summary>
    public static readonly GoType AnyOrNone = new("reflect.Value", GoKind.Struct) { IsNamed = true };

    private GoType(string name, GoKind kind)
    {
        Name = name;
        Kind = kind;
    }

    public string Name { get; }

    public GoKind Kind { get; }

    /// <summary>The type of a slice's or map's elements, or what a pointer points at.</summary>
    public GoType? Elem { get; private init; }

    /// <summary>Whether the type was declared with a name of its own, such as <c>chartutil.Values</c>.</summary>
    public bool IsNamed { get; private init; }

    private string Underlying { get; init; } = string.Empty;

    private string Structure => Underlying.Length == 0 ? Name : Underlying;

    public static GoType MapOf(GoType elem) => new($"map[string]{elem.Name}", GoKind.Map) { Elem = elem };

    public static GoType SliceOf(GoType elem) => new($"[]{elem.Name}", GoKind.Slice) { Elem = elem };

    public static GoType PointerTo(GoType elem) => new($"*{elem.Name}", GoKind.Pointer) { Elem = elem };

    public static GoType Struct(string name) => new(name, GoKind.Struct) { IsNamed = true };

    public static GoType Func(string signature) => new(signature, GoKind.Func);

    /// <summary>A declared type such as <c>chartutil.Values</c> over <c>map[string]interface {}</c>.</summary>
    public static GoType Named(string name, GoType underlying) => new(name, underlying.Kind)
    {
        Elem = underlying.Elem,
        IsNamed = true,
        Underlying = underlying.Structure,
    };

    public static GoType Of(Node node) => node switch
    {
        StringNode => String,
        FloatNode => Float64,
        IntegerNode => Int64,
        BoolNode => Bool,
        MapNode => Map,
        ListNode => List,
        GoValue value => value.Type,
        _ => Any,
    };

    /// <summary>Whether nil is a value of this type.</summary>
    public bool CanBeNil => Kind is GoKind.Chan or GoKind.Func or GoKind.Interface or GoKind.Map or GoKind.Pointer or GoKind.Slice
        || ReferenceEquals(this, ReflectValue) || ReferenceEquals(this, AnyOrNone);

    /// <summary>Go's assignability: identical types, any type to <c>interface {}</c>, or the same structure where one side has no name of its own.</summary>
    public bool AssignableTo(GoType target) =>
        ReferenceEquals(this, target)
        || ReferenceEquals(target, Any)
        || (Kind == target.Kind && (Name == target.Name
            || (Structure == target.Structure && !(IsNamed && target.IsNamed) && Kind is GoKind.Map or GoKind.Slice or GoKind.Func)));

    public override string ToString() => Name;
}
