using Bowline.Sources.Files;

namespace Bowline.Sources.Tests.Files;

public sealed class TreePathTests
{
    [Fact]
    public void Whatever_is_cleaned_stays_inside_or_is_refused()
    {
        string[] segments = ["..", ".", "", "a", "b.yaml", ".git", "...", " ", "a\0", "..a", ".GIT", ".gitignore"];
        Random random = new(7);
        int kept = 0;
        for (int i = 0; i < 20_000; i++)
        {
            string path = string.Join('/', Enumerable.Range(0, random.Next(1, 7)).Select(_ => segments[random.Next(segments.Length)]));
            try
            {
                string clean = TreePath.Clean(path);
                kept++;
                Assert.Equal(clean, TreePath.Clean(clean));
                Assert.False(clean.StartsWith('/') || clean.EndsWith('/') || clean.Contains('\0'), path);
                Assert.DoesNotContain(clean.Split('/'), segment => segment is ".." or "." || (segment.Length == 0 && clean.Length > 0) || segment.Equals(".git", StringComparison.OrdinalIgnoreCase));
                string full = Path.GetFullPath(Path.Join("/root/dir", path));
                Assert.Equal(Path.TrimEndingDirectorySeparator(full), Path.TrimEndingDirectorySeparator(Path.Join("/root/dir", clean)));
            }
            catch (SourceException)
            {
            }
        }

        Assert.True(kept > 2_000);
    }

    [Theory]
    [InlineData("base", "../x.yaml", "x.yaml")]
    [InlineData("a/b", "./c/", "a/b/c")]
    [InlineData("", "a", "a")]
    public void A_relative_path_is_followed_from_its_directory(string directory, string relative, string expected) =>
        Assert.Equal(expected, TreePath.Combine(directory, relative));

    [Theory]
    [InlineData("a", "../../x")]
    [InlineData("a", "/x")]
    [InlineData("", "..")]
    public void A_relative_path_out_of_the_root_is_refused(string directory, string relative) =>
        Assert.Throws<SourceException>(() => TreePath.Combine(directory, relative));
}
