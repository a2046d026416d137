using Bowline.Notifications.Variables;

namespace Bowline.Notifications.Tests.Variables;

public sealed class GitAddressTests
{
    [Theory]
    [InlineData("git@github.com:argoproj/argo-cd.git", "https://github.com/argoproj/argo-cd.git", "argoproj/argo-cd")]
    [InlineData("https://user:pass@github.com/argoproj/argo-cd.git", "https://github.com/argoproj/argo-cd.git", "argoproj/argo-cd")]
    [InlineData("ssh://git@bitbucket.org:7999/team/repo", "https://bitbucket.org:7999/team/repo", "team/repo")]
    [InlineData("https://gitlab.com/group/sub/project", "https://gitlab.com/group/sub/project", "group/sub")]
    [InlineData("https://host/one", "https://host/one", "/one")]
    public void An_address_has_a_page_and_a_name(string address, string page, string name) =>
        Assert.Equal((page, name), (GitAddress.ToHttps(address), GitAddress.FullName(address)));
}
