using Bowline.Languages.GoTemplates.Values;
using Bowline.Resources.Model;

namespace Bowline.Languages.GoTemplates.Sprig;

/// <summary>Functions being gathered, with short names for the parameter types that Sprig's signatures use.</summary>
internal sealed class FunctionList : Dictionary<string, GoFunction>
{
    public static readonly GoType Any = GoType.Any;
    public static readonly GoType Text = GoType.String;
    public static readonly GoType Int = GoType.Int;
    public static readonly GoType Bool = GoType.Bool;
    public static readonly GoType Map = GoType.Map;
    public static readonly GoType List = GoType.List;
    public static readonly GoType Time = GoType.Time;

    public FunctionList()
        : base(StringComparer.Ordinal)
    {
    }

    public void Add(string name, FunctionBody body, params GoType[] parameters) => base.Add(name, new GoFunction(body, parameters));

    public void Variadic(string name, FunctionBody body, params GoType[] parameters) => base.Add(name, GoFunction.Variadic(body, parameters));

    /// <summary>A function and its twin that returns its error instead of panicking; a template cannot tell the two apart.</summary>
    public void AddBoth(string name, string must, FunctionBody body, params GoType[] parameters)
    {
        Add(name, body, parameters);
        Add(must, body, parameters);
    }

    public void Alias(string name, string of) => base.Add(name, this[of]);

    public void AddAll(FunctionList others)
    {
        foreach ((string name, GoFunction function) in others)
        {
            base.Add(name, function);
        }
    }
}
