using System.Text.Json;
using Bowline.EmbeddedCluster.Definitions;
using Bowline.EmbeddedCluster.Kinds;
using Bowline.EmbeddedCluster.Services;
using Bowline.EmbeddedCluster.Storage;
using Bowline.Resources.Json;
using Bowline.Resources.Merging;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.ApiServer.Aggregation;

/// <summary>
/// Keeps APIServices: one for each group-version of a CRD, and of each whether what it names can be reached, with kube-aggregator's
/// reasons. What others serve is told in discovery.
/// </summary>
internal sealed class AggregatedServices(ObjectStore store, KindRegistry kinds, RemoteServers remotes, TimeProvider time)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);
    private static readonly ServedKind Kind = KindRegistry.BuiltIn.Find("apiregistration.k8s.io", "v1", "apiservices")!;
    private readonly RemoteOpenApi openApi = new(remotes);

    /// <summary>An APIService without a Service is served by this server, always.</summary>
    public static void MarkLocal(MapNode node, string now)
    {
        if (node.At("spec", "service") is not MapNode)
        {
            DefinitionStatus.SetCondition(node, "Available", "True", "Local", "Local APIServices are always available", now);
        }
    }

    /// <summary>
    /// Looks again whenever an APIService or a CRD changes; where one names a Service, also whenever Services or endpoints do, and from
    /// time to time, sooner while it cannot be reached.
    /// </summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        TimeSpan wait = TimeSpan.FromSeconds(1);
        while (!cancellationToken.IsCancellationRequested)
        {
            long seen = store.Revision;
            bool anyRemote = false;
            bool allReached = true;
            try
            {
                new DefinedServices(store, time).Register();
                (anyRemote, allReached) = await SettleAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (StorageException)
            {
                // Nothing can be written now; the next change of any of them finds out whether it can be again.
            }
            catch (OperationCanceledException)
            {
                return;
            }

            List<Task> changes = [store.Log(RemoteServers.Collection).WaitAsync(seen), store.Log(DefinitionWatcher.Collection).WaitAsync(seen)];
            if (anyRemote)
            {
                changes.AddRange([store.Log("services").WaitAsync(seen), store.Log("endpointslices.discovery.k8s.io").WaitAsync(seen)]);
            }

            wait = allReached ? Longest : wait * 2 < Longest ? wait * 2 : Longest;
            Task changed = Task.WhenAny(changes);
            using CancellationTokenSource round = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            Task again = anyRemote ? Task.Delay(wait, time, round.Token) : Task.Delay(Timeout.InfiniteTimeSpan, time, round.Token);
            if (await Task.WhenAny(changed, again).ConfigureAwait(false) == changed)
            {
                wait = TimeSpan.FromSeconds(1);
            }

            await round.CancelAsync().ConfigureAwait(false);
        }
    }

    private async Task<(bool AnyRemote, bool AllReached)> SettleAsync(CancellationToken cancellationToken)
    {
        StoredObject[] items = [.. store.Snapshot(RemoteServers.Collection).In(null).Where(item => item.Node["metadata"]?["deletionTimestamp"] is null)];
        Found[] found = await Task.WhenAll(items.Select(item => LookAsync(item, cancellationToken))).ConfigureAwait(false);
        foreach (Found one in found)
        {
            Settle(one);
        }

        Found[] elsewhere = [.. found.Where(one => one.IsRemote).OrderByDescending(one => one.Number("groupPriorityMinimum")).ThenBy(one => one.Text("group"), StringComparer.Ordinal).ThenByDescending(one => one.Number("versionPriority"))];
        openApi.KeepOnly(elsewhere.Select(one => one.Item.Name));
        kinds.Discover([.. elsewhere.Select(one => openApi.Known(one.Item.Name, one.Version))]);

        // Whoever is slow to describe itself is there all the same.
        kinds.Discover(await Task.WhenAll(elsewhere.Select(one => DescribeAsync(one, cancellationToken))).ConfigureAwait(false));
        return (elsewhere.Length > 0, elsewhere.All(one => one.Resources is not null));
    }

    private async Task<RemoteVersion> DescribeAsync(Found found, CancellationToken cancellationToken)
    {
        using CancellationTokenSource deadline = new(Patience, time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        return await openApi.DescribeAsync(found.Item, found.Version, either.Token).ConfigureAwait(false);
    }

    private void Settle(Found found)
    {
        StoredObject item = found.Item;
        MapNode next = (MapNode)item.Node.DeepClone();
        if (found.IsRemote)
        {
            DefinitionStatus.SetCondition(next, "Available", found.Resources is null ? "False" : "True", found.Reason, found.Message, Timestamp.Text(time.GetUtcNow()));
        }
        else
        {
            MarkLocal(next, Timestamp.Text(time.GetUtcNow()));
        }

        if (!Node.DeepEquals(item.Node["status"], next["status"]))
        {
            next = ServerSideApply.Update(item.Node, next, Kind.Schema, new FieldWriter("kube-apiserver", Kind.Kind.ApiVersion, "status", time.GetUtcNow()));

            // Whoever wrote in between is looked at in the next round.
            _ = store.TryPut(RemoteServers.Collection, item, string.Empty, item.Name, next);
        }
    }

    private async Task<Found> LookAsync(StoredObject item, CancellationToken cancellationToken)
    {
        if (item.Node.At("spec", "service") is not MapNode service)
        {
            return new Found(item, false, string.Empty, string.Empty, null);
        }

        string name = $"service/{service["name"]?.AsString()} in \"{service["namespace"]?.AsString()}\"";
        ServiceAddress address = remotes.Address(item.Node);
        return address.State switch
        {
            ServiceState.NoService => new Found(item, true, "ServiceNotFound", $"{name} is not present", null),
            ServiceState.NoPort => new Found(item, true, "ServicePortError", $"{name} is not listening on port {service["port"]?.AsInteger() ?? 443}", null),
            ServiceState.NoSlices => new Found(item, true, "EndpointsNotFound", $"cannot find endpointslices for {name}", null),
            ServiceState.NoEndpoints => new Found(item, true, "MissingEndpoints", $"endpointslices for {name} have no addresses with port name \"{address.PortName}\"", null),
            ServiceState.Simulated => new Found(item, true, "FailedDiscoveryCheck", $"the pods of {name} are simulated: nothing runs that could answer", null),
            _ => await CheckAsync(item, address, cancellationToken).ConfigureAwait(false),
        };
    }

    private async Task<Found> CheckAsync(StoredObject item, ServiceAddress address, CancellationToken cancellationToken)
    {
        using CancellationTokenSource deadline = new(Patience, time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            byte[] body = await remotes.DiscoverAsync(item.Node, address, either.Token).ConfigureAwait(false);
            return new Found(item, true, "Passed", "all checks passed", JsonReader.Read(body, 64) as MapNode ?? []);
        }
        catch (JsonException e)
        {
            return new Found(item, true, "FailedDiscoveryCheck", $"the list of resources cannot be read: {e.Message}", null);
        }
        catch (Exception e) when (e is HttpRequestException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return new Found(item, true, "FailedDiscoveryCheck", RemoteServers.WhyFailed(e, item.Node, address), null);
        }
    }

    /// <summary>What a look at an APIService found.</summary>
    private sealed record Found(StoredObject Item, bool IsRemote, string Reason, string Message, MapNode? Resources)
    {
        public RemoteVersion Version => new(Text("group"), Text("version"), Resources);

        public string Text(string member) => Item.Node.At("spec", member)?.AsString() ?? string.Empty;

        public long Number(string member) => Item.Node.At("spec", member)?.AsInteger() ?? 0;
    }
}
