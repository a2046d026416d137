namespace Bowline.Languages.Cel.Types;

/// <summary>What the type variables of a compilation stand for so far, and CEL's rules of assigning one type to another.</summary>
internal sealed class TypeSubstitution
{
    private Dictionary<string, CelType> bindings = new(StringComparer.Ordinal);
    private int fresh;

    public CelType NewParameter() => CelType.Parameter($"_var{fresh++}");

    /// <summary>The signature with type variables of its own, so that two calls of one function do not share them.</summary>
    public IReadOnlyList<CelType> Instantiate(IReadOnlyList<CelType> types)
    {
        Dictionary<string, CelType> own = new(StringComparer.Ordinal);
        return [.. types.Select(type => Rename(type, own))];
    }

    /// <summary>Whether each type can be given where the other is wanted; nothing is bound when not.</summary>
    public bool AreAssignable(IReadOnlyList<CelType> given, IReadOnlyList<CelType> wanted)
    {
        if (given.Count != wanted.Count)
        {
            return false;
        }

        Dictionary<string, CelType> before = new(bindings, StringComparer.Ordinal);
        for (int i = 0; i < given.Count; i++)
        {
            if (!Assign(given[i], wanted[i]))
            {
                bindings = before;
                return false;
            }
        }

        return true;
    }

    public bool IsAssignable(CelType given, CelType wanted) => AreAssignable([given], [wanted]);

    /// <param name="freeAsDyn">What unbound variables become: dyn at the end, themselves in between.</param>
    public CelType Substitute(CelType type, bool freeAsDyn)
    {
        if (type.Kind == CelKind.Parameter)
        {
            return bindings.TryGetValue(type.Name, out CelType? bound) ? Substitute(bound, freeAsDyn) : freeAsDyn ? CelType.Dyn : type;
        }

        return type.Parameters.Count == 0 || type.Kind == CelKind.Object
            ? type
            : type.With([.. type.Parameters.Select(parameter => Substitute(parameter, freeAsDyn))]);
    }

    /// <summary>The one of two assignable types that covers both.</summary>
    public CelType MostGeneral(CelType left, CelType right) => IsLessSpecific(left, right) ? left : right;

    private CelType Rename(CelType type, Dictionary<string, CelType> own)
    {
        if (type.Kind == CelKind.Parameter)
        {
            return own.TryGetValue(type.Name, out CelType? known) ? known : own[type.Name] = NewParameter();
        }

        return type.Parameters.Count == 0 ? type : type.With([.. type.Parameters.Select(parameter => Rename(parameter, own))]);
    }

    private bool Assign(CelType given, CelType wanted)
    {
        if (ReferenceEquals(given, wanted))
        {
            return true;
        }

        if (wanted.Kind == CelKind.Parameter)
        {
            return Bind(wanted, given);
        }

        if (given.Kind == CelKind.Parameter)
        {
            return Bind(given, wanted);
        }

        if (given.IsDyn || wanted.IsDyn)
        {
            return true;
        }

        if (given.Kind == CelKind.Null || wanted.Kind == CelKind.Null)
        {
            return TakesNull(given) && TakesNull(wanted);
        }

        return given.Kind == wanted.Kind && given.Kind switch
        {
            CelKind.Type => true,
            CelKind.List or CelKind.Map => AssignParameters(given, wanted),
            CelKind.Opaque => given.Name == wanted.Name && AssignParameters(given, wanted),
            CelKind.Object => given.Name == wanted.Name,
            _ => true,
        };
    }

    private static bool TakesNull(CelType type) => type.Kind is CelKind.Null or CelKind.Object or CelKind.Opaque or CelKind.Timestamp or CelKind.Duration;

    private bool AssignParameters(CelType given, CelType wanted)
    {
        if (given.Parameters.Count != wanted.Parameters.Count)
        {
            return false;
        }

        for (int i = 0; i < given.Parameters.Count; i++)
        {
            if (!Assign(given.Parameters[i], wanted.Parameters[i]))
            {
                return false;
            }
        }

        return true;
    }

    private bool Bind(CelType variable, CelType type)
    {
        if (type.Kind == CelKind.Parameter && type.Name == variable.Name)
        {
            return true;
        }

        if (bindings.TryGetValue(variable.Name, out CelType? bound))
        {
            if (!Assign(type, bound))
            {
                return false;
            }

            CelType general = MostGeneral(Substitute(bound, freeAsDyn: false), Substitute(type, freeAsDyn: false));
            if (!Mentions(general, variable))
            {
                bindings[variable.Name] = general;
            }

            return true;
        }

        if (Mentions(type, variable))
        {
            return false;
        }

        bindings[variable.Name] = type;
        return true;
    }

    private bool Mentions(CelType type, CelType variable)
    {
        if (type.Kind == CelKind.Parameter)
        {
            return type.Name == variable.Name || (bindings.TryGetValue(type.Name, out CelType? bound) && Mentions(bound, variable));
        }

        return type.Parameters.Any(parameter => Mentions(parameter, variable));
    }

    private static bool IsLessSpecific(CelType left, CelType right)
    {
        if (left.IsDyn || left.Kind == CelKind.Parameter)
        {
            return true;
        }

        if (right.IsDyn || right.Kind == CelKind.Parameter)
        {
            return false;
        }

        // An object or a timestamp covers null, which does not cover it.
        if (left.Kind != right.Kind || left.Parameters.Count != right.Parameters.Count)
        {
            return left.Kind != CelKind.Null;
        }

        for (int i = 0; i < left.Parameters.Count; i++)
        {
            if (!IsLessSpecific(left.Parameters[i], right.Parameters[i]))
            {
                return false;
            }
        }

        return true;
    }
}
