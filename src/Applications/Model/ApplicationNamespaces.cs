using System.Text.RegularExpressions;
using Bowline.Rendering.Globs;

namespace Bowline.Applications.Model;

/// <summary>
/// Where Applications may lie: in the controller's own namespace, and in others that somebody allows (Argo CD's <c>application.namespaces</c>). One of
/// another namespace is known as <c>namespace_name</c>, as Argo CD writes it into what it delivers; a name has no underscore otherwise.
/// </summary>
/// <param name="Home">The controller's own.</param>
/// <param name="Others">Names, globs, and regular expressions between slashes; none for the own one alone.</param>
public sealed record ApplicationNamespaces(string Home, IReadOnlyList<string> Others)
{
    private const char Separator = '_';
    private static readonly TimeSpan MatchTimeout = TimeSpan.FromMilliseconds(100);

    /// <summary>Every Application counts by its name alone, wherever it says that it lies.</summary>
    public static readonly ApplicationNamespaces Any = new(string.Empty, []);

    public bool AreSeveral => Others.Count > 0;

    public bool Allows(string @namespace) => @namespace == Home || Others.Any(pattern => Matches(pattern, @namespace));

    /// <summary>What an Application is known as.</summary>
    /// <param name="namespace">Empty for one that says nothing, which is the own.</param>
    public string NameOf(string @namespace, string name) => !AreSeveral || @namespace.Length == 0 || @namespace == Home ? name : $"{@namespace}{Separator}{name}";

    /// <summary>Where the Application lies that is known so, and its own name.</summary>
    public (string Namespace, string Name) Find(string known) =>
        AreSeveral && known.IndexOf(Separator, StringComparison.Ordinal) is > 0 and var at ? (known[..at], known[(at + 1)..]) : (Home, known);

    /// <summary>As people write it: <c>namespace/name</c>, or the name alone in the own namespace.</summary>
    public static string Show(string known) => known.Replace(Separator, '/');

    /// <summary>What people wrote, as it is known.</summary>
    public static string Read(string shown) => shown.Replace('/', Separator);

    /// <summary>Whether a pattern of <c>application.namespaces</c> or of a project's <c>sourceNamespaces</c> means a namespace.</summary>
    public static bool Matches(string pattern, string @namespace)
    {
        if (pattern is not ['/', .., '/'] || pattern.Length < 3)
        {
            return pattern == @namespace || FileGlob.Compile(pattern, crossesSlashes: true)?.IsMatch(@namespace) == true;
        }

        try
        {
            return Regex.IsMatch(@namespace, pattern[1..^1], RegexOptions.CultureInvariant, MatchTimeout);
        }
        catch (Exception unusable) when (unusable is ArgumentException or RegexMatchTimeoutException)
        {
            return false;
        }
    }
}
