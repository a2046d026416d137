using System.Text.RegularExpressions;
using Bowline.Languages.GoTemplates.Parsing;
using Bowline.Languages.GoTemplates.Values;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;

namespace Bowline.Rendering.Helm.Functions;

/// <summary>sigs.k8s.io/yaml's Marshal, which writes JSON first and then reads that as YAML; so it fails on what YAML does not allow in the raw.</summary>
internal static partial class YamlText
{
    private const char NextLine = '\u0085';
    private const int MaxKey = 1024;
    private const int LongestEscape = 6;

    /// <summary>Without the final newline, as Helm has it.</summary>
    /// <exception cref="GoError">A text holds control characters that JSON does not escape.</exception>
    public static string Of(Node node) => Trimmed(YamlWriter.ToText(ThroughJson(GoTree.ToPlain(node))));

    /// <summary>Marshalled by go-yaml v3 directly, with lists indented.</summary>
    public static string Pretty(Node node) => Trimmed(YamlWriter.ToText(GoTree.ToPlain(node), YamlWriteOptions.Pretty));

    private static string Trimmed(string text) => text.EndsWith('\n') ? text[..^1] : text;

    /// <summary>The tree as it is read from its own JSON by a YAML reader.</summary>
    private static Node ThroughJson(Node node)
    {
        switch (node)
        {
            case StringNode text:
                string read = Read(text.Value);
                return ReferenceEquals(read, text.Value) ? node : StringNode.Of(read);
            case MapNode map:
                MapNode members = new(map.Count);
                foreach ((string key, Node value) in map)
                {
                    members[Key(key)] = ThroughJson(value);
                }

                return members;
            case ListNode list:
                return new ListNode([.. list.Select(ThroughJson)]);
            default:
                return node;
        }
    }

    /// <summary>YAML looks for the colon of a key on the key's own line, and no further than this.</summary>
    private static string Key(string key) =>
        key.Contains(NextLine, StringComparison.Ordinal) || (key.Length > MaxKey / LongestEscape && MarshalledJson.Text(StringNode.Of(key)).EnumerateRunes().Count() > MaxKey)
            ? throw new GoError("yaml: could not find expected ':'")
            : Read(key);

    private static string Read(string text)
    {
        if (!text.AsSpan().ContainsAnyExceptInRange('\0', '\x7e'))
        {
            return text;
        }

        foreach (char c in text)
        {
            if (c is (>= '\x7f' and < '\xa0' and not NextLine) or '\uFFFE' or '\uFFFF')
            {
                throw new GoError("yaml: control characters are not allowed");
            }
        }

        string valid = GoText.ToValid(text);
        return valid.Contains(NextLine, StringComparison.Ordinal) ? Folded(valid) : valid;
    }

    /// <summary>The one line break that JSON leaves as it is, which YAML folds: one becomes a space, of several the first is dropped.</summary>
    private static string Folded(string text) => LineBreaks().Replace(text, breaks => breaks.Value.Count(c => c == NextLine) is var count and > 1 ? new string('\n', count - 1) : " ");

    [GeneratedRegex("[ ]*\u0085[ \u0085]*", RegexOptions.CultureInvariant)]
    private static partial Regex LineBreaks();
}
