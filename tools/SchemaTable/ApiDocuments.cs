using System.IO.Compression;
using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.SchemaTable;

/// <summary>The recorded discovery and OpenAPI answers of one API server.</summary>
internal sealed record ApiDocuments(MapNode Discovery, IReadOnlyDictionary<string, string> StorageHashes, SortedDictionary<string, MapNode> Definitions)
{
    public static ApiDocuments Load(string folder)
    {
        MapNode discovery = ReadMap(File.ReadAllBytes(Path.Combine(folder, "discovery-aggregated.json")));
        MapNode legacy = ReadMap(File.ReadAllBytes(Path.Combine(folder, "discovery-legacy.json")));
        using GZipStream packed = new(File.OpenRead(Path.Combine(folder, "openapi-v3.json.gz")), CompressionMode.Decompress);
        using MemoryStream unpacked = new();
        packed.CopyTo(unpacked);
        return new ApiDocuments(discovery, Hashes(legacy), AllDefinitions(ReadMap(unpacked.ToArray())));
    }

    private static MapNode ReadMap(byte[] json) => (MapNode)JsonReader.Read(json);

    /// <summary>Every document repeats the definitions it needs. Two of them (DeleteOptions, WatchEvent) differ only in the groups they name; their union is taken by the caller's lookup, not here.</summary>
    private static SortedDictionary<string, MapNode> AllDefinitions(MapNode documents)
    {
        SortedDictionary<string, MapNode> definitions = new(StringComparer.Ordinal);
        foreach ((_, Node document) in documents)
        {
            foreach ((string name, Node definition) in document.At("components", "schemas")?.AsMap() ?? [])
            {
                definitions[name] = (MapNode)definition;
            }
        }

        return definitions;
    }

    private static Dictionary<string, string> Hashes(MapNode legacy)
    {
        Dictionary<string, string> hashes = new(StringComparer.Ordinal);
        foreach ((_, Node answer) in legacy)
        {
            foreach (Node resource in answer["resources"]?.AsList() ?? [])
            {
                if (resource["storageVersionHash"]?.AsString() is { } hash)
                {
                    hashes[$"{answer["groupVersion"]?.AsString()}/{resource["name"]?.AsString()}"] = hash;
                }
            }
        }

        return hashes;
    }
}
