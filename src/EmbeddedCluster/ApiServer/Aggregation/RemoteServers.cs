using System.Net;
using System.Runtime.CompilerServices;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Bowline.EmbeddedCluster.Admission;
using Bowline.EmbeddedCluster.Definitions;
using Bowline.EmbeddedCluster.Services;
using Bowline.EmbeddedCluster.Storage;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.ApiServer.Aggregation;

/// <summary>
/// Other API servers, as APIServices name them: requests for their group-versions are handed on to them in the name of whoever asked,
/// vouched for by the front proxy's certificate and headers, as kube-aggregator does.
/// </summary>
internal sealed class RemoteServers(ObjectStore store, ServiceLookup services, Lazy<X509Certificate2> identity)
{
    public const string Collection = "apiservices.apiregistration.k8s.io";
    private const int MostOfAList = 4 * 1024 * 1024;
    private const string Failure = "error trying to reach service: ";

    private static readonly UserInfo Checker = new("system:kube-aggregator", ["system:masters"]);

    // Headers of one connection alone; what is left out of an answer is written anew, or belongs to its transport.
    private static readonly HashSet<string> Own = new(StringComparer.OrdinalIgnoreCase)
    {
        "Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "Proxy-Connection", "TE", "Trailer", "Transfer-Encoding", "Upgrade", "Content-Length", "Content-Type", "Date", "Audit-Id",
    };

    /// <summary>The APIService that gives a group-version to somebody else; null when there is none.</summary>
    public MapNode? Find(string group, string version) =>
        store.Get(Collection, string.Empty, $"{version}.{group}") is { } found && found.Node.At("spec", "service") is MapNode ? found.Node : null;

    public ServiceAddress Address(MapNode apiService) => services.Find(Text(apiService, "namespace"), Text(apiService, "name"), Port(apiService));

    /// <summary>The group-version's list of resources.</summary>
    /// <exception cref="HttpRequestException">No answer, or none that is a success.</exception>
    public async Task<byte[]> DiscoverAsync(MapNode apiService, ServiceAddress address, CancellationToken cancellationToken)
    {
        string path = $"/apis/{apiService.At("spec", "group")?.AsString()}/{apiService.At("spec", "version")?.AsString()}";
        string[] head = [$"GET {path} HTTP/1.1", "Accept: application/json", .. Vouched(Checker)];
        await using Exchange exchange = await Exchange.BeginAsync(Target(apiService, address), identity.Value, head, default, cancellationToken).ConfigureAwait(false);
        if (exchange.Code is < 200 or >= 300)
        {
            throw new HttpRequestException(null, null, (HttpStatusCode)exchange.Code);
        }

        using MemoryStream body = new();
        await foreach (ReadOnlyMemory<byte> part in exchange.BodyAsync(cancellationToken).ConfigureAwait(false))
        {
            body.Write(part.Span);
            if (body.Length > MostOfAList)
            {
                throw new HttpRequestException($"the list of resources is larger than {MostOfAList} bytes");
            }
        }

        return body.ToArray();
    }

    public async Task<ApiResponse> HandOnAsync(ApiRequest request, MapNode apiService, CancellationToken cancellationToken)
    {
        ServiceAddress address = Address(apiService);
        if (!DefinitionStatus.IsTrue(apiService, "Available") || address.State != ServiceState.Found)
        {
            return Plain(503, "service unavailable\n");
        }

        if (request.IsUpgrade)
        {
            return Plain(501, "connections that change their protocol are not handed on to other API servers\n");
        }

        TlsTarget target = Target(apiService, address);
        try
        {
            return Answer(request, await Exchange.BeginAsync(target, identity.Value, Head(request), request.Body, cancellationToken).ConfigureAwait(false));
        }
        catch (HttpRequestException e)
        {
            return Plain(503, $"{Failure}{ServiceConnections.Describe(e, target)}\n");
        }
    }

    /// <summary>Why discovery failed, as the condition of an APIService says it.</summary>
    public static string WhyFailed(Exception e, MapNode apiService, ServiceAddress address)
    {
        string url = $"https://{address.Host}:{address.Port}/apis/{apiService.At("spec", "group")?.AsString()}/{apiService.At("spec", "version")?.AsString()}";
        return e switch
        {
            HttpRequestException { StatusCode: { } code } => $"bad status from {url}: {(int)code}",
            HttpRequestException failed => $"failing or missing response from {url}: Get \"{url}\": {ServiceConnections.Describe(failed, Target(apiService, address))}",
            _ => $"failing or missing response from {url}: Get \"{url}\": context deadline exceeded",
        };
    }

    private static ApiResponse Answer(ApiRequest request, Exchange exchange)
    {
        KeyValuePair<string, string>[] headers = [.. exchange.Headers.Where(header => !Own.Contains(header.Key))];
        bool hasBody = request.Method != "HEAD" && exchange.Code is not (204 or 304);
        return new ApiResponse(exchange.Code, exchange.Header("Content-Type"), default) { Headers = headers, Stream = ContentAsync(exchange, hasBody) };
    }

    private static async IAsyncEnumerable<Frame> ContentAsync(Exchange exchange, bool hasBody, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await using ConfiguredAsyncDisposable closing = exchange.ConfigureAwait(false);
        if (hasBody)
        {
            await foreach (ReadOnlyMemory<byte> part in exchange.BodyAsync(cancellationToken).ConfigureAwait(false))
            {
                yield return Frame.Of(part);
            }
        }
    }

    private static IEnumerable<string> Head(ApiRequest request)
    {
        yield return $"{request.Method} {request.Target} HTTP/1.1";
        foreach ((string name, string value) in ((string, string)[])[("Accept", request.Accept), ("Content-Type", request.ContentType), ("User-Agent", request.UserAgent), ("If-None-Match", request.IfNoneMatch)])
        {
            if (value.Length > 0)
            {
                yield return $"{name}: {value}";
            }
        }

        foreach (string line in Vouched(request.User))
        {
            yield return line;
        }
    }

    /// <summary>Headers that tell for whom a request is made.</summary>
    private static IEnumerable<string> Vouched(UserInfo user) =>
    [
        $"X-Remote-User: {user.Name}",
        .. user.Uid.Length > 0 ? [$"X-Remote-Uid: {user.Uid}"] : Array.Empty<string>(),
        .. user.Groups.Select(group => $"X-Remote-Group: {group}"),
        .. user.Extra.SelectMany(pair => pair.Value.Select(value => $"X-Remote-Extra-{Uri.EscapeDataString(pair.Key)}: {value}")),
    ];

    private static TlsTarget Target(MapNode apiService, ServiceAddress address) => new($"{Text(apiService, "name")}.{Text(apiService, "namespace")}.svc", address.Host, address.Port)
    {
        Authority = apiService.At("spec", "caBundle")?.AsString() is { Length: > 0 } bundle ? Encoding.UTF8.GetString(Convert.FromBase64String(bundle)) : null,
        SkipsVerification = apiService.At("spec", "insecureSkipTLSVerify")?.AsBool() == true,
    };

    private static ApiResponse Plain(int code, string text) => new(code, "text/plain; charset=utf-8", Encoding.UTF8.GetBytes(text));

    private static string Text(MapNode apiService, string member) => apiService.At("spec", "service", member)?.AsString() ?? string.Empty;

    private static long Port(MapNode apiService) => apiService.At("spec", "service", "port")?.AsInteger() ?? 443;
}
