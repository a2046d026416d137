using Bowline.Cluster.Requests;
using Bowline.Resources.Model;

namespace Bowline.Cluster.Http;

/// <summary>Asks what the server serves, once; a kind that was missing is looked for again in its own group-version only.</summary>
internal sealed class Discovery(Transport transport) : IDisposable
{
    private const string Aggregated =
        "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json";

    private readonly SemaphoreSlim asking = new(1, 1);
    private volatile DiscoveredKinds? known;

    public void Forget() => known = null;

    public void Dispose() => asking.Dispose();

    public async Task<KindInfo?> FindAsync(ResourceKind kind, CancellationToken cancellationToken)
    {
        DiscoveredKinds? before = known;
        KindInfo? found = (before ?? await AllAsync(cancellationToken).ConfigureAwait(false)).Find(kind);
        // What was only just read is not asked for again.
        if (found is not null || (before is null && kind.Version.Length == 0))
        {
            return found;
        }

        if (kind.Version.Length == 0)
        {
            Forget();
            return (await AllAsync(cancellationToken).ConfigureAwait(false)).Find(kind);
        }

        return await LookAgainAsync(kind, cancellationToken).ConfigureAwait(false);
    }

    public async Task<DiscoveredKinds> AllAsync(CancellationToken cancellationToken)
    {
        if (known is { } all)
        {
            return all;
        }

        await asking.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return known ??= await AskAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            asking.Release();
        }
    }

    private async Task<KindInfo?> LookAgainAsync(ResourceKind kind, CancellationToken cancellationToken)
    {
        IReadOnlyList<KindInfo>? kinds = await ReadVersionAsync(kind.Group, kind.Version, cancellationToken).ConfigureAwait(false);
        if (kinds is null)
        {
            return null;
        }

        await asking.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            known = known?.With(kind.Group, new DiscoveredVersion(kind.Version, kinds, null));
        }
        finally
        {
            asking.Release();
        }

        return kinds.FirstOrDefault(other => other.Kind == kind);
    }

    private async Task<DiscoveredKinds> AskAsync(CancellationToken cancellationToken)
    {
        Task<Node> core = GetAsync("/api", Aggregated, cancellationToken);
        Task<Node> groups = GetAsync("/apis", Aggregated, cancellationToken);
        await Task.WhenAll(core, groups).ConfigureAwait(false);
        Task<IReadOnlyList<DiscoveredGroup>>[] both =
        [
            ReadAsync(await core.ConfigureAwait(false), cancellationToken),
            ReadAsync(await groups.ConfigureAwait(false), cancellationToken),
        ];
        await Task.WhenAll(both).ConfigureAwait(false);
        return new DiscoveredKinds([.. both.SelectMany(task => task.Result)]);
    }

    private async Task<IReadOnlyList<DiscoveredGroup>> ReadAsync(Node document, CancellationToken cancellationToken) => document["kind"]?.AsString() switch
    {
        "APIGroupDiscoveryList" => [.. DiscoveryReader.ReadAggregated(document)],
        "APIVersions" => [await ReadGroupAsync(string.Empty, DiscoveryReader.Texts(document["versions"]), cancellationToken).ConfigureAwait(false)],
        _ => await Task.WhenAll(DiscoveryReader.Items(document, "groups").Select(group => ReadGroupAsync(
            group["name"]?.AsString() ?? string.Empty, PreferredFirst(group), cancellationToken))).ConfigureAwait(false),
    };

    private static IReadOnlyList<string> PreferredFirst(Node group)
    {
        string? preferred = group.At("preferredVersion", "version")?.AsString();
        return [.. DiscoveryReader.Items(group, "versions").Select(version => version["version"]?.AsString()).OfType<string>().OrderBy(version => version != preferred)];
    }

    private async Task<DiscoveredGroup> ReadGroupAsync(string group, IReadOnlyList<string> versions, CancellationToken cancellationToken) =>
        new(group, await Task.WhenAll(versions.Select(version => ReadToleratingAsync(group, version, cancellationToken))).ConfigureAwait(false));

    private async Task<DiscoveredVersion> ReadToleratingAsync(string group, string version, CancellationToken cancellationToken)
    {
        try
        {
            return new DiscoveredVersion(version, await ReadVersionAsync(group, version, cancellationToken).ConfigureAwait(false) ?? [], null);
        }
        catch (ClusterException error)
        {
            return new DiscoveredVersion(version, [], error.Message);
        }
    }

    /// <summary>Null when the server knows no such group-version.</summary>
    private async Task<IReadOnlyList<KindInfo>?> ReadVersionAsync(string group, string version, CancellationToken cancellationToken)
    {
        string path = group.Length == 0 ? $"/api/{Uri.EscapeDataString(version)}" : $"/apis/{Uri.EscapeDataString(group)}/{Uri.EscapeDataString(version)}";
        try
        {
            return DiscoveryReader.ReadResourceList(group, version, await GetAsync(path, "application/json", cancellationToken).ConfigureAwait(false));
        }
        catch (ClusterException error) when (error.IsNotFound)
        {
            return null;
        }
    }

    private Task<Node> GetAsync(string path, string accept, CancellationToken cancellationToken) =>
        transport.SendAsync(new Call(HttpMethod.Get, path, "discover", path) { Accept = accept }, cancellationToken);
}
