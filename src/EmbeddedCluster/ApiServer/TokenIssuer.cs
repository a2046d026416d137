using System.Security.Cryptography;
using System.Text;
using Bowline.EmbeddedCluster.Admission;
using Bowline.EmbeddedCluster.Kinds;
using Bowline.EmbeddedCluster.Validation;
using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.ApiServer;

/// <summary>Signs and checks service account tokens (ES256).</summary>
internal sealed class TokenIssuer(ECDsa key, TimeProvider time)
{
    public const string Issuer = "https://kubernetes.default.svc";
    private readonly Lock gate = new();

    /// <summary>Answers a TokenRequest for a service account.</summary>
    public Task<MapNode> CreateAsync(ResourceService service, string @namespace, string name, MapNode body, WriteContext context)
    {
        ServedKind accounts = service.Kinds.Current.Find(string.Empty, "v1", "serviceaccounts")!;
        MapNode account = service.Get(accounts, @namespace, name).Node;
        long seconds = body.At("spec", "expirationSeconds")?.AsInteger() ?? 3600;
        if (seconds < 600)
        {
            throw ApiErrors.Invalid("authentication.k8s.io", "TokenRequest", string.Empty, [FieldError.Invalid("spec.expirationSeconds", seconds, "may not specify a duration less than 10 minutes")]);
        }

        ListNode audiences = body.At("spec", "audiences") is ListNode { Count: > 0 } asked ? (ListNode)asked.DeepClone() : new ListNode(StringNode.Of(Issuer));
        Node? bound = body.At("spec", "boundObjectRef");
        CheckBound(service, @namespace, bound);
        long now = time.GetUtcNow().ToUnixTimeSeconds();
        string token = Sign(Claims(@namespace, account, audiences, now, seconds));
        MapNode spec = new() { ["audiences"] = audiences, ["expirationSeconds"] = seconds, ["boundObjectRef"] = bound is MapNode ? bound.DeepClone() : Node.Null };
        return Task.FromResult(new MapNode
        {
            ["kind"] = "TokenRequest",
            ["apiVersion"] = "authentication.k8s.io/v1",
            ["metadata"] = new MapNode { ["name"] = name, ["namespace"] = @namespace, ["uid"] = ObjectMeta.Text(account, "uid"), ["creationTimestamp"] = Stamp(now) },
            ["spec"] = spec,
            ["status"] = new MapNode { ["token"] = token, ["expirationTimestamp"] = Stamp(now + seconds) },
        });
    }

    /// <summary>The account behind a token; null when it is not ours, expired, or meant for someone else.</summary>
    public UserInfo? Authenticate(string token, ResourceService service, out string? error, string? audience = Issuer)
    {
        error = "invalid bearer token";
        if (Verify(token) is not { } claims)
        {
            return null;
        }

        if ((claims["exp"]?.AsInteger() ?? 0) < time.GetUtcNow().ToUnixTimeSeconds())
        {
            error = "[invalid bearer token, service account token has expired]";
            return null;
        }

        if (audience is not null && !(claims["aud"]?.AsList() ?? []).Any(item => item.AsString() == audience))
        {
            string had = string.Join(" ", (claims["aud"]?.AsList() ?? []).Select(item => $"\"{item.AsString()}\""));
            error = $"[invalid bearer token, token audiences [{had}] is invalid for the target audiences [\"{audience}\"]]";
            return null;
        }

        Node? about = claims["kubernetes.io"];
        string @namespace = about?["namespace"]?.AsString() ?? string.Empty;
        string name = about?.At("serviceaccount", "name")?.AsString() ?? string.Empty;
        string uid = about?.At("serviceaccount", "uid")?.AsString() ?? string.Empty;
        if (service.Store.Get("serviceaccounts", @namespace, name) is not { } account || account.Uid != uid)
        {
            return null;
        }

        error = null;
        return new UserInfo($"system:serviceaccount:{@namespace}:{name}", ["system:serviceaccounts", $"system:serviceaccounts:{@namespace}", "system:authenticated"])
        {
            Uid = uid,
            Extra = new Dictionary<string, IReadOnlyList<string>> { ["authentication.kubernetes.io/credential-id"] = ["JTI=" + claims["jti"]?.AsString()] },
        };
    }

    /// <summary>The public key as a JSON web key set.</summary>
    public MapNode KeySet()
    {
        ECParameters parameters = key.ExportParameters(includePrivateParameters: false);
        return new MapNode
        {
            ["keys"] = new ListNode(new MapNode
            {
                ["use"] = "sig",
                ["kty"] = "EC",
                ["crv"] = "P-256",
                ["alg"] = "ES256",
                ["x"] = Encode(parameters.Q.X),
                ["y"] = Encode(parameters.Q.Y),
            }),
        };
    }

    private static void CheckBound(ResourceService service, string @namespace, Node? bound)
    {
        if (bound?["kind"]?.AsString() is not { Length: > 0 } kind || bound["name"]?.AsString() is not { Length: > 0 } name)
        {
            return;
        }

        string plural = kind.ToLowerInvariant() + "s";
        if (plural is "pods" or "secrets" && service.Store.Get(plural, @namespace, name) is null)
        {
            throw ApiErrors.NotFound(string.Empty, plural, name);
        }
    }

    private static MapNode Claims(string @namespace, MapNode account, ListNode audiences, long now, long seconds) => new()
    {
        ["aud"] = audiences,
        ["exp"] = now + seconds,
        ["iat"] = now,
        ["iss"] = Issuer,
        ["jti"] = Guid.NewGuid().ToString(),
        ["kubernetes.io"] = new MapNode
        {
            ["namespace"] = @namespace,
            ["serviceaccount"] = new MapNode { ["name"] = ObjectMeta.Name(account), ["uid"] = ObjectMeta.Text(account, "uid") },
        },
        ["nbf"] = now,
        ["sub"] = $"system:serviceaccount:{@namespace}:{ObjectMeta.Name(account)}",
    };

    private static string Stamp(long seconds) => DateTimeOffset.FromUnixTimeSeconds(seconds).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'");

    private static string Encode(ReadOnlySpan<byte> bytes) => Convert.ToBase64String(bytes).TrimEnd('=').Replace('+', '-').Replace('/', '_');

    private static byte[] Decode(string text)
    {
        string base64 = text.Replace('-', '+').Replace('_', '/');
        return Convert.FromBase64String(base64.PadRight((base64.Length + 3) & ~3, '='));
    }

    private string Sign(MapNode claims)
    {
        string signed = Encode("""{"alg":"ES256","typ":"JWT"}"""u8) + "." + Encode(JsonWriter.ToBytes(claims));
        lock (gate)
        {
            return signed + "." + Encode(key.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256));
        }
    }

    private MapNode? Verify(string token)
    {
        string[] parts = token.Split('.');
        if (parts.Length != 3 || token.Length > 16 * 1024)
        {
            return null;
        }

        try
        {
            lock (gate)
            {
                if (!key.VerifyData(Encoding.ASCII.GetBytes(parts[0] + "." + parts[1]), Decode(parts[2]), HashAlgorithmName.SHA256))
                {
                    return null;
                }
            }

            return JsonReader.Read(Decode(parts[1]), 16) as MapNode;
        }
        catch (Exception e) when (e is FormatException or System.Text.Json.JsonException or CryptographicException)
        {
            return null;
        }
    }
}
