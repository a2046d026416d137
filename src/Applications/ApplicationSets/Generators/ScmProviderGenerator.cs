using Bowline.Applications.ApplicationSets.Forges;
using Bowline.Applications.ApplicationSets.Templates;
using Bowline.Resources.Model;

namespace Bowline.Applications.ApplicationSets.Generators;

/// <summary><c>scmProvider</c>: one element for each repository of an organization, or for each of their branches.</summary>
internal sealed class ScmProviderGenerator : IGenerator
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(30);

    public TimeSpan? RequeueAfter(MapNode generator) => Requeue.Of(generator, Interval);

    public async Task<IReadOnlyList<MapNode>> GenerateAsync(MapNode generator, GeneratorRun run, CancellationToken cancellationToken)
    {
        MatchList list = new(generator["filters"], "repositoryMatch", "labelMatch", "branchMatch");
        MatchList.Filter[] ofRepositories = [.. list.About("repositoryMatch", "labelMatch")];
        MatchList.Filter[] ofBranches = [.. list.About("branchMatch", "pathsExist", "pathsDoNotExist")];
        (ForgeClient client, IForge forge, MapNode options) = await ForgeLogin.OpenAsync(generator, run.Sources, cancellationToken).ConfigureAwait(false);
        using ForgeClient closing = client;
        List<MapNode> found = [];
        await foreach (ForgeRepository repository in forge.RepositoriesAsync(IsSsh(generator), cancellationToken).ConfigureAwait(false))
        {
            if (ofRepositories.Length > 0 && !Array.Exists(ofRepositories, filter => filter.Allows("repositoryMatch", repository.Name) && filter.AllowsAny("labelMatch", repository.Labels)))
            {
                continue;
            }

            await foreach (ForgeRepository branch in forge.BranchesAsync(repository, options["allBranches"]?.AsBool() == true, cancellationToken).ConfigureAwait(false))
            {
                if (await IsKeptAsync(forge, branch, ofBranches, cancellationToken).ConfigureAwait(false))
                {
                    MapNode parameters = Describe(branch);
                    Parameters.AddValues(parameters, generator["values"], run, cancellationToken);
                    found.Add(parameters);
                    GeneratorRun.CheckCount(found.Count);
                }
            }
        }

        return found;
    }

    private static bool IsSsh(MapNode generator) => Parameters.Text(generator["cloneProtocol"]) switch
    {
        "" or "ssh" => true,
        "https" => false,
        var other => throw new GeneratorException($"unknown clone protocol {other}; there are ssh and https"),
    };

    private static async Task<bool> IsKeptAsync(IForge forge, ForgeRepository branch, MatchList.Filter[] filters, CancellationToken cancellationToken)
    {
        foreach (MatchList.Filter filter in filters)
        {
            if (filter.Allows("branchMatch", branch.Branch)
                && await AllAsync(filter.Body.Texts("pathsExist"), there: true).ConfigureAwait(false)
                && await AllAsync(filter.Body.Texts("pathsDoNotExist"), there: false).ConfigureAwait(false))
            {
                return true;
            }
        }

        return filters.Length == 0;

        async Task<bool> AllAsync(IReadOnlyList<string> paths, bool there)
        {
            foreach (string path in paths)
            {
                if (await forge.HasPathAsync(branch, path.Trim('/'), cancellationToken).ConfigureAwait(false) != there)
                {
                    return false;
                }
            }

            return true;
        }
    }

    private static MapNode Describe(ForgeRepository branch) => new()
    {
        ["organization"] = branch.Organization,
        ["repository"] = branch.Name,
        ["repository_id"] = branch.Id,
        ["url"] = branch.Url,
        ["branch"] = branch.Branch,
        ["sha"] = branch.Sha,
        ["short_sha"] = PullRequestGenerator.Short(branch.Sha, 8),
        ["short_sha_7"] = PullRequestGenerator.Short(branch.Sha, 7),
        ["labels"] = string.Join(',', branch.Labels),
        ["branchNormalized"] = Naming.Normalize(branch.Branch),
    };
}
