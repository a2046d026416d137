namespace Bowline.Sources.Files;

/// <summary>
/// What is needed to read one repository that is not open to everybody. The fields are those of Argo CD's repository Secrets;
/// whatever is empty is left to the user's own Git configuration (credential helpers, keys, agents). Prints nothing of it.
/// </summary>
public sealed record RepositoryAccess
{
    public string Username { get; init; } = string.Empty;

    /// <summary>A password or a personal access token.</summary>
    public string Password { get; init; } = string.Empty;

    /// <summary>Sent as <c>Authorization: Bearer</c> (Bitbucket Data Center); wins over user and password.</summary>
    public string BearerToken { get; init; } = string.Empty;

    /// <summary>An OpenSSH or PEM private key without passphrase.</summary>
    public string SshPrivateKey { get; init; } = string.Empty;

    /// <summary>Lines of an ssh_known_hosts file; empty for the user's own.</summary>
    public string KnownHosts { get; init; } = string.Empty;

    /// <summary>PEM of the authorities to trust for https; empty for the machine's.</summary>
    public string CertificateAuthority { get; init; } = string.Empty;

    /// <summary>PEM of a client certificate for https, with <see cref="ClientKey"/>.</summary>
    public string ClientCertificate { get; init; } = string.Empty;

    public string ClientKey { get; init; } = string.Empty;

    /// <summary>Neither TLS certificates nor ssh host keys are checked (Argo CD's <c>insecure</c>).</summary>
    public bool SkipVerification { get; init; }

    /// <summary>http, https or socks5 address of a proxy for https; empty for the environment's.</summary>
    public string Proxy { get; init; } = string.Empty;

    public GitHubApp? GitHubApp { get; init; }

    /// <summary>Whether two who name this may share what was fetched: the same way in, whatever the secret is this week.</summary>
    internal string Identity => $"{Username}|{(SshPrivateKey.Length > 0 ? "ssh" : BearerToken.Length > 0 ? "bearer" : string.Empty)}|{GitHubApp?.InstallationId}";

    public override string ToString() => "***";
}

/// <summary>A GitHub App, which exchanges its key for a token that lives an hour.</summary>
/// <param name="ApiAddress">Of GitHub Enterprise, such as <c>https://ghe.example.com/api/v3</c>; empty for api.github.com.</param>
public sealed record GitHubApp(string AppId, string InstallationId, string PrivateKey, string ApiAddress)
{
    public override string ToString() => $"GitHub App {AppId}";
}
