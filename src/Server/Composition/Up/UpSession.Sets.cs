using System.Collections.Concurrent;
using Bowline.Applications.ApplicationSets;
using Bowline.Applications.ApplicationSets.Controlling;
using Bowline.Applications.Model;
using Bowline.Applications.Sourcing;
using Bowline.Resources.Model;
using Bowline.Sources.Downloads;

namespace Bowline.Server.Composition.Up;

public sealed partial class UpSession
{
    private readonly ConcurrentDictionary<string, string> setTroubles = new(StringComparer.Ordinal);
    private ApplicationSetController? sets;
    private HttpDownloads? web;

    /// <summary>Of several replicas one keeps the sets: the owner of a name that no application can have.</summary>
    private async Task LeadSetsAsync(CancellationToken cancellationToken)
    {
        bool leads = Delivers("/applicationsets");
        if (leads && sets is null)
        {
            await StartSetsAsync(cancellationToken).ConfigureAwait(false);
        }
        else if (!leads && sets is not null)
        {
            await DisposeSetsAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Begins to make the Applications of the hub's ApplicationSets.</summary>
    private async Task StartSetsAsync(CancellationToken cancellationToken)
    {
        web = new HttpDownloads(time, dial: guard.DialAsync);
        GeneratorSources sources = new(repository.OpenAsync, new HubObjects(hub!.Cluster, hub.Namespace), web, time)
        {
            Settings = () => repository.Settings.Installation.Sets,
            ObjectsOf = @namespace => new HubObjects(hub.Cluster, @namespace),
            Permits = (@namespace, project) => @namespace == hub.Namespace || repository.Permits(@namespace, project),
            Dial = guard.DialAsync,
        };
        ApplicationSetOptions how = new() { AssumesProjects = options.AssumesProjects, Troubled = HearOfSet, Settings = () => repository.Settings.Installation.Sets, Holds = HoldsSets, Scope = hub.Scope };
        sets = await ApplicationSetController.StartAsync(hub.Cache, hub.Namespace, sources, time, how, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Whether sets of another namespace are kept: where the installation allows sets, and Applications.</summary>
    private bool HoldsSets(string @namespace) =>
        options.Namespaces.AreSeveral && options.Namespaces.Allows(@namespace) && repository.Settings.Installation.Sets.Namespaces.Any(pattern => Applications.Model.ApplicationNamespaces.Matches(pattern, @namespace));

    /// <summary>Makes those sets look again whose generators read what has changed.</summary>
    private void TellSets(WorkspaceChange change) => sets?.RepositoriesChanged(query => repository.Concerns(change, query));

    private void HearOfSet(string set, string trouble)
    {
        string before = setTroubles.GetValueOrDefault(set) ?? string.Empty;
        if (trouble.Length == 0)
        {
            setTroubles.TryRemove(set, out _);
        }
        else
        {
            setTroubles[set] = trouble;
        }

        if (trouble != before)
        {
            observer.Note(trouble.Length > 0 ? Sentence(set, trouble) : $"ApplicationSet {set}: all its applications are generated");
        }

        Wake();
    }

    /// <summary>Sets that cannot be expanded stand in the report beside the applications that cannot be delivered.</summary>
    private IEnumerable<ApplicationStatus> SetFaults() => setTroubles.Select(trouble => new ApplicationStatus(trouble.Key) { Message = Sentence(trouble.Key, trouble.Value) });

    private string Sentence(string set, string trouble)
    {
        Origin? origin = workspace?.Manifests.FirstOrDefault(manifest => manifest.Id is { Kind: "ApplicationSet" } id && (id.Name == set || $"{id.Namespace}/{id.Name}" == set))?.Origin;
        return $"{(origin is null ? string.Empty : $"{origin}: ")}ApplicationSet {set}: {trouble}";
    }

    private async ValueTask DisposeSetsAsync()
    {
        if (Interlocked.Exchange(ref sets, null) is { } ending)
        {
            await ending.DisposeAsync().ConfigureAwait(false);
        }

        setTroubles.Clear();
        web?.Dispose();
    }
}
