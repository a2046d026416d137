using System.Security.Cryptography;
using System.Text;
using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.ApiServer.Access;

/// <summary>JSON web tokens of this cluster: signed with its key (ES256), and read only when that key signed them.</summary>
internal sealed class TokenCodec
{
    private const int MaxLength = 16 * 1024;
    private readonly ECDsa key;
    private readonly string header;
    private readonly string keyId;
    private readonly Lock gate = new();

    public TokenCodec(ECDsa key)
    {
        this.key = key;
        keyId = Encode(SHA256.HashData(key.ExportSubjectPublicKeyInfo()));
        header = Encode(JsonWriter.ToBytes(new MapNode { ["alg"] = "ES256", ["kid"] = keyId }));
    }

    public string Sign(MapNode claims)
    {
        string signed = header + "." + Encode(JsonWriter.ToBytes(claims));
        lock (gate)
        {
            return signed + "." + Encode(key.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256));
        }
    }

    /// <summary>The claims; null when the token is malformed or another key signed it. Whether it is still valid is not looked at.</summary>
    public MapNode? Read(string token)
    {
        // Only our own header is accepted, so no token can choose its algorithm or key.
        if (token.Length > MaxLength || token.Split('.') is not [var head, var body, var signature] || head != header)
        {
            return null;
        }

        try
        {
            lock (gate)
            {
                if (!key.VerifyData(Encoding.ASCII.GetBytes(head + "." + body), Decode(signature), HashAlgorithmName.SHA256))
                {
                    return null;
                }
            }

            return JsonReader.Read(Decode(body), 16) as MapNode;
        }
        catch (Exception e) when (e is FormatException or System.Text.Json.JsonException or CryptographicException)
        {
            return null;
        }
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
                ["kid"] = keyId,
                ["crv"] = "P-256",
                ["alg"] = "ES256",
                ["x"] = Encode(parameters.Q.X),
                ["y"] = Encode(parameters.Q.Y),
            }),
        };
    }

    private static string Encode(ReadOnlySpan<byte> bytes) => Convert.ToBase64String(bytes).TrimEnd('=').Replace('+', '-').Replace('/', '_');

    private static byte[] Decode(string text)
    {
        string base64 = text.Replace('-', '+').Replace('_', '/');
        return Convert.FromBase64String(base64.PadRight((base64.Length + 3) & ~3, '='));
    }
}
