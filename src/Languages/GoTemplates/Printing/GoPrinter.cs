using System.Text;
using Bowline.Languages.GoTemplates.Values;
using Bowline.Resources.Model;

namespace Bowline.Languages.GoTemplates.Printing;

/// <summary>Go's fmt: Sprint, Sprintln and Sprintf over nodes.</summary>
public static class GoPrinter
{
    public static string Sprint(Node value)
    {
        if (value is StringNode text)
        {
            return text.Value;
        }

        Formatter formatter = new();
        formatter.PrintArgument(value, 'v');
        return formatter.ToString();
    }

    /// <summary>Operands follow each other, with a space between two that are not strings.</summary>
    public static string Sprint(ReadOnlySpan<Node> values)
    {
        Formatter formatter = new();
        bool previousIsText = true;
        foreach (Node value in values)
        {
            bool isText = value is StringNode;
            if (!isText && !previousIsText)
            {
                formatter.Output.Append(' ');
            }

            formatter.PrintArgument(value, 'v');
            previousIsText = isText;
        }

        return formatter.ToString();
    }

    public static string Sprintln(ReadOnlySpan<Node> values)
    {
        Formatter formatter = new();
        for (int i = 0; i < values.Length; i++)
        {
            if (i > 0)
            {
                formatter.Output.Append(' ');
            }

            formatter.PrintArgument(values[i], 'v');
        }

        return formatter.Output.Append('\n').ToString();
    }

    public static string Format(string format, params ReadOnlySpan<Node> arguments)
    {
        Formatter formatter = new();
        formatter.Format(format, arguments);
        return formatter.ToString();
    }
}
