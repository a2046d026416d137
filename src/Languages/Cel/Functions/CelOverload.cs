using Bowline.Languages.Cel.Evaluating;
using Bowline.Languages.Cel.Types;
using Bowline.Resources.Model;

namespace Bowline.Languages.Cel.Functions;

/// <summary>What a function does with its arguments, the receiver first; it returns a <see cref="Values.CelError"/> where it fails.</summary>
internal delegate Node CelBody(CelRun run, Node[] arguments);

/// <summary>One signature of a function.</summary>
internal sealed record CelOverload(string Function, bool IsMember, IReadOnlyList<CelType> Parameters, CelType Result, CelBody Body)
{
    public bool HasVariables { get; } = Parameters.Append(Result).Any(Mentions);

    /// <summary>Whether the values at run time are of this signature's types; what a parameter holds inside is not looked at.</summary>
    public bool Takes(Node[] arguments)
    {
        if (arguments.Length != Parameters.Count)
        {
            return false;
        }

        for (int i = 0; i < arguments.Length; i++)
        {
            if (!Takes(Parameters[i], arguments[i]))
            {
                return false;
            }
        }

        return true;
    }

    private static bool Takes(CelType wanted, Node value)
    {
        CelKind kind = Values.CelValues.KindOf(value);
        return wanted.Kind switch
        {
            CelKind.Dyn or CelKind.Parameter => true,
            CelKind.Opaque => kind == CelKind.Opaque && ((Values.CelValue)value).Type.Name == wanted.Name,
            _ => kind == wanted.Kind,
        };
    }

    private static bool Mentions(CelType type) => type.Kind == CelKind.Parameter || type.Parameters.Any(Mentions);
}
