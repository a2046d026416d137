using System.Text.RegularExpressions;
using Bowline.Languages.GoTemplates.Parsing;
using Bowline.Rendering.Helm.Functions;
using Bowline.Rendering.Requests;

namespace Bowline.Rendering.Helm;

/// <summary>Words template errors as Helm does and finds the file, the line and the text of the line they are about.</summary>
internal sealed partial class TemplateErrors(IReadOnlyList<ChartTemplate> templates)
{
    private readonly Dictionary<string, ChartTemplate> byName = templates.ToDictionary(template => template.Name, StringComparer.Ordinal);

    public RenderException OfParsing(ChartTemplate template, TemplateException error)
    {
        string[] parts = error.Message.Split(": ");
        string message = parts.Length == 1 ? $"parse error in ({template.Name}): {error.Message}" : $"parse error at ({parts[1]}): {parts[^1]}";
        return Located(template, error, message);
    }

    public RenderException OfExecution(ChartTemplate template, TemplateException error)
    {
        string message = error.Message;
        string[] parts = error.Message.Split(": ", 3);
        if (parts.Length == 3 && Failure().Match(parts[2]) is { Success: true } failure)
        {
            message = $"execution error at ({parts[1]}): {failure.Groups[1].Value}";
        }

        return Located(template, error, message);
    }

    private RenderException Located(ChartTemplate template, TemplateException error, string message)
    {
        // Texts given to tpl have no file; the template that called it is the innermost place that does.
        TemplateFrame frame = error.Frames.LastOrDefault(frame => byName.ContainsKey(frame.Template), new TemplateFrame(template.Name, 0, -1));
        ChartTemplate place = byName[frame.Template];
        string[] lines = place.File.Text.Split('\n');
        return new RenderException(message, place.File.Path, Math.Max(frame.Line, 0), frame.Column + 1, error)
        {
            TemplateStack = [.. error.Frames.Reverse().Select(one => one.Line > 0 ? $"{one.Template}:{one.Line}" : one.Template)],
            SourceLine = frame.Line > 0 && frame.Line <= lines.Length ? lines[frame.Line - 1].TrimEnd('\r') : null,
        };
    }

    [GeneratedRegex(HelmFunctions.FailureStart + @"([\s\S]*)" + HelmFunctions.FailureEnd, RegexOptions.CultureInvariant)]
    private static partial Regex Failure();
}
