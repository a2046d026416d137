namespace Bowline.Languages.Expressions;

/// <summary>
/// An expression that does not compile or could not be evaluated. The message is the text of Go's expr: the reason, line and
/// column from 1, the line itself and a caret below it.
/// </summary>
public sealed class ExpressionException : Exception
{
    public ExpressionException(string message, string reason, int line, int column, Exception? inner = null)
        : base(message, inner)
    {
        Reason = reason;
        Line = line;
        Column = column;
    }

    /// <summary>The message without position and text.</summary>
    public string Reason { get; }

    /// <summary>From 1.</summary>
    public int Line { get; }

    /// <summary>From 1, in code points.</summary>
    public int Column { get; }
}
