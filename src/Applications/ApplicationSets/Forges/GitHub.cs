using System.Runtime.CompilerServices;
using Bowline.Resources.Model;

namespace Bowline.Applications.ApplicationSets.Forges;

/// <summary>GitHub and GitHub Enterprise (https://docs.github.com/rest).</summary>
internal sealed class GitHub(ForgeClient client, string owner, string repository, bool excludesArchived) : IForge
{
    public const string PublicApi = "https://api.github.com/";

    /// <summary>The root of an Enterprise server's API, which manifests may name with or without <c>/api/v3</c>.</summary>
    public static string ApiOf(string api) => api.Length == 0 ? PublicApi
        : api.TrimEnd('/').EndsWith("/api/v3", StringComparison.Ordinal) || !Uri.TryCreate(api, UriKind.Absolute, out Uri? address) || address.Host.StartsWith("api.", StringComparison.Ordinal) || address.Host.Contains(".api.", StringComparison.Ordinal)
            ? api : api.TrimEnd('/') + "/api/v3/";

    public async IAsyncEnumerable<ForgeRepository> RepositoriesAsync(bool ssh, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (Node item in client.LinkedAsync($"orgs/{owner.Escaped()}/repos?per_page=100", cancellationToken).ConfigureAwait(false))
        {
            if (!excludesArchived || item["archived"]?.AsBool() != true)
            {
                yield return new ForgeRepository(item.Text("owner", "login"), item.Text("name"), item.Text("id"), item.Text(ssh ? "ssh_url" : "clone_url"), item.Text("default_branch"), string.Empty, item.Texts("topics"));
            }
        }
    }

    public async IAsyncEnumerable<ForgeRepository> BranchesAsync(ForgeRepository repository, bool all, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string branches = $"repos/{repository.Organization.Escaped()}/{repository.Name.Escaped()}/branches";
        if (all)
        {
            await foreach (Node item in client.LinkedAsync($"{branches}?per_page=100", cancellationToken).ConfigureAwait(false))
            {
                yield return repository with { Branch = item.Text("name"), Sha = item.Text("commit", "sha") };
            }
        }
        else if (await client.FindAsync($"{branches}/{repository.Branch.Escaped()}", cancellationToken).ConfigureAwait(false) is { } one)
        {
            yield return repository with { Sha = one.Text("commit", "sha") };
        }
    }

    public async Task<bool> HasPathAsync(ForgeRepository repository, string path, CancellationToken cancellationToken) =>
        await client.FindAsync($"repos/{repository.Organization.Escaped()}/{repository.Name.Escaped()}/contents/{path.EscapedPath()}?ref={repository.Branch.Escaped()}", cancellationToken).ConfigureAwait(false) is not null;

    public async IAsyncEnumerable<PullRequest> PullRequestsAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (Node item in client.LinkedAsync($"repos/{owner.Escaped()}/{repository.Escaped()}/pulls?per_page=100", cancellationToken).ConfigureAwait(false))
        {
            yield return new PullRequest(item.Text("number"), item.Text("title"), item.Text("head", "ref"), item.Text("base", "ref"), item.Text("head", "sha"), item.Text("user", "login"), item.Texts("labels", "name"));
        }
    }
}
