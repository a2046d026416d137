namespace Bowline.Sources.Git;

/// <summary>What a remote repository offers, as <c>git ls-remote --symref</c> prints it.</summary>
internal sealed class RemoteRefs
{
    private readonly Dictionary<string, string> commits = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> tagObjects = new(StringComparer.Ordinal);

    public static RemoteRefs Parse(string listing)
    {
        RemoteRefs refs = new();
        foreach (string line in listing.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] parts = line.Split('\t', 2);
            if (parts.Length == 2 && IsFullId(parts[0]))
            {
                // An annotated tag is listed twice, with ^{} for the commit that it marks.
                string name = parts[1];
                bool peeled = name.EndsWith("^{}", StringComparison.Ordinal);
                if (peeled)
                {
                    if (refs.commits.TryGetValue(name[..^3], out string? tag))
                    {
                        refs.tagObjects[name[..^3]] = tag;
                    }

                    refs.commits[name[..^3]] = parts[0];
                }
                else
                {
                    refs.commits.TryAdd(name, parts[0]);
                }
            }
        }

        return refs;
    }

    public static bool IsFullId(string text) => text.Length is 40 or 64 && text.All(char.IsAsciiHexDigitLower);

    /// <summary>Whether this may be the beginning of a commit id, which only a whole history can tell.</summary>
    public static bool MayBeId(string text) => text.Length is >= 4 and < 64 && text.All(char.IsAsciiHexDigit);

    /// <summary>The commit that a branch, a tag, HEAD, a full ref or a version range (over tags) means; null when nothing is called so. Branches go before tags, as in Argo CD.</summary>
    public string? Resolve(string revision)
    {
        if (revision is "" or "HEAD")
        {
            return commits.GetValueOrDefault("HEAD");
        }

        foreach (string name in (string[])[$"refs/heads/{revision}", $"refs/tags/{revision}", revision])
        {
            if (commits.TryGetValue(name, out string? commit))
            {
                return commit;
            }
        }

        return VersionRange.Parse(revision) is { } range ? Highest(range) : null;
    }

    /// <summary>The object of the annotated tag that a revision names; null for a branch, a commit, a plain tag or a version range.</summary>
    public string? AnnotatedTag(string revision) => commits.ContainsKey($"refs/heads/{revision}") ? null
        : tagObjects.GetValueOrDefault($"refs/tags/{revision}") ?? tagObjects.GetValueOrDefault(revision);

    /// <summary>The names of the tags that mark a commit.</summary>
    public IReadOnlyList<string> TagsOf(string commit) =>
        [.. commits.Where(name => name.Value == commit && name.Key.StartsWith("refs/tags/", StringComparison.Ordinal)).Select(name => name.Key["refs/tags/".Length..]).Order(StringComparer.Ordinal)];

    private string? Highest(VersionRange range)
    {
        (SemanticVersion Version, string Commit)? best = null;
        foreach ((string name, string commit) in commits)
        {
            if (name.StartsWith("refs/tags/", StringComparison.Ordinal)
                && SemanticVersion.Parse(name["refs/tags/".Length..]) is { } version
                && range.Contains(version)
                && (best is null || version.CompareTo(best.Value.Version) > 0))
            {
                best = (version, commit);
            }
        }

        return best?.Commit;
    }
}
