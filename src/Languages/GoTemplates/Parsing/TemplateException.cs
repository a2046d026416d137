namespace Bowline.Languages.GoTemplates.Parsing;

/// <summary>One template in the chain of calls that led to an error; line from 1, column from 0 as Go counts (bytes), -1 when unknown.</summary>
public readonly record struct TemplateFrame(string Template, int Line, int Column);

/// <summary>A template that does not parse or does not execute. The message is Go's text, positions of outer templates included.</summary>
public sealed class TemplateException : Exception
{
    public TemplateException(string message, string reason, IReadOnlyList<TemplateFrame> frames, bool isParseError, Exception? inner = null)
        : base(message, inner)
    {
        Reason = reason;
        Frames = frames;
        IsParseError = isParseError;
    }

    /// <summary>The innermost error without any position.</summary>
    public string Reason { get; }

    /// <summary>Where the error happened, from the template executed first to the one that failed.</summary>
    public IReadOnlyList<TemplateFrame> Frames { get; }

    public bool IsParseError { get; }

    public string Template => Frames[^1].Template;

    public int Line => Frames[^1].Line;

    public int Column => Frames[^1].Column;
}
