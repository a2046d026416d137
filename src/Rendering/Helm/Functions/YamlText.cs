using Bowline.Languages.GoTemplates.Values;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;

namespace Bowline.Rendering.Helm.Functions;

/// <summary>sigs.k8s.io/yaml's Marshal, which writes JSON first and then reads that as YAML; so it fails on what YAML does not allow in the raw.</summary>
internal static class YamlText
{
    /// <summary>Without the final newline, as Helm has it.</summary>
    /// <exception cref="GoError">A text holds control characters that JSON does not escape.</exception>
    public static string Of(Node node)
    {
        Node plain = GoTree.ToPlain(node);
        if (HoldsControls(plain))
        {
            throw new GoError("yaml: control characters are not allowed");
        }

        return Trimmed(YamlWriter.ToText(plain));
    }

    /// <summary>Marshalled by go-yaml v3 directly, with lists indented.</summary>
    public static string Pretty(Node node) => Trimmed(YamlWriter.ToText(GoTree.ToPlain(node), YamlWriteOptions.Pretty));

    private static string Trimmed(string text) => text.EndsWith('\n') ? text[..^1] : text;

    private static bool HoldsControls(Node node) => node switch
    {
        StringNode text => HoldsControls(text.Value),
        MapNode map => map.Any(member => HoldsControls(member.Key) || HoldsControls(member.Value)),
        ListNode list => list.Any(HoldsControls),
        _ => false,
    };

    private static bool HoldsControls(string text)
    {
        if (!text.AsSpan().ContainsAnyExceptInRange('\0', '\x7e'))
        {
            return false;
        }

        foreach (char c in text)
        {
            if (c is (>= '\x7f' and < '\xa0' and not '\x85') or '\uFEFF' or '\uFFFE' or '\uFFFF')
            {
                return true;
            }
        }

        return false;
    }
}
