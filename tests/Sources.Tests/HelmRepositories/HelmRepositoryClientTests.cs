using Bowline.Sources.HelmRepositories;

namespace Bowline.Tests.HelmRepositories;

public sealed class HelmRepositoryClientTests
{
    [Theory]
    [InlineData("https://h/charts", "a.tgz", "https://h/charts/a.tgz")]
    [InlineData("https://h/charts/", "x/a.tgz", "https://h/charts/x/a.tgz")]
    [InlineData("https://h/charts", "/a.tgz", "https://h/a.tgz")]
    [InlineData("https://h/charts?key=1", "a.tgz", "https://h/charts/a.tgz?key=1")]
    [InlineData("https://h/charts?key=1", "https://g/a.tgz", "https://g/a.tgz")]
    public void References_are_relative_to_the_repository(string repository, string reference, string expected) =>
        Assert.Equal(expected, HelmRepositoryClient.Resolve(new Uri(repository), reference).ToString());
}
