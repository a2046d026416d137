namespace Bowline.Server.Webhooks;

/// <summary>What a sender must know to be believed, one for each kind of Git server; empty where events of that kind are refused.</summary>
public sealed record WebhookSecrets
{
    public string GitHub { get; init; } = string.Empty;

    public string GitLab { get; init; } = string.Empty;

    /// <summary>Of Gitea, Forgejo and Gogs.</summary>
    public string Gitea { get; init; } = string.Empty;

    /// <summary>The webhook's UUID, which Bitbucket Cloud sends along, or the secret that it signs with.</summary>
    public string Bitbucket { get; init; } = string.Empty;

    /// <summary>Of Bitbucket Data Center.</summary>
    public string BitbucketServer { get; init; } = string.Empty;

    public bool IsEmpty => GitHub.Length + GitLab.Length + Gitea.Length + Bitbucket.Length + BitbucketServer.Length == 0;

    /// <summary><c>BOWLINE_WEBHOOK_GITHUB_SECRET</c> and its like, and where that says nothing the keys of Argo CD's <c>argocd-secret</c>.</summary>
    public static WebhookSecrets Read(Func<string, string?> environment, Func<string, string> argoSecret)
    {
        string Value(string name, string key) => environment($"BOWLINE_WEBHOOK_{name}_SECRET") is { Length: > 0 } set ? set : argoSecret($"webhook.{key}");
        return new WebhookSecrets
        {
            GitHub = Value("GITHUB", "github.secret"),
            GitLab = Value("GITLAB", "gitlab.secret"),
            Gitea = Value("GITEA", "gogs.secret"),
            Bitbucket = Value("BITBUCKET", "bitbucket.uuid"),
            BitbucketServer = Value("BITBUCKETSERVER", "bitbucketserver.secret"),
        };
    }

    public override string ToString() => "***";
}
