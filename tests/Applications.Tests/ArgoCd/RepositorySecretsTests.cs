using Bowline.Applications.ArgoCd;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;
using Bowline.Sources.Files;
using ApplicationException = Bowline.Applications.Model.ApplicationException;

namespace Bowline.Applications.Tests.ArgoCd;

public sealed class RepositorySecretsTests
{
    [Fact]
    public void A_repository_is_opened_by_the_Secret_that_names_it_however_its_address_is_written()
    {
        RepositorySecrets secrets = Read(Secret("a", "repository", "url: https://github.com/Org/Repo.git", "username: u", "password: p"));
        Assert.Equal(("u", "p"), Login(secrets.For("https://github.com/org/repo", "default")));
        Assert.Null(secrets.For("https://github.com/org/repo2", "default"));
        Assert.Null(secrets.For("http://github.com/org/repo", "default"));
        Assert.Null(secrets.For("git@github.com:org/repo", "default"));
    }

    [Fact]
    public void The_longest_credential_template_opens_what_no_Secret_opens_by_itself()
    {
        RepositorySecrets secrets = Read(
            Secret("host", "repo-creds", "url: https://git.example.com", "username: host", "password: p"),
            Secret("team", "repo-creds", "url: https://git.example.com/team", "username: team", "password: p"),
            Secret("known", "repository", "url: https://git.example.com/team/app", "insecure: \"true\""));
        Assert.Equal("host", secrets.For("https://git.example.com/other/app", "default")?.Username);
        Assert.Equal("team", secrets.For("https://git.example.com/team/app.git", "default")?.Username);
        Assert.True(secrets.For("https://git.example.com/team/app.git", "default")?.SkipVerification);
        Assert.Equal("host", secrets.For("https://git.example.com/teams/app", "default")?.Username);
    }

    [Theory]
    [InlineData("https://git.example.com.evil.example/team/app")]
    [InlineData("https://git.example.com@evil.example/team/app")]
    [InlineData("https://evil.example/https://git.example.com/team")]
    [InlineData("http://git.example.com/team/app")]
    public void A_template_never_opens_another_host(string url) =>
        Assert.Null(Read(Secret("host", "repo-creds", "url: https://git.example.com", "username: host", "password: p")).For(url, "default"));

    [Fact]
    public void A_Secret_of_a_project_is_for_its_applications_only_and_goes_before_the_common_one()
    {
        RepositorySecrets secrets = Read(
            Secret("common", "repository", "url: https://git.example.com/app", "username: common", "password: p"),
            Secret("red", "repository", "url: https://git.example.com/app", "project: red", "username: red", "password: p"),
            Secret("blue", "repo-creds", "url: https://git.example.com/blue", "project: blue", "username: blue", "password: p"));
        Assert.Equal("red", secrets.For("https://git.example.com/app", "red")?.Username);
        Assert.Equal("common", secrets.For("https://git.example.com/app", "blue")?.Username);
        Assert.Equal("blue", secrets.For("https://git.example.com/blue/x", "blue")?.Username);
        Assert.Null(secrets.For("https://git.example.com/blue/x", "red"));
    }

    [Fact]
    public void Ssh_keys_come_with_the_known_hosts_and_https_with_its_authorities()
    {
        RepositorySecrets secrets = Read(
            Secret("ssh", "repo-creds", "url: git@git.example.com:team", "sshPrivateKey: KEY"),
            "kind: ConfigMap\nmetadata: {name: argocd-ssh-known-hosts-cm}\ndata:\n  ssh_known_hosts: git.example.com ssh-ed25519 AAAA",
            "kind: ConfigMap\nmetadata: {name: argocd-tls-certs-cm}\ndata:\n  git.example.com: PEM");
        RepositoryAccess? ssh = secrets.For("git@git.example.com:team/app.git", "default");
        Assert.Equal(("KEY", "git.example.com ssh-ed25519 AAAA"), (ssh?.SshPrivateKey, ssh?.KnownHosts));
        RepositoryAccess? https = secrets.For("https://git.example.com/team/app.git", "default");
        Assert.Equal(("", "PEM"), (https?.SshPrivateKey, https?.CertificateAuthority));
    }

    [Fact]
    public void GitHub_Apps_and_base64_are_read_and_other_clouds_logins_are_named()
    {
        RepositorySecrets secrets = Read(
            Secret("app", "repo-creds", "url: https://github.com/org", "githubAppID: \"1\"", "githubAppInstallationID: \"2\"", "githubAppPrivateKey: PEM"),
            "kind: Secret\nmetadata: {name: b64, labels: {argocd.argoproj.io/secret-type: repository}}\ndata: {url: aHR0cHM6Ly9hLmV4YW1wbGUvYg==, password: cHc=}",
            Secret("gcp", "repository", "url: https://source.developers.google.com/p/x", "gcpServiceAccountKey: x"));
        Assert.Equal("GitHub App 1", secrets.For("https://github.com/org/x", "default")?.GitHubApp?.ToString());
        Assert.Equal("pw", secrets.For("https://a.example/b", "default")?.Password);
        Assert.Contains("Google service account", Assert.Throws<ApplicationException>(() => secrets.For("https://source.developers.google.com/p/x", "default")).Message);
    }

    [Fact]
    public void Charts_are_opened_by_host_for_registries_and_by_address_for_repositories()
    {
        RepositorySecrets secrets = Read(
            Secret("oci", "repository", "url: registry.example.com/charts", "enableOCI: \"true\"", "type: helm", "username: oci", "password: p"),
            Secret("web", "repository", "url: https://charts.example.com/stable", "type: helm", "username: web", "password: p"));
        Assert.Equal("oci", secrets.LoginFor(new Uri("https://registry.example.com/v2/charts/x"), string.Empty)?.Username);
        Assert.Null(secrets.LoginFor(new Uri("http://registry.example.com/v2/charts/x"), string.Empty));
        Assert.Equal("web", secrets.LoginFor(new Uri("https://charts.example.com/stable/index.yaml"), string.Empty)?.Username);
        Assert.Null(secrets.LoginFor(new Uri("https://charts.example.com/other"), string.Empty));
    }

    [Fact]
    public void A_projects_login_for_charts_goes_before_that_of_all_and_opens_nothing_for_others()
    {
        Uri index = new("https://charts.example.com/stable/index.yaml");
        RepositorySecrets secrets = Read(
            Secret("all", "repo-creds", "url: https://charts.example.com/stable", "username: all", "password: p"),
            Secret("shop", "repository", "url: https://charts.example.com", "type: helm", "project: shop", "username: shop", "password: p"),
            Secret("lone", "repository", "url: https://lone.example.com", "type: helm", "project: shop", "username: lone", "password: p"));
        Assert.Equal("shop", secrets.LoginFor(index, "shop")?.Username);
        Assert.Equal("all", secrets.LoginFor(index, "other")?.Username);
        Assert.Null(secrets.LoginFor(new Uri("https://lone.example.com/index.yaml"), "other"));
        Assert.Null(secrets.LoginFor(new Uri("https://lone.example.com/index.yaml"), string.Empty));
        Assert.Equal([true, false, false], new[] { "shop", "other", string.Empty }.Select(secrets.HasChartLoginsOf));
    }

    [Fact]
    public void A_projects_signature_keys_find_their_public_keys()
    {
        ArgoCdSettings settings = ArgoCdSettings.Read([.. new[]
        {
            "apiVersion: argoproj.io/v1alpha1\nkind: AppProject\nmetadata: {name: prod}\nspec:\n  signatureKeys:\n  - keyID: 4AEE18F83AFDEB23\n  - keyID: ssh-ed25519 AAAA",
            "apiVersion: argoproj.io/v1alpha1\nkind: AppProject\nmetadata: {name: dev}\nspec: {}",
            "kind: ConfigMap\nmetadata: {name: argocd-gpg-keys-cm}\ndata:\n  4AEE18F83AFDEB23: ARMOURED",
        }.Select(Parse)]);
        TrustedKeys? keys = settings.TrustedKeysOf("prod");
        Assert.Equal([new OpenPgpKey("4AEE18F83AFDEB23", "ARMOURED")], keys?.OpenPgp);
        Assert.Equal(["ssh-ed25519 AAAA"], keys?.Ssh);
        Assert.Null(settings.TrustedKeysOf("dev"));
        Assert.Null(settings.TrustedKeysOf("unknown"));
    }

    private static (string?, string?) Login(RepositoryAccess? access) => (access?.Username, access?.Password);

    private static string Secret(string name, string type, params string[] fields) =>
        $"kind: Secret\nmetadata:\n  name: {name}\n  labels: {{argocd.argoproj.io/secret-type: {type}}}\nstringData:\n  {string.Join("\n  ", fields)}";

    private static RepositorySecrets Read(params string[] objects) => RepositorySecrets.Read(objects.Select(Parse));

    private static MapNode Parse(string text) => (MapNode)YamlReader.Read(text, YamlReadOptions.Kubernetes);
}
