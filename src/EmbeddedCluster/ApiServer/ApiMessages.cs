using Bowline.EmbeddedCluster.Admission;
using Bowline.EmbeddedCluster.ApiServer.Access;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.ApiServer;

/// <summary>A request without its transport.</summary>
internal sealed record ApiRequest(string Method, string Path, UserInfo User)
{
    /// <summary>Query parameters, decoded; the last one of a name wins.</summary>
    public IReadOnlyDictionary<string, string> Query { get; init; } = new Dictionary<string, string>();

    /// <summary>All values of the query parameters that are given more than once.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Repeated { get; init; } = new Dictionary<string, IReadOnlyList<string>>();

    /// <summary>Path and query as they were sent.</summary>
    public string Target { get; init; } = Path;

    public string Accept { get; init; } = string.Empty;

    public string ContentType { get; init; } = string.Empty;

    /// <summary>The body's media type alone, in small letters: neither its parameters nor its case tell forms apart.</summary>
    public string MediaType => ContentType.Split(';')[0].Trim().ToLowerInvariant();

    public string UserAgent { get; init; } = string.Empty;

    public string IfNoneMatch { get; init; } = string.Empty;

    /// <summary>host:port the client asked.</summary>
    public string Host { get; init; } = string.Empty;

    public ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>Every header as it was sent, one that is repeated as often as it was.</summary>
    public IEnumerable<KeyValuePair<string, string>> Headers { get; init; } = [];

    /// <summary>The client's IP address; empty inside of this process.</summary>
    public string Client { get; init; } = string.Empty;

    /// <summary>The client is gone: nothing needs to be done for it any more.</summary>
    public CancellationToken Aborted { get; init; }

    /// <summary>The client wants another protocol on this connection (exec, attach, port-forward).</summary>
    public bool IsUpgrade { get; init; }

    public bool IsWebSocket => IsUpgrade && HeaderValues("Upgrade").Any(protocol => protocol.Contains("websocket", StringComparison.OrdinalIgnoreCase));

    /// <summary>Told what the request is counted as.</summary>
    public Action<Flow> Classified { get; init; } = static _ => { };

    /// <summary>Adds an annotation to the request's audit event.</summary>
    public Action<string, string> Annotate { get; init; } = static (_, _) => { };

    /// <summary>What the header says, once for each time that it was sent.</summary>
    public IEnumerable<string> HeaderValues(string name) => Headers.Where(header => header.Key.Equals(name, StringComparison.OrdinalIgnoreCase)).Select(header => header.Value);

    public string Parameter(string name) => Query.GetValueOrDefault(name, string.Empty);

    /// <summary>Every value that the parameter has, in order.</summary>
    public IReadOnlyList<string> Values(string name) => Repeated.TryGetValue(name, out IReadOnlyList<string>? all) ? all : Query.TryGetValue(name, out string? one) ? [one] : [];

    public bool Flag(string name) => Query.TryGetValue(name, out string? value) && value is not ("false" or "0" or "False");
}

/// <summary>An answer without its transport.</summary>
internal sealed record ApiResponse(int Code, string ContentType, ReadOnlyMemory<byte> Body)
{
    public IReadOnlyList<string> Warnings { get; init; } = [];

    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; } = [];

    /// <summary>Set for a watch: frames until the stream ends. The body is empty then.</summary>
    public IAsyncEnumerable<Frame>? Stream { get; init; }

    /// <summary>Set for a connection that changes its protocol (101): takes the client's side of it, until either side is done.</summary>
    public Func<Stream, CancellationToken, Task>? Tunnel { get; init; }
}

/// <summary>A piece of a stream that is sent at once. An object that is stored as it is sent is the <see cref="Body"/> itself: all watchers share its bytes.</summary>
internal readonly record struct Frame(ReadOnlyMemory<byte> Head, ReadOnlyMemory<byte> Body, ReadOnlyMemory<byte> Tail)
{
    public static Frame Of(ReadOnlyMemory<byte> bytes) => new(default, bytes, default);
}
