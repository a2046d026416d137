using Bowline.EmbeddedCluster.Kinds;
using Bowline.EmbeddedCluster.Storage;
using Bowline.EmbeddedCluster.Validation;
using Bowline.Resources.Merging;
using Bowline.Resources.Model;
using Bowline.Resources.Schemas;

namespace Bowline.EmbeddedCluster.ApiServer.Access;

/// <summary>Answers TokenRequests of service accounts. A token may be bound to a Pod, Secret or Node, and ends with it.</summary>
internal sealed class TokenIssuer(TokenCodec codec, TimeProvider time)
{
    public const string Issuer = "https://kubernetes.default.svc";
    private const long MostSeconds = 1L << 32;

    public MapNode KeySet() => codec.KeySet();

    public Task<MapNode> CreateAsync(ResourceService service, string @namespace, string name, MapNode body, WriteContext context)
    {
        ServedKind accounts = service.Kinds.Current.Find(string.Empty, "v1", "serviceaccounts")!;
        MapNode account = service.Get(accounts, @namespace, name).Node;
        long seconds = body.At("spec", "expirationSeconds")?.AsInteger() ?? 3600;
        CheckSeconds(seconds);
        ListNode audiences = body.At("spec", "audiences") is ListNode { Count: > 0 } asked ? (ListNode)asked.DeepClone() : new ListNode(StringNode.Of(Issuer));
        Node? bound = body.At("spec", "boundObjectRef");
        long now = time.GetUtcNow().ToUnixTimeSeconds();
        MapNode about = new()
        {
            ["namespace"] = @namespace,
            ["serviceaccount"] = Reference(account),
        };
        AddBound(service, about, @namespace, name, bound);
        string token = context.DryRun ? string.Empty : codec.Sign(Claims(@namespace, name, about, audiences, now, seconds));
        MapNode spec = new() { ["audiences"] = audiences, ["expirationSeconds"] = seconds, ["boundObjectRef"] = bound is MapNode ? bound.DeepClone() : Node.Null };
        return Task.FromResult(new MapNode
        {
            ["kind"] = "TokenRequest",
            ["apiVersion"] = "authentication.k8s.io/v1",
            ["metadata"] = new MapNode { ["name"] = name, ["namespace"] = @namespace, ["uid"] = ObjectMeta.Text(account, "uid"), ["creationTimestamp"] = Stamp(now), ["managedFields"] = Managers(body, context) },
            ["spec"] = spec,
            ["status"] = new MapNode { ["token"] = token, ["expirationTimestamp"] = Stamp(now + seconds) },
        });
    }

    private ListNode Managers(MapNode body, WriteContext context)
    {
        MapNode request = new() { ["apiVersion"] = "authentication.k8s.io/v1", ["kind"] = "TokenRequest", ["spec"] = body["spec"]?.DeepClone() ?? new MapNode() };
        request.EnsureMap("spec")["expirationSeconds"] = request.At("spec", "expirationSeconds") ?? IntegerNode.Of(3600);
        FieldWriter writer = new(context.FieldManager, "authentication.k8s.io/v1", "token", time.GetUtcNow());
        // Go's empty TokenRequest has these members already.
        MapNode empty = new() { ["spec"] = new MapNode { ["audiences"] = Node.Null, ["expirationSeconds"] = Node.Null, ["boundObjectRef"] = Node.Null } };
        MapNode owned = ServerSideApply.Update(empty, request, KubernetesKinds.SchemaOf("io.k8s.api.authentication.v1.TokenRequest"), writer);
        return owned["metadata"]?["managedFields"] as ListNode ?? [];
    }

    private static void CheckSeconds(long seconds)
    {
        string? wrong = seconds < 600 ? "may not specify a duration less than 10 minutes" : seconds > MostSeconds ? "may not specify a duration larger than 2^32 seconds" : null;
        if (wrong is not null)
        {
            throw ApiErrors.Invalid("authentication.k8s.io", "TokenRequest", string.Empty, [FieldError.Invalid("spec.expirationSeconds", seconds, wrong)]);
        }
    }

    private static void AddBound(ResourceService service, MapNode about, string @namespace, string account, Node? bound)
    {
        if (bound?["kind"]?.AsString() is not { Length: > 0 } kind)
        {
            return;
        }

        string apiVersion = bound["apiVersion"]?.AsString() ?? string.Empty;
        if (apiVersion != "v1" || kind is not ("Pod" or "Secret" or "Node"))
        {
            string group = apiVersion.Contains('/', StringComparison.Ordinal) ? apiVersion : "/" + apiVersion;
            throw ApiErrors.BadRequest($"cannot bind token for serviceaccount \"{account}\" to object type {group}, Kind={kind}");
        }

        string plural = kind.ToLowerInvariant() + "s";
        string name = bound["name"]?.AsString() ?? string.Empty;
        StoredObject found = service.Store.Get(plural, kind == "Node" ? string.Empty : @namespace, name) ?? throw ApiErrors.NotFound(string.Empty, plural, name);
        if (bound["uid"]?.AsString() is { Length: > 0 } uid && uid != found.Uid)
        {
            ServedKind served = service.Kinds.Current.Find(string.Empty, "v1", plural)!;
            throw ApiErrors.Conflict(served, name, $"the UID in the bound object reference ({uid}) does not match the UID in record. The object might have been deleted and then recreated");
        }

        about[kind.ToLowerInvariant()] = Reference(found.Node);
        if (kind == "Pod")
        {
            AddNode(service, about, account, found.Node);
        }
    }

    /// <summary>A pod's token names the node that it runs on.</summary>
    private static void AddNode(ResourceService service, MapNode about, string account, MapNode pod)
    {
        if (pod.At("spec", "serviceAccountName")?.AsString() != account)
        {
            throw ApiErrors.BadRequest($"cannot bind token for serviceaccount \"{account}\" to pod running with different serviceaccount name.");
        }

        if (pod.At("spec", "nodeName")?.AsString() is { Length: > 0 } nodeName)
        {
            about["node"] = service.Store.Get("nodes", string.Empty, nodeName) is { } node ? Reference(node.Node) : new MapNode { ["name"] = nodeName };
        }
    }

    private static MapNode Reference(MapNode node) => new() { ["name"] = ObjectMeta.Name(node), ["uid"] = ObjectMeta.Text(node, "uid") };

    private static MapNode Claims(string @namespace, string name, MapNode about, ListNode audiences, long now, long seconds) => new()
    {
        ["aud"] = audiences,
        ["exp"] = now + seconds,
        ["iat"] = now,
        ["iss"] = Issuer,
        ["jti"] = Guid.NewGuid().ToString(),
        ["kubernetes.io"] = about,
        ["nbf"] = now,
        ["sub"] = $"system:serviceaccount:{@namespace}:{name}",
    };

    private static string Stamp(long seconds) => Timestamp.Text(DateTimeOffset.FromUnixTimeSeconds(seconds));
}
