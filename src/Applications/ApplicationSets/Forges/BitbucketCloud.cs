using System.Runtime.CompilerServices;
using Bowline.Resources.Model;

namespace Bowline.Applications.ApplicationSets.Forges;

/// <summary>Bitbucket Cloud (https://developer.atlassian.com/cloud/bitbucket/rest).</summary>
internal sealed class BitbucketCloud(ForgeClient client, string owner, string repository) : IForge
{
    public static string ApiOf(string api) => api.Length == 0 ? "https://api.bitbucket.org/2.0/" : api;

    public async IAsyncEnumerable<ForgeRepository> RepositoriesAsync(bool ssh, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (Node item in PagesAsync($"repositories/{owner.Escaped()}?pagelen=100", cancellationToken).ConfigureAwait(false))
        {
            yield return new ForgeRepository(owner, item.Text("slug"), item.Text("uuid"), ForgeNodes.CloneUrl(item, ssh), item.Text("mainbranch", "name"), string.Empty, []);
        }
    }

    public async IAsyncEnumerable<ForgeRepository> BranchesAsync(ForgeRepository repository, bool all, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string branches = $"{PathOf(repository.Name)}/refs/branches";
        if (all)
        {
            await foreach (Node item in PagesAsync($"{branches}?pagelen=100", cancellationToken).ConfigureAwait(false))
            {
                yield return repository with { Branch = item.Text("name"), Sha = item.Text("target", "hash") };
            }
        }
        else if (repository.Branch.Length > 0 && await client.FindAsync($"{branches}/{repository.Branch.EscapedPath()}", cancellationToken).ConfigureAwait(false) is { } one)
        {
            yield return repository with { Sha = one.Text("target", "hash") };
        }
    }

    public async Task<bool> HasPathAsync(ForgeRepository repository, string path, CancellationToken cancellationToken) =>
        await client.FindAsync($"{PathOf(repository.Name)}/src/{repository.Sha.Escaped()}/{path.EscapedPath()}?format=meta", cancellationToken).ConfigureAwait(false) is not null;

    public async IAsyncEnumerable<PullRequest> PullRequestsAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (Node item in PagesAsync($"{PathOf(repository)}/pullrequests?state=OPEN&pagelen=50", cancellationToken).ConfigureAwait(false))
        {
            yield return new PullRequest(item.Text("id"), item.Text("title"), item.Text("source", "branch", "name"), item.Text("destination", "branch", "name"), item.Text("source", "commit", "hash"), item.Text("author", "nickname"), []);
        }
    }

    private IAsyncEnumerable<Node> PagesAsync(string path, CancellationToken cancellationToken) =>
        client.PagedAsync(path, "values", page => page.Text("next") is { Length: > 0 } next ? next : null, cancellationToken);

    private string PathOf(string repository) => $"repositories/{owner.Escaped()}/{repository.Escaped()}";
}
