using System.Collections.Frozen;
using Bowline.Resources.Model;

namespace Bowline.Languages.GoTemplates.Values;

/// <summary>The work of a template function; arguments arrive already converted to the declared parameter types.</summary>
/// <exception cref="GoError">The error the function returns.</exception>
public delegate Node FunctionBody(FunctionCall call);

/// <summary>One call of a function: its arguments (nil is <see cref="Node.Null"/>) and the run it belongs to.</summary>
public readonly struct FunctionCall(Node[] arguments, TemplateRun run)
{
    public int Count => arguments.Length;

    public TemplateRun Run => run;

    public ReadOnlySpan<Node> Arguments => arguments;

    public Node this[int index] => arguments[index];

    /// <summary>A parameter declared <c>string</c>.</summary>
    public string Text(int index) => ((StringNode)arguments[index]).Value;

    /// <summary>A parameter declared as one of Go's integer types, or a time.Duration.</summary>
    public long Integer(int index) => arguments[index] switch
    {
        GoInteger integer => integer.Value,
        IntegerNode integer => integer.Value,
        GoDuration duration => duration.Nanoseconds,
        _ => 0,
    };

    public double Float(int index) => ((FloatNode)arguments[index]).Value;

    public bool Bool(int index) => ((BoolNode)arguments[index]).Value;

    /// <summary>A parameter declared <c>map[string]interface {}</c>; null when it is nil.</summary>
    public MapNode? Map(int index) => GoTree.Map(arguments[index]);
}

/// <summary>A function that templates can call: parameter types, the last one repeated when variadic, and the body.</summary>
public sealed class GoFunction
{
    public GoFunction(FunctionBody body, params GoType[] parameters)
    {
        Body = body;
        Parameters = parameters;
    }

    public FunctionBody Body { get; }

    public IReadOnlyList<GoType> Parameters { get; }

    public bool IsVariadic { get; init; }

    /// <summary>The declared result; only interface results can be a nil that is not "no value".</summary>
    public GoType Result { get; init; } = GoType.Any;

    /// <summary>A function whose last parameter takes any number of arguments.</summary>
    public static GoFunction Variadic(FunctionBody body, params GoType[] parameters) => new(body, parameters) { IsVariadic = true };
}

/// <summary>The functions of a run by name. Parsing depends on the names only, so trees can be shared between tables with the same names.</summary>
public sealed class FunctionTable
{
    public static readonly FunctionTable Empty = new(new Dictionary<string, GoFunction>());

    private readonly FrozenDictionary<string, GoFunction> functions;

    public FunctionTable(IReadOnlyDictionary<string, GoFunction> functions)
        : this(functions, functions.Keys.ToFrozenSet(StringComparer.Ordinal))
    {
    }

    private FunctionTable(IReadOnlyDictionary<string, GoFunction> functions, FrozenSet<string> names)
    {
        this.functions = functions.ToFrozenDictionary(StringComparer.Ordinal);
        Names = names;
    }

    public FrozenSet<string> Names { get; }

    public GoFunction? Find(string name) => functions.GetValueOrDefault(name);

    /// <summary>This table with functions added or replaced; replacing only keeps the identity of <see cref="Names"/>.</summary>
    public FunctionTable With(IReadOnlyDictionary<string, GoFunction> more)
    {
        Dictionary<string, GoFunction> all = new(functions, StringComparer.Ordinal);
        foreach ((string name, GoFunction function) in more)
        {
            all[name] = function;
        }

        return all.Count == functions.Count ? new FunctionTable(all, Names) : new FunctionTable(all);
    }

    public FunctionTable Without(params ReadOnlySpan<string> names)
    {
        Dictionary<string, GoFunction> all = new(functions, StringComparer.Ordinal);
        foreach (string name in names)
        {
            all.Remove(name);
        }

        return new FunctionTable(all);
    }
}
