using System.Security.Cryptography;
using System.Text;
using Bowline.Server.Webhooks;

namespace Bowline.Server.Tests.Webhooks;

public sealed class WebhookReaderTests
{
    private const string Secret = "wh-s3cret";
    private static readonly WebhookSecrets All = new() { GitHub = Secret, GitLab = Secret, Gitea = Secret, Bitbucket = "{c0ffee}", BitbucketServer = Secret };

    private const string GitHubBody = """{"ref":"refs/heads/main","repository":{"html_url":"https://github.com/o/r","clone_url":"https://github.com/o/r.git","ssh_url":"git@github.com:o/r.git"}}""";
    private const string GitLabBody = """{"ref":"refs/heads/main","project":{"web_url":"https://gitlab.com/g/p","git_http_url":"https://gitlab.com/g/p.git","git_ssh_url":"git@gitlab.com:g/p.git"}}""";
    private const string BitbucketBody = """{"push":{"changes":[]},"repository":{"full_name":"team/r","links":{"html":{"href":"https://bitbucket.org/team/r"}}}}""";
    private const string BitbucketServerBody = """{"eventKey":"repo:refs_changed","repository":{"links":{"clone":[{"href":"https://bb.example.com/scm/p/r.git","name":"http"},{"href":"ssh://git@bb.example.com:7999/p/r.git","name":"ssh"}]}}}""";

    public static TheoryData<string, string, (string, string)[], string> Pushes => new()
    {
        { "GitHub", GitHubBody, [("X-GitHub-Event", "push"), ("X-Hub-Signature-256", "sha256=" + Sign(GitHubBody))], "https://github.com/o/r.git" },
        { "Gitea, which calls itself GitHub, too", GitHubBody, [("X-Gitea-Event", "push"), ("X-GitHub-Event", "push"), ("X-Gitea-Signature", Sign(GitHubBody))], "https://github.com/o/r.git" },
        { "Gogs", GitHubBody, [("X-Gogs-Event", "push"), ("X-Gogs-Signature", Sign(GitHubBody))], "git@github.com:o/r.git" },
        { "GitLab", GitLabBody, [("X-Gitlab-Event", "Push Hook"), ("X-Gitlab-Token", Secret)], "https://gitlab.com/g/p.git" },
        { "GitLab tags", GitLabBody, [("X-Gitlab-Event", "Tag Push Hook"), ("X-Gitlab-Token", Secret)], "git@gitlab.com:g/p.git" },
        { "Bitbucket by UUID", BitbucketBody, [("X-Event-Key", "repo:push"), ("X-Hook-UUID", "{c0ffee}")], "https://bitbucket.org/team/r" },
        { "Bitbucket Data Center", BitbucketServerBody, [("X-Event-Key", "repo:refs_changed"), ("X-Hub-Signature", "sha256=" + Sign(BitbucketServerBody))], "ssh://git@bb.example.com:7999/p/r.git" },
    };

    [Theory]
    [MemberData(nameof(Pushes))]
    public void A_push_names_its_repository(string sender, string body, (string, string)[] headers, string address)
    {
        WebhookEvent read = Read(body, headers);
        Assert.True(read.Verdict == WebhookVerdict.Push, $"{sender}: {read}");
        Assert.Contains(address, read.Repositories);
    }

    [Theory]
    [MemberData(nameof(Pushes))]
    public void Who_does_not_know_the_secret_is_refused(string sender, string body, (string, string)[] headers, string address)
    {
        _ = address;
        (string, string)[] forged = [.. headers.Select(header => header.Item1 is "X-Gitlab-Token" or "X-Hook-UUID" ? (header.Item1, header.Item2 + "x") : header)];
        WebhookEvent read = forged.SequenceEqual(headers) ? Read(body + " ", headers) : Read(body, forged);
        Assert.True(read.Verdict == WebhookVerdict.Refused, sender);
        Assert.Equal(WebhookVerdict.Refused, Read(body, headers, new WebhookSecrets()).Verdict);
        Assert.Equal(WebhookVerdict.Refused, Read(body, [.. headers.Where(header => header.Item1.EndsWith("Event", StringComparison.Ordinal) || header.Item1 is "X-Event-Key")]).Verdict);
        Assert.DoesNotContain(Secret, read.ToString());
    }

    [Theory]
    [InlineData("sha256=")]
    [InlineData("sha256=zz")]
    [InlineData("sha1=0000000000000000000000000000000000000000")]
    [InlineData("")]
    public void A_signature_of_another_shape_is_refused(string signature) =>
        Assert.Equal(WebhookVerdict.Refused, Read(GitHubBody, [("X-GitHub-Event", "push"), ("X-Hub-Signature-256", signature)]).Verdict);

    [Fact]
    public void Pings_and_other_events_are_answered_and_ignored()
    {
        Assert.Equal(WebhookVerdict.Ignored, Read("{}", [("X-GitHub-Event", "ping"), ("X-Hub-Signature-256", "sha256=" + Sign("{}"))]).Verdict);
        Assert.Equal(WebhookVerdict.Ignored, Read("{}", [("X-Event-Key", "diagnostics:ping"), ("X-Hub-Signature", "sha256=" + Sign("{}"))]).Verdict);
        Assert.Equal(WebhookVerdict.Malformed, Read("{}", []).Verdict);
    }

    [Theory]
    [InlineData("not json")]
    [InlineData("[]")]
    [InlineData("7")]
    [InlineData("{\"repository\":[]}")]
    [InlineData("{\"repository\":{\"html_url\":{\"a\":1}}}")]
    [InlineData("payload=%7B%7D")]
    public void A_signed_body_that_is_nonsense_is_malformed_and_nothing_worse(string body) =>
        Assert.Equal(WebhookVerdict.Malformed, Read(body, [("X-GitHub-Event", "push"), ("X-Hub-Signature-256", "sha256=" + Sign(body))]).Verdict);

    [Fact]
    public void A_deep_body_is_malformed()
    {
        string body = new string('[', 100_000);
        Assert.Equal(WebhookVerdict.Malformed, Read(body, [("X-GitHub-Event", "push"), ("X-Hub-Signature-256", "sha256=" + Sign(body))]).Verdict);
    }

    [Fact]
    public void Secrets_come_from_the_environment_and_else_from_argocd_secret()
    {
        WebhookSecrets read = WebhookSecrets.Read(name => name == "BOWLINE_WEBHOOK_GITHUB_SECRET" ? "env" : null, key => $"argo {key}");
        Assert.Equal("env", read.GitHub);
        Assert.Equal("argo webhook.gitlab.secret", read.GitLab);
        Assert.Equal("argo webhook.gogs.secret", read.Gitea);
        Assert.Equal("argo webhook.bitbucket.uuid", read.Bitbucket);
        Assert.Equal("***", read.ToString());
    }

    private static string Sign(string body) => Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(Secret), Encoding.UTF8.GetBytes(body)));

    private static WebhookEvent Read(string body, (string Name, string Value)[] headers, WebhookSecrets? secrets = null) =>
        WebhookReader.Read(name => headers.Where(header => header.Name == name).Select(header => header.Value).FirstOrDefault(), Encoding.UTF8.GetBytes(body), secrets ?? All);
}
