using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;
using Bowline.Languages.GoTemplates.Sprig;

namespace Bowline.Languages.GoTemplates;

/// <summary>Go's regular expressions (RE2), matched in linear time.</summary>
public static class Re2
{
    /// <param name="error">What Go's regexp.Compile says of a pattern that it refuses.</param>
    public static bool TryCompile(string pattern, [NotNullWhen(true)] out Regex? regex, [NotNullWhen(false)] out string? error)
    {
        try
        {
            regex = Re2Syntax.Compile(pattern);
            error = null;
            return true;
        }
        catch (Re2Exception e)
        {
            regex = null;
            error = $"error parsing regexp: {e.Message}";
            return false;
        }
    }
}
