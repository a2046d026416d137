using System.Runtime.CompilerServices;
using Bowline.Resources.Model;

namespace Bowline.Applications.ApplicationSets.Forges;

/// <summary>Gitea and Forgejo (https://docs.gitea.com/api).</summary>
internal sealed class Gitea(ForgeClient client, string owner, string repository, bool excludesArchived) : IForge
{
    public static string ApiOf(string api) => api.TrimEnd('/') + "/api/v1/";

    public async IAsyncEnumerable<ForgeRepository> RepositoriesAsync(bool ssh, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (Node item in client.LinkedAsync($"orgs/{owner.Escaped()}/repos?limit=50", cancellationToken).ConfigureAwait(false))
        {
            if (excludesArchived && item["archived"]?.AsBool() == true)
            {
                continue;
            }

            Node? topics = await client.FindAsync($"repos/{owner.Escaped()}/{item.Text("name").Escaped()}/topics", cancellationToken).ConfigureAwait(false);
            yield return new ForgeRepository(item.Text("owner", "login"), item.Text("name"), item.Text("id"), item.Text(ssh ? "ssh_url" : "clone_url"), item.Text("default_branch"), string.Empty, topics.Texts("topics"));
        }
    }

    public async IAsyncEnumerable<ForgeRepository> BranchesAsync(ForgeRepository repository, bool all, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string branches = $"repos/{repository.Organization.Escaped()}/{repository.Name.Escaped()}/branches";
        if (all)
        {
            await foreach (Node item in client.LinkedAsync($"{branches}?limit=50", cancellationToken).ConfigureAwait(false))
            {
                yield return repository with { Branch = item.Text("name"), Sha = item.Text("commit", "id") };
            }
        }
        else if (await client.FindAsync($"{branches}/{repository.Branch.EscapedPath()}", cancellationToken).ConfigureAwait(false) is { } one)
        {
            yield return repository with { Sha = one.Text("commit", "id") };
        }
    }

    public async Task<bool> HasPathAsync(ForgeRepository repository, string path, CancellationToken cancellationToken) =>
        await client.FindAsync($"repos/{repository.Organization.Escaped()}/{repository.Name.Escaped()}/contents/{path.EscapedPath()}?ref={repository.Branch.Escaped()}", cancellationToken).ConfigureAwait(false) is not null;

    public async IAsyncEnumerable<PullRequest> PullRequestsAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (Node item in client.LinkedAsync($"repos/{owner.Escaped()}/{repository.Escaped()}/pulls?state=open&limit=50", cancellationToken).ConfigureAwait(false))
        {
            yield return new PullRequest(item.Text("number"), item.Text("title"), item.Text("head", "ref"), item.Text("base", "ref"), item.Text("head", "sha"), item.Text("user", "login"), item.Texts("labels", "name"));
        }
    }
}
