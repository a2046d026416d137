using Bowline.Sources.Oci;

namespace Bowline.Tests.Oci;

public sealed class RegistryTokensTests
{
    [Theory]
    [InlineData("https://ghcr.io", "https://ghcr.io/token", true)]
    [InlineData("https://registry.gitlab.com", "https://gitlab.com/jwt/auth", true)]
    [InlineData("https://registry-1.docker.io", "https://auth.docker.io/token", true)]
    [InlineData("https://ghcr.io", "http://ghcr.io/token", false)]
    [InlineData("https://ghcr.io", "https://evil.io/token", false)]
    [InlineData("https://a.github.io", "https://b.github.io/token", false)]
    [InlineData("https://evil.io", "https://io/token", false)]
    public void Credentials_follow_a_challenge_no_further_than_the_registrys_own_name(string registry, string realm, bool expected) =>
        Assert.Equal(expected, RegistryTokens.MayHaveCredentials(new Uri(registry), new Uri(realm)));
}
