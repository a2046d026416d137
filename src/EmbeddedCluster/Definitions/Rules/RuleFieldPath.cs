using System.Text;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Definitions.Rules;

/// <summary>The fieldPath of a rule: <c>.a.b</c> and <c>['key']</c> steps from the value that the rule is about.</summary>
internal static class RuleFieldPath
{
    public static string Append(string path, string fieldPath)
    {
        if (fieldPath.Length == 0 || Steps(fieldPath) is not { } steps)
        {
            return path;
        }

        StringBuilder joined = new(path);
        foreach ((string name, bool isKey) in steps)
        {
            joined.Append(isKey ? $"[{name}]" : joined.Length == 0 ? name : $".{name}");
        }

        return joined.ToString();
    }

    public static bool IsValid(string fieldPath, MapNode schema)
    {
        if (Steps(fieldPath) is not { } steps)
        {
            return false;
        }

        MapNode? at = schema;
        foreach ((string name, _) in steps)
        {
            at = at["properties"] is MapNode properties ? properties[name] as MapNode : at["additionalProperties"] as MapNode;
            if (at is null)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Null for a path that does not read.</summary>
    private static List<(string Name, bool IsKey)>? Steps(string fieldPath)
    {
        List<(string, bool)> steps = [];
        for (int at = 0; at < fieldPath.Length;)
        {
            if (fieldPath[at] == '.')
            {
                int end = fieldPath.AsSpan(at + 1).IndexOfAny('.', '[', ']');
                end = end < 0 ? fieldPath.Length : at + 1 + end;
                if (end == at + 1)
                {
                    return null;
                }

                steps.Add((fieldPath[(at + 1)..end], false));
                at = end;
            }
            else if (Quoted(fieldPath, ref at) is { } key)
            {
                steps.Add((key, true));
            }
            else
            {
                return null;
            }
        }

        return steps;
    }

    private static string? Quoted(string text, ref int at)
    {
        if (text[at] != '[' || at + 1 >= text.Length || text[at + 1] != '\'')
        {
            return null;
        }

        StringBuilder key = new();
        int i = at + 2;
        for (; i < text.Length && text[i] != '\''; i++)
        {
            if (text[i] == '\\')
            {
                int escape = ++i < text.Length ? "abfnrtv'\\".IndexOf(text[i], StringComparison.Ordinal) : -1;
                if (escape < 0)
                {
                    return null;
                }

                key.Append("\a\b\f\n\r\t\v'\\"[escape]);
                continue;
            }

            key.Append(text[i]);
        }

        if (i + 1 >= text.Length || text[i + 1] != ']')
        {
            return null;
        }

        at = i + 2;
        return key.ToString();
    }
}
