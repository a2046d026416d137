using Bowline.Languages.Cel.Types;

namespace Bowline.Languages.Cel.Functions;

/// <summary>Reads signatures: <c>list&lt;A&gt; slice(int, int): list&lt;A&gt;</c>; single capitals are type variables, unknown names opaque types.</summary>
internal static class CelSignature
{
    private static readonly Dictionary<string, CelType> Names = new(StringComparer.Ordinal)
    {
        ["dyn"] = CelType.Dyn,
        ["null"] = CelType.Null,
        ["bool"] = CelType.Bool,
        ["int"] = CelType.Int,
        ["uint"] = CelType.Uint,
        ["double"] = CelType.Double,
        ["string"] = CelType.String,
        ["bytes"] = CelType.Bytes,
        ["timestamp"] = CelType.Timestamp,
        ["duration"] = CelType.Duration,
    };

    public static CelOverload Read(string signature, CelBody body)
    {
        int open = signature.IndexOf('(', StringComparison.Ordinal);
        int close = signature.LastIndexOf(')');
        string head = signature[..open];
        int space = head.LastIndexOf(' ');
        List<CelType> parameters = space < 0 ? [] : [ReadType(head[..space])];
        parameters.AddRange(Split(signature[(open + 1)..close]).Select(ReadType));
        return new CelOverload(head[(space + 1)..], space >= 0, parameters, ReadType(signature[(close + 1)..].TrimStart(':', ' ')), body);
    }

    public static CelType ReadType(string text)
    {
        text = text.Trim();
        int bracket = text.IndexOf('<', StringComparison.Ordinal);
        CelType[] inner = bracket < 0 ? [] : [.. Split(text[(bracket + 1)..^1]).Select(ReadType)];
        string name = bracket < 0 ? text : text[..bracket];
        return name switch
        {
            "list" => CelType.List(inner[0]),
            "map" => CelType.Map(inner[0], inner[1]),
            "optional" => CelType.Optional(inner[0]),
            "type" => CelType.TypeOf(inner.Length == 0 ? CelType.Dyn : inner[0]),
            _ => Names.TryGetValue(name, out CelType? known) ? known
                : name.Length == 1 && char.IsAsciiLetterUpper(name[0]) ? CelType.Parameter(name)
                : CelType.Opaque(name),
        };
    }

    private static List<string> Split(string list)
    {
        List<string> parts = [];
        int depth = 0;
        int from = 0;
        for (int i = 0; i < list.Length; i++)
        {
            depth += list[i] switch { '<' => 1, '>' => -1, _ => 0 };
            if (list[i] == ',' && depth == 0)
            {
                parts.Add(list[from..i]);
                from = i + 1;
            }
        }

        if (list[from..].Trim().Length > 0)
        {
            parts.Add(list[from..]);
        }

        return parts;
    }
}
