using System.Security.Cryptography;
using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.ApiServer.Discovery;

/// <summary>An OpenAPI document in the forms that it is served in, each made when it is first asked for.</summary>
/// <param name="json">The document.</param>
/// <param name="protobuf">Writes it for clients that want protobuf.</param>
internal sealed class OpenApiDocument(byte[] json, Func<MapNode, byte[]> protobuf)
{
    private readonly Lazy<string> hash = new(() => Convert.ToHexString(SHA512.HashData(json)));
    private readonly Lazy<byte[]> written = new(() => protobuf((MapNode)JsonReader.Read(json)));

    public byte[] Json => json;

    public byte[] Protobuf => written.Value;

    public string Hash => hash.Value;

    /// <summary>The entity tag of every form, which Vary allows.</summary>
    public string Tag => $"\"{Hash}\"";
}
