using System.IO.Compression;
using System.Text.Json;
using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Kinds;

/// <summary>The recorded API facts that <c>tools/apiserver_data.py</c> put into this assembly.</summary>
internal static class EmbeddedData
{
    public static Stream Open(string name) =>
        typeof(EmbeddedData).Assembly.GetManifestResourceStream(name) ?? throw new InvalidOperationException($"No embedded file {name}");

    public static byte[] Bytes(string name)
    {
        using Stream stream = Open(name);
        byte[] bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }

    public static MapNode Json(string name) => (MapNode)JsonReader.Read(Bytes(name));

    public static byte[] Unzipped(string name)
    {
        using GZipStream stream = new(Open(name), CompressionMode.Decompress);
        using MemoryStream memory = new();
        stream.CopyTo(memory);
        return memory.ToArray();
    }

    /// <summary>The members of a zipped JSON object, each as its own document.</summary>
    public static IReadOnlyDictionary<string, byte[]> UnzippedMembers(string name)
    {
        using JsonDocument document = JsonDocument.Parse(Unzipped(name));
        return document.RootElement.EnumerateObject()
            .ToDictionary(member => member.Name, member => System.Text.Encoding.UTF8.GetBytes(member.Value.GetRawText()), StringComparer.Ordinal);
    }
}
