using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Bowline.EmbeddedCluster.Admission;
using Bowline.EmbeddedCluster.ApiServer.Proxying;
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

    /// <summary>The APIService that gives a group-version to somebody else; null when there is none.</summary>
    public MapNode? Find(string group, string version) =>
        store.Get(Collection, string.Empty, $"{version}.{group}") is { } found && found.Node.At("spec", "service") is MapNode ? found.Node : null;

    public ServiceAddress Address(MapNode apiService) => services.Find(Text(apiService, "namespace"), Text(apiService, "name"), Port(apiService));

    /// <summary>The group-version's list of resources.</summary>
    /// <exception cref="HttpRequestException">No answer, or none that is a success.</exception>
    public async Task<byte[]> DiscoverAsync(MapNode apiService, ServiceAddress address, CancellationToken cancellationToken)
    {
        string path = $"/apis/{apiService.At("spec", "group")?.AsString()}/{apiService.At("spec", "version")?.AsString()}";
        return (await ReadAsync(apiService, address, path, string.Empty, MostOfAList, cancellationToken).ConfigureAwait(false)).Body!;
    }

    /// <summary>What the server tells of itself at a path.</summary>
    /// <param name="tag">What is known already; an answer that is still that one has no body.</param>
    /// <param name="most">A longer answer is none.</param>
    /// <exception cref="HttpRequestException">No answer, or none that is a success.</exception>
    public async Task<(byte[]? Body, string Tag)> ReadAsync(MapNode apiService, ServiceAddress address, string path, string tag, int most, CancellationToken cancellationToken)
    {
        ServerTarget target = Target(apiService, address);
        string[] head = [$"GET {path} HTTP/1.1", $"Host: {HostOf(target)}", "Accept: application/json", .. tag.Length > 0 ? [$"If-None-Match: {tag}"] : Array.Empty<string>(), .. Vouched(Checker)];
        await using Exchange exchange = await Exchange.BeginAsync(target, identity.Value, head, default, cancellationToken).ConfigureAwait(false);
        if (exchange.Code == 304 && tag.Length > 0)
        {
            return (null, tag);
        }

        if (exchange.Code is < 200 or >= 300)
        {
            throw new HttpRequestException(null, null, (HttpStatusCode)exchange.Code);
        }

        using MemoryStream body = new();
        await foreach (ReadOnlyMemory<byte> part in exchange.BodyAsync(cancellationToken).ConfigureAwait(false))
        {
            body.Write(part.Span);
            if (body.Length > most)
            {
                throw new HttpRequestException($"the answer is larger than {most} bytes");
            }
        }

        return (body.ToArray(), exchange.Header("ETag"));
    }

    public async Task<ApiResponse> HandOnAsync(ApiRequest request, MapNode apiService, CancellationToken cancellationToken)
    {
        ServiceAddress address = Address(apiService);
        if (!DefinitionStatus.IsTrue(apiService, "Available") || address.State != ServiceState.Found)
        {
            return Plain(503, "service unavailable\n");
        }

        ServerTarget target = Target(apiService, address);
        OnwardRequest onward = new(target, request.Target) { Host = HostOf(target), Identity = identity.Value, RefusesRedirects = true, VouchedPrefix = "X-Remote-", Vouched = Vouched(request.User) };
        try
        {
            return await ReverseProxy.HandOnAsync(request, onward, cancellationToken).ConfigureAwait(false);
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

    /// <summary>Headers that tell for whom a request is made.</summary>
    private static string[] Vouched(UserInfo user) =>
    [
        $"X-Remote-User: {user.Name}",
        .. user.Uid.Length > 0 ? [$"X-Remote-Uid: {user.Uid}"] : Array.Empty<string>(),
        .. user.Groups.Select(group => $"X-Remote-Group: {group}"),
        .. user.Extra.SelectMany(pair => pair.Value.Select(value => $"X-Remote-Extra-{Uri.EscapeDataString(pair.Key)}: {value}")),
    ];

    private static ServerTarget Target(MapNode apiService, ServiceAddress address) => new($"{Text(apiService, "name")}.{Text(apiService, "namespace")}.svc", address.Host, address.Port)
    {
        Authority = apiService.At("spec", "caBundle")?.AsString() is { Length: > 0 } bundle ? Encoding.UTF8.GetString(Convert.FromBase64String(bundle)) : null,
        SkipsVerification = apiService.At("spec", "insecureSkipTLSVerify")?.AsBool() == true,
    };

    private static string HostOf(ServerTarget target) => $"{target.Name}:{target.Port}";

    private static ApiResponse Plain(int code, string text) => new(code, "text/plain; charset=utf-8", Encoding.UTF8.GetBytes(text));

    private static string Text(MapNode apiService, string member) => apiService.At("spec", "service", member)?.AsString() ?? string.Empty;

    private static long Port(MapNode apiService) => apiService.At("spec", "service", "port")?.AsInteger() ?? 443;
}
