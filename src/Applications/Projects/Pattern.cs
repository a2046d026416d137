using Bowline.Rendering.Globs;

namespace Bowline.Applications.Projects;

/// <summary>Argo CD's globs in projects.</summary>
internal static class Pattern
{
    /// <param name="segments">Whether a single star stops at a slash.</param>
    public static bool Matches(string pattern, string text, bool segments = false) =>
        pattern == "*" || pattern == text || (pattern.AsSpan().IndexOfAny("*?[{") >= 0 && FileGlob.Compile(pattern, crossesSlashes: !segments)?.IsMatch(text) == true);
}
