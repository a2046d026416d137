using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.Server.Webhooks;

public enum WebhookVerdict
{
    /// <summary>Something was pushed.</summary>
    Push,

    /// <summary>Genuine, but about something else: a ping, an issue.</summary>
    Ignored,

    /// <summary>Not from anybody who knows the secret.</summary>
    Refused,

    /// <summary>Not understood.</summary>
    Malformed,
}

/// <param name="Message">For whoever set the webhook up; holds nothing of the secret or the body.</param>
/// <param name="Repositories">Every address under which the repository is known.</param>
public sealed record WebhookEvent(WebhookVerdict Verdict, string Message, IReadOnlyList<string> Repositories);

/// <summary>Tells from headers and body which repository somebody pushed to. Pure; nothing of a body is looked at before its sender has proved himself.</summary>
public static class WebhookReader
{
    private const int MaxDepth = 64;

    /// <param name="header">A header's value; null when there is none.</param>
    public static WebhookEvent Read(Func<string, string?> header, ReadOnlySpan<byte> body, WebhookSecrets secrets)
    {
        // Gitea says that it is GitHub, too, so that programs made for GitHub understand it.
        if (header("X-Gitea-Event") is { } gitea)
        {
            return Answer("Gitea", Signed(secrets.Gitea, header("X-Gitea-Signature"), body), gitea is "push", gitea, body, Addresses("repository", "html_url", "clone_url", "ssh_url"));
        }

        if (header("X-Gogs-Event") is { } gogs)
        {
            return Answer("Gogs", Signed(secrets.Gitea, header("X-Gogs-Signature"), body), gogs is "push", gogs, body, Addresses("repository", "html_url", "clone_url", "ssh_url"));
        }

        if (header("X-GitHub-Event") is { } github)
        {
            return Answer("GitHub", Signed(secrets.GitHub, Prefixed(header("X-Hub-Signature-256")), body), github is "push", github, body, Addresses("repository", "html_url", "clone_url", "ssh_url", "git_url"));
        }

        if (header("X-Gitlab-Event") is { } gitlab)
        {
            bool push = gitlab is "Push Hook" or "Tag Push Hook" or "System Hook";
            return Answer("GitLab", Same(secrets.GitLab, header("X-Gitlab-Token")), push, gitlab, body, Addresses("project", "web_url", "git_http_url", "git_ssh_url"));
        }

        if (header("X-Event-Key") is { } bitbucket)
        {
            return header("X-Hook-UUID") is { } uuid
                ? Answer("Bitbucket", Same(secrets.Bitbucket, uuid) || Signed(secrets.Bitbucket, Prefixed(header("X-Hub-Signature")), body), bitbucket is "repo:push", bitbucket, body, BitbucketAddresses)
                : Answer("Bitbucket Data Center", Signed(secrets.BitbucketServer, Prefixed(header("X-Hub-Signature")), body), bitbucket is "repo:refs_changed", bitbucket, body, BitbucketServerAddresses);
        }

        return new WebhookEvent(WebhookVerdict.Malformed, "not an event of GitHub, GitLab, Gitea, Gogs or Bitbucket: none of their headers is there", []);
    }

    private static WebhookEvent Answer(string sender, bool genuine, bool push, string name, ReadOnlySpan<byte> body, Func<Node, IEnumerable<string?>> addresses)
    {
        if (!genuine)
        {
            return new WebhookEvent(WebhookVerdict.Refused, $"the signature or token is not that of the secret for {sender}, or none is configured", []);
        }

        if (!push)
        {
            return new WebhookEvent(WebhookVerdict.Ignored, $"{sender} event {new string([.. name.Take(40).Where(letter => !char.IsControl(letter))])}: nothing to do", []);
        }

        try
        {
            string[] found = [.. addresses(JsonReader.Read(body, MaxDepth)).OfType<string>().Where(address => address.Length is > 0 and < 2048).Distinct()];
            return found.Length > 0
                ? new WebhookEvent(WebhookVerdict.Push, string.Empty, found)
                : new WebhookEvent(WebhookVerdict.Malformed, $"{sender} push event without a repository's address", []);
        }
        catch (JsonException)
        {
            return new WebhookEvent(WebhookVerdict.Malformed, $"{sender} push event that is not JSON; set the content type to application/json", []);
        }
    }

    private static Func<Node, IEnumerable<string?>> Addresses(string member, params string[] keys) => body => keys.Select(key => body.At(member, key)?.AsString());

    private static IEnumerable<string?> BitbucketAddresses(Node body)
    {
        yield return body.At("repository", "links", "html", "href")?.AsString();
        if (body.At("repository", "full_name")?.AsString() is { Length: > 0 } name)
        {
            yield return $"https://bitbucket.org/{name}";
        }
    }

    private static IEnumerable<string?> BitbucketServerAddresses(Node body) =>
        body.At("repository", "links", "clone") is ListNode list ? list.Select(link => link["href"]?.AsString()) : [];

    private static string? Prefixed(string? signature) => signature?.StartsWith("sha256=", StringComparison.Ordinal) == true ? signature["sha256=".Length..] : null;

    private static bool Signed(string secret, string? signature, ReadOnlySpan<byte> body)
    {
        if (secret.Length == 0 || signature is not { Length: 64 } || !signature.All(char.IsAsciiHexDigit))
        {
            return false;
        }

        return CryptographicOperations.FixedTimeEquals(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), body), Convert.FromHexString(signature));
    }

    /// <summary>In time that says nothing of where they differ.</summary>
    private static bool Same(string secret, string? given) => secret.Length > 0 && given is not null
        && CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(secret)), SHA256.HashData(Encoding.UTF8.GetBytes(given)));
}
