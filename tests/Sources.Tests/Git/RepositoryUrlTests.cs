using Bowline.Sources.Files;
using Bowline.Sources.Git;

namespace Bowline.Sources.Tests.Git;

public sealed class RepositoryUrlTests
{
    [Theory]
    [InlineData("https://github.com/Dembrane/echo-gitops.git", "git@github.com:dembrane/echo-gitops")]
    [InlineData("https://github.com/Dembrane/echo-gitops.git", "ssh://git@GITHUB.com/dembrane/echo-gitops/")]
    [InlineData("https://user:pass@github.com:443/a/b", "http://github.com/a/b.git/")]
    [InlineData("ssh://git@example.com:2222/a/b", "git@example.com:/a/b")]
    [InlineData("/tmp/a/../b", "/tmp/b/")]
    [InlineData("file:///tmp/b.git", "/tmp/b")]
    public void One_repository_has_many_names(string left, string right) => Assert.True(RepositoryUrl.Same(left, right), $"{RepositoryUrl.Normalise(left)} {RepositoryUrl.Normalise(right)}");

    [Theory]
    [InlineData("https://github.com/a/b", "https://github.com/a/c")]
    [InlineData("https://github.com/a/b", "https://gitlab.com/a/b")]
    [InlineData("http://localhost:3000/a", "http://localhost:4000/a")]
    [InlineData("/tmp/A", "/tmp/a")]
    public void Others_are_not_the_same(string left, string right) => Assert.False(RepositoryUrl.Same(left, right));

    [Theory]
    [InlineData("--upload-pack=touch /tmp/x")]
    [InlineData("ext::sh -c touch% /tmp/x")]
    [InlineData("ssh://-oProxyCommand=touch/x")]
    [InlineData("ssh://-oProxyCommand=x@host/y")]
    [InlineData("-oProxyCommand=x@host:y")]
    [InlineData("a@-oProxyCommand=x:y")]
    [InlineData("https://host/a\nb")]
    [InlineData("ftp://host/a")]
    [InlineData("fd::17")]
    [InlineData("")]
    public async Task Smuggled_options_and_programs_are_refused(string url)
    {
        using GitFetcher fetcher = new(Path.GetTempPath(), TimeProvider.System);
        await Assert.ThrowsAsync<SourceException>(() => fetcher.FetchAsync(new SourceRef(url, "main"), default));
    }

    [Theory]
    [InlineData("--output=/tmp/x")]
    [InlineData("-x")]
    [InlineData("main..dev")]
    [InlineData("main:secret")]
    [InlineData("a b")]
    [InlineData("a\nb")]
    [InlineData("HEAD^{/foo}\\")]
    public async Task Smuggled_revisions_are_refused(string revision)
    {
        using GitFetcher fetcher = new(Path.GetTempPath(), TimeProvider.System);
        SourceException error = await Assert.ThrowsAsync<SourceException>(() => fetcher.FetchAsync(new SourceRef("https://localhost:1/x", revision), default));
        Assert.Contains("not a branch", error.Message);
    }

    [Theory]
    [InlineData("cannot read https://user:pass@host/x?token=abc now", "cannot read https://***@host/x now")]
    [InlineData("https://ghp_token@github.com/a", "https://***@github.com/a")]
    public void Messages_hold_no_credentials(string text, string expected) => Assert.Equal(expected, RepositoryUrl.Redact(text));
}
