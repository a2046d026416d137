using Bowline.Sources.Git;

namespace Bowline.Sources.Tests.Git;

public sealed class VersionRangeTests
{
    [Theory]
    [InlineData("1.x", "v1.9.0 1.0.0", "2.0.0 0.9.0 1.5.0-rc.1")]
    [InlineData("*", "1.0.0 v0.0.1", "1.0.0-a")]
    [InlineData("^1.2.3", "1.2.3 1.9.0", "1.2.2 2.0.0")]
    [InlineData("^0.2.3", "0.2.3 0.2.9", "0.3.0 1.0.0")]
    [InlineData("^0.0.3", "0.0.3", "0.0.4")]
    [InlineData("~1.2", "1.2.0 1.2.9", "1.3.0")]
    [InlineData("~1", "1.2.0", "2.0.0")]
    [InlineData(">=1.0 <2.0, !=1.5.0", "1.0.0 1.6.0", "1.5.0 2.0.0")]
    [InlineData(">1.2", "1.3.0", "1.2.9")]
    [InlineData("<=1.2", "1.2.9", "1.3.0")]
    [InlineData("1.0 - 2.0", "1.0.0 2.0.5", "2.1.0 0.9.9")]
    [InlineData("1.x || >=3.0.0-0", "1.0.0 3.0.0 3.1.0-rc.1", "2.0.0")]
    public void Ranges_hold_what_they_say(string range, string inside, string outside)
    {
        VersionRange parsed = VersionRange.Parse(range)!;
        Assert.All(inside.Split(' '), version => Assert.True(parsed.Contains(SemanticVersion.Parse(version)!), version));
        Assert.All(outside.Split(' '), version => Assert.False(parsed.Contains(SemanticVersion.Parse(version)!), version));
    }

    [Theory]
    [InlineData("main")]
    [InlineData("v1.2.3")]
    [InlineData("release-1.x-branch")]
    [InlineData("feature/x")]
    [InlineData("fix-1.2")]
    public void Names_are_not_ranges(string text) => Assert.Null(VersionRange.Parse(text));

    [Fact]
    public void Versions_are_ordered_as_semver_says()
    {
        string[] ordered = ["1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0", "v1.0.1", "1.10", "2"];
        Assert.Equal(ordered, ordered.Reverse().OrderBy(text => SemanticVersion.Parse(text)));
    }
}
