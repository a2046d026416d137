namespace Bowline.Languages.Cel;

/// <summary>One thing wrong with an expression, line and column from 1 in code points as cel-go prints them.</summary>
public sealed record CelIssue(int Line, int Column, string Message);

/// <summary>An expression that does not compile. The message is cel-go's text: each issue with the line it is in and a caret below it.</summary>
public sealed class CelException : Exception
{
    public CelException(string message, IReadOnlyList<CelIssue> issues)
        : base(message) => Issues = issues;

    public IReadOnlyList<CelIssue> Issues { get; }
}
