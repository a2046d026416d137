using Bowline.Languages.Cel.Types;

namespace Bowline.Languages.Cel.Functions;

/// <summary>A set of functions, written as <c>string contains(string): bool</c>: receiver, name, parameters, result.</summary>
internal sealed class CelLibrary
{
    private readonly Dictionary<string, List<CelOverload>> functions = new(StringComparer.Ordinal);
    private readonly Dictionary<string, CelType> types = new(StringComparer.Ordinal);

    public IReadOnlyDictionary<string, CelType> Types => types;

    public void Add(string signature, CelBody body)
    {
        CelOverload overload = CelSignature.Read(signature, body);
        if (!functions.TryGetValue(overload.Function, out List<CelOverload>? overloads))
        {
            functions[overload.Function] = overloads = [];
        }

        overloads.Add(overload);
    }

    /// <summary>A name that expressions can use for a type.</summary>
    public void AddType(string name, CelType type) => types[name] = type;

    public IReadOnlyList<CelOverload> Find(string function) => functions.TryGetValue(function, out List<CelOverload>? found) ? found : [];

    public CelLibrary Include(CelLibrary other)
    {
        foreach ((string name, List<CelOverload> overloads) in other.functions)
        {
            if (!functions.TryGetValue(name, out List<CelOverload>? mine))
            {
                functions[name] = mine = [];
            }

            mine.AddRange(overloads);
        }

        foreach ((string name, CelType type) in other.types)
        {
            types[name] = type;
        }

        return this;
    }
}
