using System.Runtime.CompilerServices;
using Bowline.Resources.Model;

namespace Bowline.Applications.ApplicationSets.Forges;

/// <summary>GitLab (https://docs.gitlab.com/api).</summary>
/// <param name="name">A group, or for merge requests a project; with its whole path, or its id.</param>
/// <param name="options">What the generator says beside: subgroups, shared projects, a topic; labels and a state for merge requests.</param>
internal sealed class GitLab(ForgeClient client, string name, Node options) : IForge
{
    public static string ApiOf(string api) => (api.Length == 0 ? "https://gitlab.com" : api.TrimEnd('/')) + "/api/v4/";

    public async IAsyncEnumerable<ForgeRepository> RepositoriesAsync(bool ssh, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string query = $"per_page=100&include_subgroups={Flag("includeSubgroups", absent: false)}&with_shared={Flag("includeSharedProjects", absent: true)}";
        string archived = options["includeArchivedRepos"]?.AsBool() == true ? string.Empty : "&archived=false";
        string topic = options.Text("topic") is { Length: > 0 } named ? $"&topic={named.Escaped()}" : string.Empty;
        await foreach (Node item in client.LinkedAsync($"groups/{name.Escaped()}/projects?{query}{archived}{topic}", cancellationToken).ConfigureAwait(false))
        {
            IReadOnlyList<string> topics = item["topics"] is ListNode { Count: > 0 } ? item.Texts("topics") : item.Texts("tag_list");
            yield return new ForgeRepository(item.Text("namespace", "full_path"), item.Text("path"), item.Text("id"), item.Text(ssh ? "ssh_url_to_repo" : "http_url_to_repo"), item.Text("default_branch"), string.Empty, topics);
        }
    }

    public async IAsyncEnumerable<ForgeRepository> BranchesAsync(ForgeRepository repository, bool all, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string branches = $"projects/{repository.Id.Escaped()}/repository/branches";
        if (all)
        {
            await foreach (Node item in client.LinkedAsync($"{branches}?per_page=100", cancellationToken).ConfigureAwait(false))
            {
                yield return repository with { Branch = item.Text("name"), Sha = item.Text("commit", "id") };
            }
        }
        else if (repository.Branch.Length > 0 && await client.FindAsync($"{branches}/{repository.Branch.Escaped()}", cancellationToken).ConfigureAwait(false) is { } one)
        {
            yield return repository with { Sha = one.Text("commit", "id") };
        }
    }

    /// <summary>Looks into the folder that the path would lie in: a file's own answer would be the whole file.</summary>
    public async Task<bool> HasPathAsync(ForgeRepository repository, string path, CancellationToken cancellationToken)
    {
        int slash = path.LastIndexOf('/');
        string folder = slash < 0 ? string.Empty : $"&path={path[..slash].Escaped()}";
        try
        {
            await foreach (Node item in client.LinkedAsync($"projects/{repository.Id.Escaped()}/repository/tree?per_page=100&ref={repository.Branch.Escaped()}{folder}", cancellationToken).ConfigureAwait(false))
            {
                if (item.Text("name") == path[(slash + 1)..])
                {
                    return true;
                }
            }
        }
        catch (GeneratorException none) when (none.IsNotFound)
        {
            // There is no such folder either.
        }

        return false;
    }

    public async IAsyncEnumerable<PullRequest> PullRequestsAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string labels = options.Texts("labels") is { Count: > 0 } wanted ? $"&labels={string.Join(',', wanted).Escaped()}" : string.Empty;
        string state = options.Text("pullRequestState") is { Length: > 0 } named ? $"&state={named.Escaped()}" : string.Empty;
        await foreach (Node item in client.LinkedAsync($"projects/{name.Escaped()}/merge_requests?per_page=100{labels}{state}", cancellationToken).ConfigureAwait(false))
        {
            yield return new PullRequest(item.Text("iid"), item.Text("title"), item.Text("source_branch"), item.Text("target_branch"), item.Text("sha"), item.Text("author", "username"), item.Texts("labels"));
        }
    }

    private string Flag(string member, bool absent) => (options[member]?.AsBool() ?? absent) ? "true" : "false";
}
