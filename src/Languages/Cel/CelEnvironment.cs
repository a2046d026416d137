using Bowline.Languages.Cel.Functions;
using Bowline.Languages.Cel.Types;
using Bowline.Resources.Model;

namespace Bowline.Languages.Cel;

/// <summary>What expressions may mention: variables with their types, functions, names of types. Immutable; each With makes another.</summary>
public sealed class CelEnvironment
{
    private static readonly Lazy<CelEnvironment> KubernetesSet = new(() => new CelEnvironment(CelLibraries.Kubernetes()));
    private static readonly Lazy<CelEnvironment> FullSet = new(() => new CelEnvironment(CelLibraries.Full()) { MixedLiterals = true });
    private Dictionary<string, CelType> variables = new(StringComparer.Ordinal);
    private Dictionary<string, CelType> structs = new(StringComparer.Ordinal);
    private string? openRoot;

    private CelEnvironment(CelLibrary functions) => Functions = functions;

    /// <summary>The libraries and the strictness that Kubernetes 1.36 gives to CRD rules and admission policies.</summary>
    public static CelEnvironment Kubernetes => KubernetesSet.Value;

    /// <summary>Every library there is (math, the newer list and string functions, regex), and literals of mixed types.</summary>
    public static CelEnvironment Full => FullSet.Value;

    internal CelLibrary Functions { get; private init; }

    /// <summary>Whether <c>[1, "a"]</c> is a list of dyn rather than an error.</summary>
    internal bool MixedLiterals { get; private init; }

    public CelEnvironment WithVariable(string name, CelType type)
    {
        CelEnvironment copy = Copy(Functions);
        copy.variables = new Dictionary<string, CelType>(variables, StringComparer.Ordinal) { [name] = type };
        return copy;
    }

    /// <summary>Lets <c>Name{field: value}</c> be written; <see cref="CelNodes.StructName"/> tells what was made that way.</summary>
    public CelEnvironment WithStruct(string name, CelType type)
    {
        CelEnvironment copy = Copy(Functions);
        copy.structs = new Dictionary<string, CelType>(structs, StringComparer.Ordinal) { [name] = type };
        return copy;
    }

    /// <summary>Lets <c>Root{...}</c> and every <c>Root.path{...}</c> be written with any fields, as mutating admission policies write <c>Object.spec{...}</c>.</summary>
    public CelEnvironment WithOpenStructs(string root)
    {
        CelEnvironment copy = Copy(Functions);
        copy.openRoot = root;
        return copy;
    }

    /// <param name="signature">As in <c>string shout(int): string</c>: an optional receiver, name, parameters, result.</param>
    /// <param name="body">Gets the receiver first. It must be pure and quick; an exception of it is a bug.</param>
    public CelEnvironment WithFunction(string signature, Func<IReadOnlyList<Node>, Node> body)
    {
        CelLibrary library = new CelLibrary().Include(Functions);
        library.Add(signature, (_, arguments) => body(arguments));
        return Copy(library);
    }

    internal CelType? Variable(string name) => variables.GetValueOrDefault(name);

    internal CelType? StructNamed(string name) => structs.GetValueOrDefault(name) ?? (IsBelowOpenRoot(name) ? CelType.OpenObject(name) : null);

    internal CelType? TypeNamed(string name) => Functions.Types.GetValueOrDefault(name);

    private bool IsBelowOpenRoot(string name) => openRoot is not null && name.StartsWith(openRoot, StringComparison.Ordinal) && (name.Length == openRoot.Length || name[openRoot.Length] == '.');

    private CelEnvironment Copy(CelLibrary functions) => new(functions) { variables = variables, structs = structs, openRoot = openRoot, MixedLiterals = MixedLiterals };
}
