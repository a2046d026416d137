using System.Runtime.CompilerServices;
using Bowline.Resources.Model;

namespace Bowline.Applications.ApplicationSets.Forges;

/// <summary>Azure DevOps (https://learn.microsoft.com/rest/api/azure/devops/git).</summary>
internal sealed class AzureDevOps(ForgeClient client, string organization, string project, string repository) : IForge
{
    private const string Version = "api-version=7.0";
    private const int Page = 100;

    public static string ApiOf(string api) => api.Length == 0 ? "https://dev.azure.com/" : api;

    public async IAsyncEnumerable<ForgeRepository> RepositoriesAsync(bool ssh, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (Node item in client.PagedAsync($"{Root}?{Version}", "value", static _ => null, cancellationToken).ConfigureAwait(false))
        {
            // One that nobody has pushed to has no default branch.
            if (item["isDisabled"]?.AsBool() != true && item.Text("defaultBranch").Length > 0)
            {
                yield return new ForgeRepository(organization, item.Text("name"), item.Text("id"), item.Text(ssh ? "sshUrl" : "remoteUrl"), BranchOf(item.Text("defaultBranch")), string.Empty, []);
            }
        }
    }

    public async IAsyncEnumerable<ForgeRepository> BranchesAsync(ForgeRepository repository, bool all, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string branches = $"{Root}/{repository.Name.Escaped()}/stats/branches?{Version}";
        if (all)
        {
            await foreach (Node item in client.PagedAsync(branches, "value", static _ => null, cancellationToken).ConfigureAwait(false))
            {
                yield return repository with { Branch = item.Text("name"), Sha = item.Text("commit", "commitId") };
            }
        }
        else if (await client.FindAsync($"{branches}&name={repository.Branch.Escaped()}", cancellationToken).ConfigureAwait(false) is { } one)
        {
            yield return repository with { Sha = one.Text("commit", "commitId") };
        }
    }

    public async Task<bool> HasPathAsync(ForgeRepository repository, string path, CancellationToken cancellationToken) =>
        await client.FindAsync($"{Root}/{repository.Name.Escaped()}/items?path={("/" + path).Escaped()}&versionDescriptor.version={repository.Branch.Escaped()}&versionDescriptor.versionType=branch&%24format=json&{Version}", cancellationToken).ConfigureAwait(false) is not null;

    public async IAsyncEnumerable<PullRequest> PullRequestsAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string requests = $"{Root}/{repository.Escaped()}/pullrequests?searchCriteria.status=active&%24top={Page}&{Version}";
        string root = client.PathOf(requests);
        int seen = 0;
        string? Next(Node page) => page["value"] is ListNode { Count: Page } ? $"{root}&%24skip={seen += Page}" : null;
        await foreach (Node item in client.PagedAsync(requests, "value", Next, cancellationToken).ConfigureAwait(false))
        {
            yield return new PullRequest(item.Text("pullRequestId"), item.Text("title"), BranchOf(item.Text("sourceRefName")), BranchOf(item.Text("targetRefName")), item.Text("lastMergeSourceCommit", "commitId"), item.Text("createdBy", "uniqueName").Split('@')[0], item.Texts("labels", "name"));
        }
    }

    private string Root => $"{organization.Escaped()}/{project.Escaped()}/_apis/git/repositories";

    private static string BranchOf(string reference) => reference.StartsWith("refs/heads/", StringComparison.Ordinal) ? reference["refs/heads/".Length..] : reference;
}
