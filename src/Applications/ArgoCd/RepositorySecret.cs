using System.Text;
using Bowline.Resources.Model;
using Bowline.Sources.Files;

namespace Bowline.Applications.ArgoCd;

/// <summary>One of Argo CD's repository Secrets (https://argo-cd.readthedocs.io/en/stable/operator-manual/argocd-repositories-yaml/).</summary>
internal sealed record RepositorySecret(string Name, string Url, string Project, RepositoryAccess Access)
{
    /// <summary>A way of logging in that Bowline lacks, in words; null when there is none.</summary>
    public string? Unsupported { get; init; }

    /// <summary>The name by which a chart's dependencies may refer to a repository of charts (<c>@name</c>); empty when it has none.</summary>
    public string Alias { get; init; } = string.Empty;

    /// <summary>Whether it says how to log in at all, or only that the repository exists.</summary>
    public bool HasLogin => Unsupported is not null || Access.GitHubApp is not null
        || Access.Username.Length + Access.Password.Length + Access.BearerToken.Length + Access.SshPrivateKey.Length + Access.ClientCertificate.Length > 0;

    public static RepositorySecret Read(MapNode secret)
    {
        string Field(string key) => Value(secret, key);
        bool Flag(string key) => Field(key) == "true";
        return new RepositorySecret(secret.At("metadata", "name")?.AsString() ?? string.Empty, Field("url").Trim(), Field("project"), new RepositoryAccess
        {
            Username = Field("username"),
            Password = Field("password"),
            BearerToken = Field("bearerToken"),
            SshPrivateKey = Field("sshPrivateKey"),
            ClientCertificate = Field("tlsClientCertData"),
            ClientKey = Field("tlsClientCertKey"),
            SkipVerification = Flag("insecure") || Flag("insecureIgnoreHostKey"),
            Proxy = Field("proxy"),
            GitHubApp = Field("githubAppPrivateKey") is { Length: > 0 } key
                ? new GitHubApp(Field("githubAppID"), Field("githubAppInstallationID"), key, Field("githubAppEnterpriseBaseUrl"))
                : null,
        })
        {
            Alias = Field("type") == "helm" ? Field("name") : string.Empty,
            Unsupported = Field("gcpServiceAccountKey").Length > 0 ? "a Google service account" : Flag("useAzureWorkloadIdentity") ? "Azure workload identity" : null,
        };
    }

    public override string ToString() => $"Secret {Name}";

    /// <summary>What a Secret holds under a key, as text; empty when it holds nothing there.</summary>
    internal static string Value(MapNode secret, string key)
    {
        if (secret.At("stringData", key) is { } text)
        {
            return text.ToString() ?? string.Empty;
        }

        try
        {
            return Encoding.UTF8.GetString(Convert.FromBase64String(secret.At("data", key)?.AsString() ?? string.Empty));
        }
        catch (FormatException)
        {
            // The API server takes no such Secret; in a repository it is somebody's mistake, and opens nothing.
            return string.Empty;
        }
    }
}
