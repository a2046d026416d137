using System.Text;

namespace Bowline.EmbeddedCluster.Definitions.Rules;

/// <summary>How rules spell property names that CEL's grammar does not allow: <c>a-b</c> is <c>a__dash__b</c>, <c>in</c> is <c>__in__</c>.</summary>
internal static class CelNames
{
    private static readonly HashSet<string> Reserved =
        ["true", "false", "null", "in", "as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop", "package", "namespace", "return"];

    /// <summary>Null for a name that rules cannot mention.</summary>
    public static string? Escape(string name)
    {
        if (name.Length == 0 || char.IsAsciiDigit(name[0]) || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or '-' or '/') || name[0] is '.' or '-' or '/')
        {
            return null;
        }

        if (Reserved.Contains(name))
        {
            return $"__{name}__";
        }

        StringBuilder escaped = new(name.Length);
        for (int i = 0; i < name.Length; i++)
        {
            if (name[i] == '_' && i + 1 < name.Length && name[i + 1] == '_')
            {
                escaped.Append("__underscores__");
                i++;
                continue;
            }

            escaped.Append(name[i] switch
            {
                '.' => "__dot__",
                '-' => "__dash__",
                '/' => "__slash__",
                var c => c.ToString(),
            });
        }

        return escaped.ToString();
    }
}
