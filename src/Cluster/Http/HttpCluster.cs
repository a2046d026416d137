using System.Globalization;
using System.Runtime.CompilerServices;
using Bowline.Cluster.Kubeconfig;
using Bowline.Cluster.Requests;
using Bowline.Resources.Model;

namespace Bowline.Cluster.Http;

/// <summary>A Kubernetes API over HTTP/2 where the server offers it, else HTTP/1.1. One instance serves any number of callers.</summary>
public sealed partial class HttpCluster : ICluster, IDisposable
{
    private readonly Transport transport;
    private readonly Discovery discovery;
    private readonly HttpClusterOptions options;
    private readonly TimeProvider time;

    /// <exception cref="ClusterException">The connection's certificates cannot be used.</exception>
    public HttpCluster(ClusterConnection connection, TimeProvider time, HttpClusterOptions? options = null)
    {
        Name = connection.Name;
        this.time = time;
        this.options = options ?? HttpClusterOptions.Default;
        transport = new Transport(connection, this.options, time);
        discovery = new Discovery(transport);
    }

    public string Name { get; }

    public void Dispose()
    {
        discovery.Dispose();
        transport.Dispose();
    }

    public Task<KindInfo?> FindKindAsync(ResourceKind kind, CancellationToken cancellationToken) => discovery.FindAsync(kind, cancellationToken);

    public async Task<KindCatalogue> DiscoverAsync(CancellationToken cancellationToken) =>
        (await discovery.AllAsync(cancellationToken).ConfigureAwait(false)).Preferred();

    public void ForgetDiscovery() => discovery.Forget();

    /// <summary>The answer to any GET that returns JSON, such as <c>/version</c> or <c>/openapi/v3</c>.</summary>
    public Task<Node> GetRawAsync(string path, CancellationToken cancellationToken) =>
        transport.SendAsync(new Call(HttpMethod.Get, path.StartsWith('/') ? path : $"/{path}", "get", path), cancellationToken);

    public async Task<MapNode?> GetAsync(ObjectKey key, CancellationToken cancellationToken)
    {
        try
        {
            return Object(await transport.SendAsync(new Call(HttpMethod.Get, RequestPath.Of(key), "get", key.Id), cancellationToken).ConfigureAwait(false));
        }
        catch (ClusterException error) when (error.IsNotFound)
        {
            return null;
        }
    }

    public async Task<ObjectList> ListAsync(KindInfo kind, string @namespace, ListOptions options, CancellationToken cancellationToken)
    {
        try
        {
            return await ListPagesAsync(kind, @namespace, options, options.PageSize, cancellationToken).ConfigureAwait(false);
        }
        catch (ClusterException error) when (error.Status == 410 && options.PageSize > 0)
        {
            // The pages took longer than the server keeps a state: one large answer instead.
            return await ListPagesAsync(kind, @namespace, options, 0, cancellationToken).ConfigureAwait(false);
        }
    }

    public async IAsyncEnumerable<WatchEvent> WatchAsync(
        KindInfo kind, string @namespace, WatchOptions options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // Spread by kind, so that the watches of a cache do not all end in one moment.
        TimeSpan duration = this.options.WatchDuration * (1 + ((uint)kind.Kind.GetHashCode() % 100 / 100.0));
        Query query = new Query(RequestPath.Of(kind, @namespace))
            .Add("watch", "true")
            .Add("allowWatchBookmarks", "true")
            .Add("resourceVersion", options.ResourceVersion)
            .Add("labelSelector", options.LabelSelector)
            .Add("fieldSelector", options.FieldSelector)
            .Add("timeoutSeconds", ((int)duration.TotalSeconds).ToString(CultureInfo.InvariantCulture));
        if (options.SendInitialEvents)
        {
            query.Add("sendInitialEvents", "true").Add("resourceVersionMatch", "NotOlderThan");
        }

        Call call = new(HttpMethod.Get, query.ToString(), "watch", kind.Kind);
        // The server is asked to end the stream in time; one that does not has died without saying so.
        using CancellationTokenSource overdue = new(duration + TimeSpan.FromSeconds(30), time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(overdue.Token, cancellationToken);
        using HttpResponseMessage response = await transport.OpenAsync(call, either.Token).ConfigureAwait(false);
        WatchStream stream = new(call, transport, this.options.MaxResponseBytes, options.Held);
        await foreach (WatchEvent change in stream.ReadAsync(response, either.Token, cancellationToken).ConfigureAwait(false))
        {
            yield return change;
        }
    }

    private async Task<ObjectList> ListPagesAsync(KindInfo kind, string @namespace, ListOptions options, int pageSize, CancellationToken cancellationToken)
    {
        List<MapNode> items = [];
        string version = string.Empty;
        string next = string.Empty;
        do
        {
            Query query = new Query(RequestPath.Of(kind, @namespace))
                .Add("limit", pageSize > 0 ? pageSize.ToString(CultureInfo.InvariantCulture) : string.Empty)
                .Add("continue", next)
                .Add("labelSelector", options.LabelSelector)
                .Add("fieldSelector", options.FieldSelector);
            Node page = await transport.SendAsync(new Call(HttpMethod.Get, query.ToString(), "list", kind.Kind), cancellationToken).ConfigureAwait(false);
            AddItems(items, page, kind.Kind);
            string before = next;
            version = version.Length > 0 ? version : page.At("metadata", "resourceVersion")?.AsString() ?? string.Empty;
            next = page.At("metadata", "continue")?.AsString() ?? string.Empty;
            if (next.Length > 0 && next == before)
            {
                throw new ClusterException($"list {kind.Kind}: the server gives the same page again and again", reason: "InvalidResponse");
            }
        }
        while (next.Length > 0);

        return new ObjectList(items, version);
    }

    // Items of a list of a built-in kind do not say what they are.
    private static void AddItems(List<MapNode> items, Node page, ResourceKind kind)
    {
        if (page["items"] is not ListNode list)
        {
            return;
        }

        items.EnsureCapacity(items.Count + list.Count);
        foreach (Node item in list)
        {
            if (item is MapNode map)
            {
                items.Add(Identified(map, kind));
            }
        }
    }

    private static MapNode Identified(MapNode item, ResourceKind kind)
    {
        if (item.ContainsKey("kind") && item.ContainsKey("apiVersion"))
        {
            return (MapNode)item.Freeze();
        }

        MapNode whole = new(item.Count + 2) { ["apiVersion"] = kind.ApiVersion, ["kind"] = kind.Kind };
        foreach ((string key, Node value) in item)
        {
            whole.Set(key, value);
        }

        return (MapNode)whole.Freeze();
    }

    private static MapNode Object(Node answer) =>
        answer is MapNode map ? (MapNode)map.Freeze() : throw new ClusterException("The server's answer is not an object", reason: "InvalidResponse");
}
