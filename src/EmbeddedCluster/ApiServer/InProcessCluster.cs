using System.Runtime.CompilerServices;
using Bowline.Cluster.Requests;
using Bowline.EmbeddedCluster.Admission;
using Bowline.EmbeddedCluster.ApiServer.Bodies;
using Bowline.EmbeddedCluster.ApiServer.Monitoring;
using Bowline.EmbeddedCluster.Controllers.Certificates;
using Bowline.EmbeddedCluster.Kinds;
using Bowline.EmbeddedCluster.Storage;
using Bowline.EmbeddedCluster.Validation;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.ApiServer;

/// <summary>The embedded API server for those who live inside it: every rule of the HTTP front, without bytes between.</summary>
internal sealed class InProcessCluster(string name, ResourceService service, SubresourceService subresources) : ICluster
{
    public string Name => name;

    /// <summary>Who signs certificates for this cluster.</summary>
    public required CertificateIssuer Issuer { get; init; }

    /// <summary>Nodes are simulated from now on: the API tells what their kubelets and metrics would.</summary>
    internal void Simulate(Kubelet.Behaviours behaviours)
    {
        service.Simulation.Behaviours = behaviours;
        service.Kinds.Add(MetricsEndpoints.Kinds, new ServedGroup(MetricsEndpoints.Group, ["v1beta1"]));
    }

    public Task<KindInfo?> FindKindAsync(ResourceKind kind, CancellationToken cancellationToken) =>
        Task.FromResult(service.Kinds.Current.Find(kind)?.ToInfo());

    public Task<KindCatalogue> DiscoverAsync(CancellationToken cancellationToken)
    {
        KindCatalog current = service.Kinds.Current;
        KindInfo[] kinds = [.. current.Kinds
            .Where(kind => kind.Can("list") && current.Groups.First(group => group.Name == kind.Kind.Group).Versions[0] == kind.Kind.Version)
            .Select(kind => kind.ToInfo())];
        return Task.FromResult(new KindCatalogue(kinds, new Dictionary<string, string>()));
    }

    public void ForgetDiscovery()
    {
        // The catalogue of kinds is always current here.
    }

    public Task<MapNode?> GetAsync(ObjectKey key, CancellationToken cancellationToken)
    {
        ServedKind kind = Served(key.Kind);
        StoredObject? found = service.Find(kind, key.Namespace, key.Name);
        if (found is null)
        {
            return Task.FromResult<MapNode?>(null);
        }

        return Task.FromResult<MapNode?>(key.Subresource is "" or "status"
            ? ResourceService.Present(kind, found).Node
            : Translate(() => subresources.Get(kind, key.Namespace, key.Name, key.Subresource)));
    }

    public Task<ObjectList> ListAsync(KindInfo kind, string @namespace, ListOptions options, CancellationToken cancellationToken)
    {
        ServedKind served = Served(kind);
        ListPage page = Translate(() => service.List(served, @namespace.Length == 0 ? null : @namespace, new ListRequest
        {
            Labels = LabelQuery.Parse(options.LabelSelector),
            Fields = FieldSelector.Parse(options.FieldSelector, served),
        }));
        return Task.FromResult(new ObjectList([.. page.Items.Select(item => ResourceService.Present(served, item).Node)], page.Revision.ToString()));
    }

    public async IAsyncEnumerable<WatchEvent> WatchAsync(KindInfo kind, string @namespace, WatchOptions options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ServedKind served = Served(kind);
        IAsyncEnumerable<FeedEvent> feed = Translate(() => service.Watch(
            served,
            @namespace.Length == 0 ? null : @namespace,
            new ListRequest
            {
                Labels = LabelQuery.Parse(options.LabelSelector),
                Fields = FieldSelector.Parse(options.FieldSelector, served),
                ResourceVersion = options.ResourceVersion,
                SendInitialEvents = options.SendInitialEvents ? true : null,
                Match = options.SendInitialEvents ? "NotOlderThan" : string.Empty,
                Bookmarks = true,
            },
            cancellationToken));
        await foreach (FeedEvent item in feed.ConfigureAwait(false))
        {
            yield return ToEvent(served, item);
        }

        cancellationToken.ThrowIfCancellationRequested();
    }

    public Task<MapNode> CreateAsync(KindInfo kind, string @namespace, MapNode body, WriteOptions options, CancellationToken cancellationToken) =>
        Run(async () =>
        {
            ServedKind served = Served(kind);
            WriteContext context = Context(options);
            return (await service.CreateAsync(served, @namespace, BodyReader.Read(served, body, context), context).ConfigureAwait(false)).Node;
        });

    public Task<MapNode> UpdateAsync(ObjectKey key, MapNode body, WriteOptions options, CancellationToken cancellationToken) =>
        Run(async () =>
        {
            ServedKind served = Served(key.Kind);
            WriteContext context = Context(options);
            return key.Subresource is "" or "status"
                ? (await service.UpdateAsync(served, key.Namespace, key.Name, Decoded(served, key, body, context), key.Subresource, context).ConfigureAwait(false)).Node
                : await subresources.UpdateAsync(served, key.Namespace, key.Name, key.Subresource, body, context).ConfigureAwait(false);
        });

    public Task<MapNode> ApplyAsync(ObjectKey key, MapNode body, WriteOptions options, CancellationToken cancellationToken) =>
        Run(async () => (await service.ApplyAsync(Served(key.Kind), key.Namespace, key.Name, key.Subresource, (MapNode)body.DeepClone(), Context(options)).ConfigureAwait(false)).Node);

    public Task<MapNode> PatchAsync(ObjectKey key, PatchKind patchKind, Node patch, WriteOptions options, CancellationToken cancellationToken) =>
        Run(async () =>
        {
            ServedKind served = Served(key.Kind);
            return key.Subresource is "" or "status"
                ? (await service.PatchAsync(served, key.Namespace, key.Name, key.Subresource, patchKind, patch, Context(options)).ConfigureAwait(false)).Node
                : await subresources.PatchAsync(served, key.Namespace, key.Name, key.Subresource, patchKind, patch, Context(options)).ConfigureAwait(false);
        });

    public Task<MapNode> PostAsync(ObjectKey key, MapNode body, WriteOptions options, CancellationToken cancellationToken) =>
        Run(() => subresources.PostAsync(Served(key.Kind), key.Namespace, key.Name, key.Subresource, body, Context(options)));

    public async Task<bool> DeleteAsync(ObjectKey key, DeleteOptions options, CancellationToken cancellationToken)
    {
        DeleteRequest request = new()
        {
            PropagationPolicy = options.PropagationPolicy,
            GracePeriodSeconds = options.GracePeriodSeconds,
            Uid = options.PreconditionUid.Length == 0 ? null : options.PreconditionUid,
        };
        try
        {
            await Run(async () => (await service.DeleteAsync(Served(key.Kind), key.Namespace, key.Name, request, Context(new WriteOptions())).ConfigureAwait(false)).Object).ConfigureAwait(false);
            return true;
        }
        catch (ClusterException e) when (e.IsNotFound)
        {
            return false;
        }
    }

    /// <summary>A controller that writes a status sends the rest as it was read: that needs no decoding.</summary>
    private MapNode Decoded(ServedKind kind, ObjectKey key, MapNode body, WriteContext context) =>
        key.Subresource == "status" && kind.Custom is null && service.Find(kind, key.Namespace, key.Name) is { } stored
            ? BodyReader.ReadStatus(kind, body, ResourceService.Present(kind, stored).Node, context)
            : BodyReader.Read(kind, body, context);

    private static WatchEvent ToEvent(ServedKind kind, FeedEvent item) => item.Type switch
    {
        FeedType.Error => throw Translated(item.Error!),
        FeedType.Bookmark => new WatchEvent(WatchEventType.Bookmark, Bookmarks.Of(kind, item)),
        _ => new WatchEvent((WatchEventType)item.Type, ResourceService.Present(kind, item.Object!).Node),
    };

    private static WriteContext Context(WriteOptions options) => new(UserInfo.Internal, options.FieldManager)
    {
        DryRun = options.DryRun,
        Force = options.Force,
        FieldValidation = options.FieldValidation switch
        {
            "Strict" => FieldValidation.Strict,
            "Warn" => FieldValidation.Warn,
            _ => FieldValidation.Ignore,
        },
    };

    private static async Task<MapNode> Run(Func<Task<MapNode>> action)
    {
        try
        {
            return await action().ConfigureAwait(false);
        }
        catch (ApiException e)
        {
            throw Translated(e);
        }
        catch (StorageException e)
        {
            throw Translated(ApiHandler.Unwritable(e));
        }
    }

    private static T Translate<T>(Func<T> action)
    {
        try
        {
            return action();
        }
        catch (ApiException e)
        {
            throw Translated(e);
        }
    }

    private static ClusterException Translated(ApiException e) => new(e.Message, e.Code, e.Reason, e)
    {
        Details = e.Details,
        RetryAfter = e.RetryAfterSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
    };

    private ServedKind Served(KindInfo kind) =>
        service.Kinds.Current.Find(kind.Kind.Group, kind.Kind.Version, kind.Plural) ?? throw Translated(ApiErrors.NoSuchPath());
}

/// <summary>The objects that bookmarks carry.</summary>
internal static class Bookmarks
{
    public static MapNode Of(ServedKind kind, FeedEvent item)
    {
        MapNode metadata = new() { ["resourceVersion"] = item.Revision.ToString() };
        if (item.InitialEnd)
        {
            metadata["annotations"] = new MapNode { ["k8s.io/initial-events-end"] = "true" };
        }

        MapNode bookmark = new() { ["kind"] = kind.Kind.Kind, ["apiVersion"] = kind.Kind.ApiVersion, ["metadata"] = metadata };
        if (kind.Type is { } type)
        {
            foreach (WireField field in type.Members.Where(member => member.Always && member.Name != "metadata"))
            {
                MapNode zero = new ObjectDecoder().DecodePart([], type, string.Empty);
                bookmark[field.Name] = zero[field.Name]!;
            }
        }

        return bookmark;
    }
}
