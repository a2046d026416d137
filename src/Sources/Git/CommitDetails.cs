using System.Globalization;

namespace Bowline.Sources.Git;

/// <summary>What a commit says of itself.</summary>
/// <param name="Author"><c>Name &lt;address&gt;</c>.</param>
/// <param name="Date">When it was written.</param>
/// <param name="Tags">The tags that mark it.</param>
public sealed record CommitDetails(string Message, string Author, DateTimeOffset Date, IReadOnlyList<string> Tags)
{
    /// <summary>How <c>git show</c> is to print what <see cref="Parse"/> reads.</summary>
    internal const string Format = "--format=%an <%ae>%x00%at%x00%B";

    internal static CommitDetails Parse(string shown, IReadOnlyList<string> tags)
    {
        string[] parts = shown.Split('\0', 3);
        return new CommitDetails(parts[2].TrimEnd('\n'), parts[0], DateTimeOffset.FromUnixTimeSeconds(long.Parse(parts[1], CultureInfo.InvariantCulture)), tags);
    }
}
