using System.Text;
using Bowline.Rendering.Kustomize.Objects;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;

namespace Bowline.Rendering.Kustomize.Fields;

/// <summary>
/// Folded blocks. The original prints an object by writing it as YAML, reading that, and printing what it read; its writer
/// adds an empty line after nearly every line of a folded block, which the reader then does not always fold away again.
/// </summary>
internal static class FoldedText
{
    private const string Key = "text";

    /// <summary>The text as it is copied, with what it becomes when it is printed.</summary>
    public static Node Of(StringNode text) => new WrittenScalar(text.Value, new StringNode(Printed(text.Value)) { Line = text.Line, Quoted = true });

    private static string Printed(string text)
    {
        if (!IsFoldable(text))
        {
            return text;
        }

        StringBuilder block = new();
        block.Append(Key).Append(": >").Append(text[0] is ' ' or '\n' ? "2" : string.Empty).Append(Chomping(text)).Append('\n');
        Write(text, block);
        return YamlReader.Read(block.ToString(), YamlReadOptions.Kustomize)[Key]?.AsString() ?? text;
    }

    /// <summary>Whether the writer keeps the style; it quotes what a block cannot hold.</summary>
    private static bool IsFoldable(string text) =>
        text.Length > 0 && text[^1] != ' ' && !text.Contains(" \n", StringComparison.Ordinal) && text.All(c => c == '\n' || (c >= ' ' && c != '\x7f' && !char.IsSurrogate(c)));

    private static string Chomping(string text)
    {
        if (text[^1] != '\n')
        {
            return "-";
        }

        return text.Length == 1 || text[^2] == '\n' ? "+" : string.Empty;
    }

    private static void Write(string text, StringBuilder block)
    {
        // The writer looks for blanks where the text begins rather than where it is.
        string start = text.TrimStart('\n');
        bool doubles = start.Length > 0 && start[0] != ' ';
        bool afterBreak = true;
        bool indented = true;
        foreach (char c in text)
        {
            if (c == '\n')
            {
                block.Append(!afterBreak && !indented && doubles ? "\n\n" : "\n");
                afterBreak = true;
                continue;
            }

            if (afterBreak)
            {
                block.Append("  ");
                indented = c == ' ';
            }

            block.Append(c);
            afterBreak = false;
        }

        block.Append(afterBreak ? string.Empty : "\n");
    }
}
