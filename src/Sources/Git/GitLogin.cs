using System.Text;
using Bowline.Sources.Files;

namespace Bowline.Sources.Git;

/// <summary>
/// Makes one way into a repository known to Git for as long as a command runs: settings in its environment, keys and certificates
/// as files that only this user can read, in memory where the machine has such a place, and gone again afterwards.
/// </summary>
internal sealed class GitLogin : IDisposable
{
    private readonly List<(string Key, string Value)> settings = [];
    private readonly Dictionary<string, string> environment = new(StringComparer.Ordinal);
    private KeyFolder? folder;

    private GitLogin()
    {
    }

    public IReadOnlyList<(string Key, string Value)> Settings => settings;

    public IReadOnlyDictionary<string, string> Environment => environment;

    /// <param name="url">Without user and password.</param>
    /// <exception cref="SourceException">A proxy that Git cannot be led through, or a GitHub App whose token is refused.</exception>
    public static async Task<GitLogin> PrepareAsync(string url, RepositoryAccess? access, GitHubTokens tokens, CancellationToken cancellationToken)
    {
        GitLogin login = new();
        if (access is null)
        {
            return login;
        }

        try
        {
            if (Uri.TryCreate(url, UriKind.Absolute, out Uri? uri) && uri.Scheme is "http" or "https")
            {
                string? authorization = access.GitHubApp is { } app
                    ? Basic("x-access-token", await tokens.GetAsync(app, cancellationToken).ConfigureAwait(false))
                    : access.BearerToken.Length > 0 ? $"Bearer {access.BearerToken}"
                    : access.Username.Length + access.Password.Length > 0 ? Basic(access.Username, access.Password)
                    : null;
                login.PrepareHttp(uri!, access, authorization);
            }
            else
            {
                login.PrepareSsh(access);
            }

            return login;
        }
        catch
        {
            login.Dispose();
            throw;
        }
    }

    public void Dispose() => folder?.Dispose();

    private static string Basic(string user, string password) => $"Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes($"{(user.Length > 0 ? user : "git")}:{password}"))}";

    private void PrepareHttp(Uri uri, RepositoryAccess access, string? authorization)
    {
        // For this origin only: Git sends the header to no other, and follows no redirect that could ask for it.
        string origin = $"http.{uri.GetLeftPart(UriPartial.Authority)}/";
        if (authorization is not null)
        {
            settings.Add(($"{origin}.extraHeader", $"Authorization: {authorization}"));
            settings.Add(("http.followRedirects", "false"));
        }

        if (access.CertificateAuthority.Length > 0)
        {
            settings.Add(($"{origin}.sslCAInfo", Write("ca.pem", access.CertificateAuthority)));
        }

        if (access.ClientCertificate.Length > 0)
        {
            settings.Add(($"{origin}.sslCert", Write("client.pem", access.ClientCertificate)));
            settings.Add(($"{origin}.sslKey", Write("client.key", access.ClientKey)));
        }

        if (access.SkipVerification)
        {
            settings.Add(($"{origin}.sslVerify", "false"));
        }

        if (access.Proxy.Length > 0)
        {
            settings.Add(($"{origin}.proxy", access.Proxy));
        }
    }

    private void PrepareSsh(RepositoryAccess access)
    {
        if (access.Proxy.Length > 0)
        {
            throw new SourceException("a proxy is set for an ssh repository, which is only supported for https; use ssh's own configuration");
        }

        StringBuilder command = new("ssh -o BatchMode=yes");
        if (access.SshPrivateKey.Length > 0)
        {
            // ssh refuses a key without a final line break, which pasting into a Secret tends to lose.
            command.Append($" -i {Write("key", access.SshPrivateKey.Trim().ReplaceLineEndings("\n") + "\n")} -o IdentitiesOnly=yes -o IdentityAgent=none");
        }

        if (access.SkipVerification)
        {
            command.Append(" -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null");
        }
        else if (access.KnownHosts.Length > 0)
        {
            command.Append($" -o StrictHostKeyChecking=yes -o GlobalKnownHostsFile=/dev/null -o UserKnownHostsFile={Write("known_hosts", access.KnownHosts.Trim() + "\n")}");
        }

        environment["GIT_SSH_COMMAND"] = command.ToString();
    }

    private string Write(string name, string content) => (folder ??= KeyFolder.Make()).Write(name, content);
}
