using System.Text;
using Bowline.Resources.Model;
using ApplicationException = Bowline.Applications.Model.ApplicationException;

namespace Bowline.Applications.ApplicationSets.Templates;

/// <summary>
/// The language of sets without <c>goTemplate</c>: <c>{{name}}</c> is replaced by the parameter of that name, and stays as it is where
/// there is none. A text whose braces do not open and close in one line is no template.
/// </summary>
internal sealed class FastTemplate : ITemplateLanguage
{
    internal const int LongestText = 1_500_000;

    public bool IsStructured => false;

    public Func<string, string> With(MapNode parameters, CancellationToken cancellationToken)
    {
        int left = LongestText;
        return text =>
        {
            string rendered = Render(text, parameters);
            left -= rendered.Length;
            return left >= 0 ? rendered : throw new ApplicationException($"the template renders to more than {LongestText} characters");
        };
    }

    private static string Render(string text, MapNode parameters)
    {
        if (!IsTemplate(text))
        {
            return text;
        }

        StringBuilder output = new(text.Length);
        int at = 0;
        while (text.IndexOf("{{", at, StringComparison.Ordinal) is >= 0 and int open && text.IndexOf("}}", open + 2, StringComparison.Ordinal) is >= 0 and int close)
        {
            output.Append(text, at, open - at);
            string name = text[(open + 2)..close].Trim();
            _ = name.Length > 0 && parameters[name] is StringNode value ? output.Append(value.Value) : output.Append(text, open, close + 2 - open);
            at = close + 2;
            if (output.Length > LongestText)
            {
                break;
            }
        }

        return output.Append(text, at, text.Length - at).ToString();
    }

    private static bool IsTemplate(string text)
    {
        foreach (ReadOnlySpan<char> line in text.AsSpan().EnumerateLines())
        {
            if (line.IndexOf("{{") is >= 0 and int open && line[(open + 2)..].IndexOf("}}") >= 0)
            {
                return true;
            }
        }

        return false;
    }
}
