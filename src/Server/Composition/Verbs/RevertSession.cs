using System.Globalization;
using Bowline.Applications.Model;
using Bowline.Applications.Reconciling;
using Bowline.Applications.Sourcing;
using Bowline.Delivery.Inventories;
using Bowline.Server.Composition.Fetching;
using Bowline.Server.Composition.Up;
using Bowline.Sources.Files;
using Bowline.Sources.Git;

namespace Bowline.Server.Composition.Verbs;

/// <summary>What a rollback by Git is asked to do.</summary>
/// <param name="Delivery">A delivery's id; empty for the last one whose objects were others.</param>
public sealed record RevertOptions(string Application, string Delivery)
{
    /// <summary><c>Name &lt;mail&gt;</c>; empty for the author that Git is configured with.</summary>
    public string Author { get; init; } = string.Empty;

    /// <summary>Why, for the commit's message; may be empty.</summary>
    public string Reason { get; init; } = string.Empty;

    public bool DryRun { get; init; }
}

/// <param name="Commit">Full id of the commit that was made; empty on a dry run.</param>
public sealed record WrittenRevert(RevertPlan Plan, string Commit);

/// <summary>
/// Rolls back where the truth is: reverts, in the repositories that an application is made from, what was committed since one of its
/// deliveries and concerns it. Automation then delivers that as any other commit.
/// </summary>
public sealed class RevertSession(UpOptions options, TimeProvider time)
{
    /// <exception cref="UsageException">There is no such application or delivery.</exception>
    /// <exception cref="SourceException">It cannot be reverted; nothing was written.</exception>
    public async Task<IReadOnlyList<WrittenRevert>> RevertAsync(RevertOptions asked, CancellationToken cancellationToken)
    {
        using Repository repository = await Repository.OpenAsync(options, ArgoCdObjects.For(options, time), delivers: false, time, cancellationToken).ConfigureAwait(false);
        WorkspaceState workspace = await repository.LoadAsync(previous: null, WorkspaceChange.Everything, rendering: null, cancellationToken).ConfigureAwait(false);
        ApplicationSpec spec = workspace.Declared.FirstOrDefault(spec => spec.Name == asked.Application)
            ?? throw new UsageException($"there is no application {asked.Application}; there are: {string.Join(", ", workspace.Declared.Select(spec => spec.Name))}");
        RenderedApplication? rendered = workspace.Rendered.FirstOrDefault(application => application.Spec.Name == spec.Name);
        DeliveredRevision delivery = await FindAsync(asked, rendered, cancellationToken).ConfigureAwait(false);

        // All of it is worked out before any of it is written.
        List<RevertPlan> plans = [];
        foreach (RevertRequest request in Requests(workspace.Home, spec, rendered, delivery, repository.Settings))
        {
            plans.Add(await repository.Writer.PlanAsync(request, cancellationToken).ConfigureAwait(false));
        }

        List<WrittenRevert> written = [];
        string reason = asked.Reason.Trim() is { Length: > 0 } why ? $"\n\n{why}" : string.Empty;
        CommitText text = new($"Revert {spec.Name} to delivery {delivery.Id} ({delivery.Revision}){reason}", asked.Author);
        foreach (RevertPlan plan in plans)
        {
            written.Add(new WrittenRevert(plan, asked.DryRun ? string.Empty : await repository.Writer.WriteAsync(plan, text, cancellationToken).ConfigureAwait(false)));
        }

        return written;
    }

    private async Task<DeliveredRevision> FindAsync(RevertOptions asked, RenderedApplication? rendered, CancellationToken cancellationToken)
    {
        using OperatorSession operators = OperatorSession.Open(options, time);
        IReadOnlyList<ApplicationRecord> records = await operators.ReadAsync(asked.Application, cancellationToken).ConfigureAwait(false);
        if (records.Count > 1)
        {
            throw new UsageException($"{asked.Application} is delivered to several clusters ({string.Join(", ", records.Select(record => record.Cluster))}); say which with --context and --kubeconfig");
        }

        IReadOnlyList<DeliveredRevision> history = records[0].Inventory.History;
        return (asked.Delivery.Length > 0
                ? history.FirstOrDefault(delivery => delivery.Id.ToString(CultureInfo.InvariantCulture) == asked.Delivery)
                : history.LastOrDefault(delivery => delivery.Fingerprint != rendered?.Fingerprint))
            ?? throw new UsageException($"there is no delivery {asked.Delivery}{(asked.Delivery.Length > 0 ? " " : string.Empty)}to go back to; see 'bowline history {asked.Application}'");
    }

    /// <summary>A revert for every repository that has moved since the delivery.</summary>
    private static List<RevertRequest> Requests(HomeRepository home, ApplicationSpec spec, RenderedApplication? rendered, DeliveredRevision delivery, Applications.ArgoCd.ArgoCdSettings settings)
    {
        List<RevertRequest> requests = [];
        foreach (SourcePin pin in delivery.Sources.DistinctBy(pin => pin.Url))
        {
            if (pin.Url.Length == 0)
            {
                if (pin.Revision.Length == 0)
                {
                    throw new SourceException($"delivery {delivery.Id} of {spec.Name} was made from files that were not committed, so no commit can be gone back to");
                }

                requests.Add(new RevertRequest(home.Reference ?? new SourceRef(home.Folder, string.Empty), pin.Revision, path => home.Within(path) is { } own && Concerns(own)));
                continue;
            }

            ApplicationSource source = spec.Sources.FirstOrDefault(source => RepositoryUrl.Redact(source.RepoUrl) == pin.Url)
                ?? throw new SourceException($"{spec.Name} does not draw from {pin.Url} any more; revert the commit that changed its manifest {spec.Origin}");
            RenderedSource? present = rendered?.Sources.FirstOrDefault(read => read.Url == source.RepoUrl && read.Revision == source.TargetRevision);
            if (present?.Resolved == pin.Revision)
            {
                continue;
            }

            if (source.Chart.Length > 0)
            {
                throw new SourceException($"chart {source.Chart} of {pin.Url} is no Git repository; set its targetRevision to {pin.Revision} in {spec.Origin}");
            }

            SourceRef reference = new(source.RepoUrl, source.TargetRevision) { Access = settings.Repositories.For(source.RepoUrl, spec.Project) };
            requests.Add(new RevertRequest(reference, pin.Revision, present is null ? _ => true : present.DependsOn));
        }

        return requests.Count > 0 ? requests : throw new SourceException($"{spec.Name} draws from the very commits that delivery {delivery.Id} was made from, so there is nothing to revert");

        // Without a render (what is there now cannot be rendered) everything below the sources' paths counts.
        bool Concerns(string path) => path == spec.Origin.File
            || (rendered is not null ? rendered.Sources.Any(read => read.IsHome && read.DependsOn(path)) : spec.Sources.Any(source => source.Path is "" or "." || path.StartsWith(source.Path.TrimEnd('/') + "/", StringComparison.Ordinal)));
    }
}
