using Bowline.Applications.Model;
using Bowline.Resources.Model;
using Bowline.Sources.Downloads;
using Bowline.Sources.Files;
using Bowline.Sources.Git;
using ApplicationException = Bowline.Applications.Model.ApplicationException;

namespace Bowline.Applications.ArgoCd;

/// <summary>
/// Which secret opens which repository, by Argo CD's <c>repository</c> and <c>repo-creds</c> Secrets, <c>argocd-ssh-known-hosts-cm</c> and
/// <c>argocd-tls-certs-cm</c>. A Secret of a project opens repositories for applications of that project only.
/// </summary>
/// <remarks>
/// Narrower than Argo CD where that could send a secret to somebody else: the URL of a <c>repo-creds</c> Secret matches whole path
/// segments (<c>https://github.com</c> is not the beginning of <c>https://github.com.example/</c>), and a secret for https is not sent over http.
/// </remarks>
public sealed class RepositorySecrets
{
    public static readonly RepositorySecrets Empty = new([]);

    /// <summary>The label by which Argo CD knows its Secrets: <c>repository</c>, <c>repo-creds</c>, <c>cluster</c> and others.</summary>
    public const string TypeLabel = "argocd.argoproj.io/secret-type";

    private readonly List<RepositorySecret> repositories = [];
    private readonly List<RepositorySecret> templates = [];
    private readonly Dictionary<string, string> authorities = new(StringComparer.OrdinalIgnoreCase);
    private readonly string knownHosts = string.Empty;

    private RepositorySecrets(IEnumerable<MapNode> objects)
    {
        foreach (MapNode item in objects)
        {
            string kind = item["kind"]?.AsString() ?? string.Empty;
            string name = item.At("metadata", "name")?.AsString() ?? string.Empty;
            switch (kind, item.At("metadata", "labels", TypeLabel)?.AsString())
            {
                case ("Secret", "repository"):
                    repositories.Add(RepositorySecret.Read(item));
                    break;
                case ("Secret", "repo-creds"):
                    templates.Add(RepositorySecret.Read(item));
                    break;
                case ("ConfigMap", _) when name == "argocd-ssh-known-hosts-cm":
                    knownHosts = item.At("data", "ssh_known_hosts")?.AsString() ?? knownHosts;
                    break;
                case ("ConfigMap", _) when name == "argocd-tls-certs-cm":
                    ReadAuthorities(item["data"] as MapNode);
                    break;
            }
        }
    }

    /// <param name="objects">Secrets and ConfigMaps in any order, others are passed over; of two for the same repository the first counts.</param>
    public static RepositorySecrets Read(IEnumerable<MapNode> objects) => new(objects);

    /// <summary>The way into a repository of Git, charts or an OCI registry for applications of a project; null where nothing is known of it.</summary>
    /// <exception cref="ApplicationException">The Secret asks for a login that Bowline does not have.</exception>
    public RepositoryAccess? For(string url, string project)
    {
        RepositorySecret? own = repositories
            .Where(secret => secret.Project.Length == 0 || secret.Project == project)
            .Where(secret => RepositoryUrl.Same(secret.Url, url) && Transport(secret.Url) == Transport(url))
            .MaxBy(secret => secret.Project.Length > 0);
        RepositorySecret? chosen = own is { HasLogin: true } ? own : Template(url, project);
        if (chosen?.Unsupported is { } method)
        {
            throw new ApplicationException($"Secret {chosen.Name}: logs in by {method}, which Bowline does not have; use a token, an ssh key or a GitHub App");
        }

        RepositoryAccess access = (chosen ?? own)?.Access ?? new RepositoryAccess();
        if (own is not null)
        {
            access = access with { SkipVerification = own.Access.SkipVerification, Proxy = own.Access.Proxy.Length > 0 ? own.Access.Proxy : access.Proxy };
        }

        access = Transport(url) == "ssh"
            ? access with { KnownHosts = knownHosts }
            : access with { CertificateAuthority = authorities.GetValueOrDefault(HostOf(url)) ?? string.Empty };
        return own is null && chosen is null && access.CertificateAuthority.Length + access.KnownHosts.Length == 0 ? null : access;
    }

    /// <summary>Whether a project has logins for charts and registries that other projects must not use.</summary>
    public bool HasChartLoginsOf(string project) => project.Length > 0 && repositories.Concat(templates).Any(secret => secret.Project == project && secret.Access.Password.Length > 0);

    /// <summary>User and password for a registry's host or a repository of charts, for applications of a project; its own Secrets go before those of all.</summary>
    public HostCredentials? LoginFor(Uri address, string project)
    {
        RepositorySecret? secret = repositories.Concat(templates)
            .Where(candidate => (candidate.Project.Length == 0 || candidate.Project == project) && candidate.Access.Password.Length > 0)
            .Where(candidate => Transport(candidate.Url) is "oci"
                ? address.Scheme == "https" && RepositoryUrl.Normalise(Schemed(candidate.Url)).Split('/')[0] == RepositoryUrl.Normalise(address.ToString()).Split('/')[0]
                : Transport(candidate.Url) == address.Scheme && IsBelow(RepositoryUrl.Normalise(candidate.Url), RepositoryUrl.Normalise(address.ToString())))
            .MaxBy(candidate => (candidate.Project.Length > 0, candidate.Url.Length));
        return secret is null ? null : new HostCredentials(secret.Access.Username, secret.Access.Password);
    }

    /// <summary>Repositories of charts by the names that applications of a project may use for them.</summary>
    public IReadOnlyList<(string Name, string Address)> NamedCharts(string project) =>
        [.. repositories.Where(secret => secret.Alias.Length > 0 && (secret.Project.Length == 0 || secret.Project == project)).Select(secret => (secret.Alias, secret.Url))];

    private RepositorySecret? Template(string url, string project) => templates
        .Where(secret => secret.Project.Length == 0 || secret.Project == project)
        .Where(secret => Transport(secret.Url) == Transport(url) && IsBelow(RepositoryUrl.Normalise(secret.Url), RepositoryUrl.Normalise(url)))
        .MaxBy(secret => RepositoryUrl.Normalise(secret.Url).Length);

    private static bool IsBelow(string prefix, string url) =>
        url.StartsWith(prefix, StringComparison.Ordinal) && (url.Length == prefix.Length || prefix.EndsWith('/') || url[prefix.Length] == '/');

    private static string Transport(string url)
    {
        int scheme = url.IndexOf("://", StringComparison.Ordinal);
        return scheme < 0 ? url.Contains('@', StringComparison.Ordinal) ? "ssh" : "oci" : url[..scheme].ToLowerInvariant();
    }

    private static string Schemed(string url) => url.Contains("://", StringComparison.Ordinal) ? url : $"oci://{url}";

    private static string HostOf(string url) => RepositoryUrl.Normalise(url).Split('/')[0].Split(':')[0];

    private void ReadAuthorities(MapNode? data)
    {
        foreach ((string host, Node pem) in data ?? [])
        {
            authorities[host] = pem.AsString() ?? string.Empty;
        }
    }
}
