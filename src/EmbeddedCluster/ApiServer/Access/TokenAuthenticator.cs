using System.Security.Cryptography;
using System.Text;
using Bowline.EmbeddedCluster.Admission;
using Bowline.EmbeddedCluster.Storage;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.ApiServer.Access;

/// <summary>Whom a bearer token stands for, or why nobody.</summary>
/// <param name="Audiences">Those of the asked ones that the token is meant for.</param>
internal sealed record TokenIdentity(UserInfo? User, IReadOnlyList<string> Audiences, string Error)
{
    public static TokenIdentity Refused(string why = "invalid bearer token") => new(null, [], why);
}

/// <summary>
/// Reads bearer tokens: fixed ones, and those of service accounts while they are valid, meant for the asked audience, and their account
/// and whatever else they are bound to exists.
/// </summary>
internal sealed class TokenAuthenticator(TokenCodec codec, ObjectStore store, TimeProvider time, IReadOnlyList<(string Token, UserInfo User)> fixedTokens)
{
    // Clocks of a laptop that slept may step back a little.
    private const long Leeway = 10;
    private readonly (byte[] Digest, UserInfo User)[] fixedDigests = [.. fixedTokens.Select(item => (Digest(item.Token), item.User))];

    public TokenIdentity Authenticate(string token, IReadOnlyList<string> audiences)
    {
        if (FixedUser(token) is { } user)
        {
            return audiences.Contains(TokenIssuer.Issuer) ? new TokenIdentity(user, [TokenIssuer.Issuer], string.Empty) : TokenIdentity.Refused();
        }

        if (codec.Read(token) is not { } claims || claims["iss"]?.AsString() != TokenIssuer.Issuer)
        {
            return TokenIdentity.Refused();
        }

        string[] had = [.. (claims["aud"]?.AsList() ?? []).Select(item => item.AsString() ?? string.Empty)];
        string[] shared = [.. audiences.Where(had.Contains)];
        if (shared.Length == 0)
        {
            string Quoted(IEnumerable<string> list) => string.Join(' ', list.Select(item => $"\"{item}\""));
            return TokenIdentity.Refused($"[invalid bearer token, token audiences [{Quoted(had)}] is invalid for the target audiences [{Quoted(audiences)}]]");
        }

        long now = time.GetUtcNow().ToUnixTimeSeconds();
        if ((claims["exp"]?.AsInteger() ?? 0) <= now)
        {
            return TokenIdentity.Refused("[invalid bearer token, service account token has expired]");
        }

        if ((claims["nbf"]?.AsInteger() ?? long.MaxValue) > now + Leeway)
        {
            return TokenIdentity.Refused("[invalid bearer token, service account token is not valid yet]");
        }

        return Account(claims, shared);
    }

    private TokenIdentity Account(MapNode claims, IReadOnlyList<string> audiences)
    {
        Node? about = claims["kubernetes.io"];
        string @namespace = about?["namespace"]?.AsString() ?? string.Empty;
        string name = about?.At("serviceaccount", "name")?.AsString() ?? string.Empty;
        if (!Exists("serviceaccounts", @namespace, about?["serviceaccount"]))
        {
            return TokenIdentity.Refused("[invalid bearer token, service account token has been invalidated]");
        }

        // A pod's token names its node too, but ends with the pod only.
        bool bound = (about?["pod"] is not { } pod || Exists("pods", @namespace, pod))
            && (about?["secret"] is not { } secret || Exists("secrets", @namespace, secret))
            && (about?["pod"] is not null || about?["node"] is not { } node || Exists("nodes", string.Empty, node));
        if (!bound)
        {
            return TokenIdentity.Refused("[invalid bearer token, service account token has been invalidated]");
        }

        UserInfo user = new($"system:serviceaccount:{@namespace}:{name}", ["system:serviceaccounts", $"system:serviceaccounts:{@namespace}", "system:authenticated"])
        {
            Uid = about!.At("serviceaccount", "uid")?.AsString() ?? string.Empty,
            Extra = Extra(claims, about),
        };
        return new TokenIdentity(user, audiences, string.Empty);
    }

    private static Dictionary<string, IReadOnlyList<string>> Extra(MapNode claims, Node about)
    {
        Dictionary<string, IReadOnlyList<string>> extra = new() { ["authentication.kubernetes.io/credential-id"] = ["JTI=" + claims["jti"]?.AsString()] };
        foreach (string kind in (string[])["node", "pod"])
        {
            foreach (string part in (string[])["name", "uid"])
            {
                if (about.At(kind, part)?.AsString() is { Length: > 0 } value)
                {
                    extra[$"authentication.kubernetes.io/{kind}-{part}"] = [value];
                }
            }
        }

        return extra;
    }

    private bool Exists(string collection, string @namespace, Node? reference) =>
        store.Get(collection, @namespace, reference?["name"]?.AsString() ?? string.Empty) is { } found && found.Uid == reference?["uid"]?.AsString();

    private UserInfo? FixedUser(string token)
    {
        if (fixedDigests.Length == 0)
        {
            return null;
        }

        // All are compared, in constant time: how long it takes says nothing about the tokens.
        byte[] digest = Digest(token);
        UserInfo? found = null;
        foreach ((byte[] known, UserInfo user) in fixedDigests)
        {
            if (CryptographicOperations.FixedTimeEquals(known, digest))
            {
                found = user;
            }
        }

        return found;
    }

    private static byte[] Digest(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));
}
