using System.Text.RegularExpressions;
using Bowline.Rendering.Requests;

namespace Bowline.Rendering.Kustomize.Objects;

/// <summary>Go's regular expressions: linear in time like the originals, so a hostile pattern costs nothing.</summary>
internal static partial class GoRegex
{
    private const int MaxLength = 4096;

    /// <exception cref="RenderException">The pattern cannot be compiled.</exception>
    public static Regex Compile(string pattern)
    {
        if (pattern.Length > MaxLength)
        {
            throw new RenderException("error parsing regexp: the pattern is too long");
        }

        try
        {
            return new Regex(Translate(pattern), RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
        }
        catch (Exception error) when (error is ArgumentException or NotSupportedException)
        {
            throw new RenderException($"error parsing regexp: {error.Message}: `{pattern}`", inner: error);
        }
    }

    /// <summary>Matches whole texts only; null for an empty pattern, which matches anything.</summary>
    public static Regex? CompileAnchored(string pattern) => pattern.Length == 0 ? null : Compile($"^(?:{pattern})$");

    private static string Translate(string pattern)
    {
        string translated = pattern.Replace("(?P<", "(?<", StringComparison.Ordinal);
        translated = PosixClass().Replace(translated, match => match.Groups[1].Value switch
        {
            "alpha" => "a-zA-Z",
            "digit" => "0-9",
            "alnum" => "a-zA-Z0-9",
            "upper" => "A-Z",
            "lower" => "a-z",
            "space" => @"\s",
            "word" => @"\w",
            "xdigit" => "0-9A-Fa-f",
            "punct" => @"!-/:-@\[-`{-~",
            _ => match.Value,
        });
        // In .NET an unescaped $ also matches before a final line feed.
        return TrailingDollar().Replace(translated, @"\z");
    }

    [GeneratedRegex(@"\[:(\w+):\]")]
    private static partial Regex PosixClass();

    [GeneratedRegex(@"(?<=(?:^|[^\\])(?:\\\\)*)\$(?=\)*\z)")]
    private static partial Regex TrailingDollar();
}
