using Bowline.Applications.ApplicationSets.Forges;
using Bowline.Applications.ApplicationSets.Templates;
using Bowline.Languages.GoTemplates.Values;
using Bowline.Resources.Model;

namespace Bowline.Applications.ApplicationSets.Generators;

/// <summary><c>pullRequest</c>: one element for each pull request of a repository that its server calls open.</summary>
internal sealed class PullRequestGenerator : IGenerator
{
    private const int LongestSlug = 50;
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(30);

    public TimeSpan? RequeueAfter(MapNode generator) => Requeue.Of(generator, Interval);

    public async Task<IReadOnlyList<MapNode>> GenerateAsync(MapNode generator, GeneratorRun run, CancellationToken cancellationToken)
    {
        MatchList.Filter[] filters = [.. new MatchList(generator["filters"], "branchMatch", "targetBranchMatch", "titleMatch").About("branchMatch", "targetBranchMatch", "titleMatch")];
        (ForgeClient client, IForge forge, MapNode options) = await ForgeLogin.OpenAsync(generator, run.Sources, cancellationToken).ConfigureAwait(false);
        using ForgeClient closing = client;
        IReadOnlyList<string> labels = options.Texts("labels");
        List<MapNode> found = [];
        try
        {
            await foreach (PullRequest pull in forge.PullRequestsAsync(cancellationToken).ConfigureAwait(false))
            {
                bool kept = filters.Length == 0 || Array.Exists(filters, filter => filter.Allows("branchMatch", pull.Branch) && filter.Allows("targetBranchMatch", pull.TargetBranch) && filter.Allows("titleMatch", pull.Title));
                if (kept && labels.All(pull.Labels.Contains))
                {
                    MapNode parameters = Describe(pull, run.Language.IsStructured);
                    Parameters.AddValues(parameters, generator["values"], run, cancellationToken);
                    found.Add(parameters);
                    GeneratorRun.CheckCount(found.Count);
                }
            }
        }
        catch (GeneratorException gone) when (gone.IsNotFound && generator["continueOnRepoNotFoundError"]?.AsBool() == true)
        {
            return [];
        }

        return found;
    }

    private static MapNode Describe(PullRequest pull, bool structured)
    {
        MapNode parameters = new()
        {
            ["number"] = pull.Number,
            ["title"] = pull.Title,
            ["branch"] = pull.Branch,
            ["branch_slug"] = Slug(pull.Branch),
            ["target_branch"] = pull.TargetBranch,
            ["target_branch_slug"] = Slug(pull.TargetBranch),
            ["head_sha"] = pull.HeadSha,
            ["head_short_sha"] = Short(pull.HeadSha, 8),
            ["head_short_sha_7"] = Short(pull.HeadSha, 7),
            ["author"] = pull.Author,
        };
        if (structured)
        {
            parameters.Set("labels", GoSlice.Strings(pull.Labels));
        }

        return parameters;
    }

    private static string Slug(string branch) => Naming.Slug(branch.Replace('_', '-'), LongestSlug, wholeWords: true);

    internal static string Short(string sha, int length) => sha.Length <= length ? sha : sha[..length];
}
