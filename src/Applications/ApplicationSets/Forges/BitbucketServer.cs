using System.Runtime.CompilerServices;
using Bowline.Resources.Model;

namespace Bowline.Applications.ApplicationSets.Forges;

/// <summary>Bitbucket Server and Data Center (https://developer.atlassian.com/server/bitbucket/rest).</summary>
internal sealed class BitbucketServer(ForgeClient client, string project, string repository) : IForge
{
    public static string ApiOf(string api) => (api.TrimEnd('/').EndsWith("/rest", StringComparison.Ordinal) ? api.TrimEnd('/') : api.TrimEnd('/') + "/rest") + "/api/1.0/";

    public async IAsyncEnumerable<ForgeRepository> RepositoriesAsync(bool ssh, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (Node item in PagesAsync($"projects/{project.Escaped()}/repos", cancellationToken).ConfigureAwait(false))
        {
            yield return new ForgeRepository(item.Text("project", "key"), item.Text("slug"), item.Text("id"), ForgeNodes.CloneUrl(item, ssh), string.Empty, string.Empty, []);
        }
    }

    public async IAsyncEnumerable<ForgeRepository> BranchesAsync(ForgeRepository repository, bool all, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string branches = $"{PathOf(repository.Organization, repository.Name)}/branches";
        if (all)
        {
            await foreach (Node item in PagesAsync(branches, cancellationToken).ConfigureAwait(false))
            {
                yield return repository with { Branch = item.Text("displayId"), Sha = item.Text("latestCommit") };
            }
        }
        else if (await client.FindAsync($"{branches}/default", cancellationToken).ConfigureAwait(false) is { } one)
        {
            yield return repository with { Branch = one.Text("displayId"), Sha = one.Text("latestCommit") };
        }
    }

    public async Task<bool> HasPathAsync(ForgeRepository repository, string path, CancellationToken cancellationToken) =>
        await client.FindAsync($"{PathOf(repository.Organization, repository.Name)}/browse/{path.EscapedPath()}?at={repository.Branch.Escaped()}&type=true", cancellationToken).ConfigureAwait(false) is not null;

    public async IAsyncEnumerable<PullRequest> PullRequestsAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (Node item in PagesAsync($"{PathOf(project, repository)}/pull-requests?state=OPEN", cancellationToken).ConfigureAwait(false))
        {
            yield return new PullRequest(item.Text("id"), item.Text("title"), item.Text("fromRef", "displayId"), item.Text("toRef", "displayId"), item.Text("fromRef", "latestCommit"), item.Text("author", "user", "name"), []);
        }
    }

    private IAsyncEnumerable<Node> PagesAsync(string path, CancellationToken cancellationToken)
    {
        string query = $"{path}{(path.Contains('?', StringComparison.Ordinal) ? '&' : '?')}limit=100";
        string root = client.PathOf(query);
        return client.PagedAsync(query, "values", page => page["isLastPage"]?.AsBool() == false && page["nextPageStart"]?.AsInteger() is { } start ? $"{root}&start={start}" : null, cancellationToken);
    }

    private static string PathOf(string project, string repository) => $"projects/{project.Escaped()}/repos/{repository.Escaped()}";
}
