namespace Bowline.Applications.ApplicationSets.Generators;

/// <summary>
/// A path as <c>git ls-files</c> takes it, which is how Argo CD finds the files of a git generator: <c>*</c> and <c>?</c> match slashes
/// too, <c>[a-z]</c> and <c>[!a-z]</c>, backslash escapes, and a pattern that names a folder means every file below it.
/// </summary>
internal sealed class PathspecGlob
{
    private readonly string pattern;

    public PathspecGlob(string pattern)
    {
        this.pattern = pattern.TrimStart('/');
        int special = this.pattern.AsSpan().IndexOfAny("*?[\\");
        string literal = special < 0 ? this.pattern : this.pattern[..special];
        Folder = literal.LastIndexOf('/') is > 0 and int slash ? literal[..slash] : string.Empty;
    }

    /// <summary>The folder that everything which matches lies below; empty for the root.</summary>
    public string Folder { get; }

    public bool IsMatch(string path)
    {
        if (pattern.Length == 0 || path == pattern || (path.StartsWith(pattern, StringComparison.Ordinal) && (pattern.EndsWith('/') || path[pattern.Length] == '/')))
        {
            return true;
        }

        // Going back to the latest star only bounds the time by pattern × path.
        int at = 0;
        int step = 0;
        int starStep = -1;
        int starAt = 0;
        while (at < path.Length || step < pattern.Length)
        {
            if (step < pattern.Length && pattern[step] == '*')
            {
                starStep = step++;
                starAt = at;
            }
            else if (step < pattern.Length && at < path.Length && Accepts(path[at], step, out int next))
            {
                step = next;
                at++;
            }
            else if (starStep >= 0 && starAt < path.Length)
            {
                at = ++starAt;
                step = starStep + 1;
            }
            else
            {
                return false;
            }
        }

        return true;
    }

    /// <param name="next">The step after this one.</param>
    private bool Accepts(char letter, int step, out int next)
    {
        next = step + 1;
        switch (pattern[step])
        {
            case '?':
                return true;
            case '\\' when next < pattern.Length:
                return letter == pattern[next++];
            case '[' when ClassEnd(step) is > 0 and int end:
                next = end + 1;
                return InClass(letter, pattern.AsSpan(step + 1, end - step - 1));
            default:
                return letter == pattern[step];
        }
    }

    /// <summary>Where a class ends; a bracket right after its beginning is a member of it.</summary>
    private int ClassEnd(int open)
    {
        int from = open + 1 < pattern.Length && pattern[open + 1] is '!' or '^' ? open + 2 : open + 1;
        return from + 1 <= pattern.Length - 1 ? pattern.IndexOf(']', from + 1) : -1;
    }

    private static bool InClass(char letter, ReadOnlySpan<char> members)
    {
        bool negated = members.Length > 0 && members[0] is '!' or '^';
        members = negated ? members[1..] : members;
        bool found = false;
        for (int i = 0; i < members.Length; i++)
        {
            if (i + 2 < members.Length && members[i + 1] == '-')
            {
                found |= members[i] <= letter && letter <= members[i + 2];
                i += 2;
            }
            else
            {
                found |= members[i] == letter;
            }
        }

        return found != negated;
    }
}
