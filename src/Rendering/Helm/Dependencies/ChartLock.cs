using System.Globalization;
using System.Text;
using Bowline.Rendering.Helm.Charts;
using Bowline.Resources.Json;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;
using Bowline.Sources.Downloads;

namespace Bowline.Rendering.Helm.Dependencies;

/// <summary>Chart.lock (requirements.lock in old charts): the versions that the ranges meant, and a digest over both.</summary>
internal sealed record ChartLock(IReadOnlyList<ChartDependency> Dependencies, string Digest)
{
    public static ChartLock Read(byte[] content)
    {
        Node root = GoYaml.ReadTyped(content);
        ChartMetadata fields = new();
        ChartMetadataReader.Fill(fields, root is MapNode map ? new MapNode { ["dependencies"] = map["dependencies"] ?? Node.Null } : root);
        List<ChartDependency> dependencies = [.. (fields.Dependencies ?? []).Select(one => one ?? throw new ChartException("dependencies must not contain empty or null nodes"))];
        return new ChartLock(dependencies, root["digest"]?.AsString() ?? string.Empty);
    }

    /// <summary>Helm 3's digest: of the declared and the locked entries as encoding/json writes them.</summary>
    public static string DigestOf(IReadOnlyList<ChartDependency> declared, IReadOnlyList<ChartDependency> locked) =>
        Hash(DigestedText(declared, locked));

    /// <summary>Helm 2's, which charts of apiVersion v1 may still have: of the declared entries alone.</summary>
    public static string OldDigestOf(IReadOnlyList<ChartDependency> declared) => Hash(Json(new MapNode { ["dependencies"] = Entries(declared) }));

    internal static string DigestedText(IReadOnlyList<ChartDependency> declared, IReadOnlyList<ChartDependency> locked) =>
        Json(new ListNode { Entries(declared), Entries(locked) });

    public string Text(DateTimeOffset generated) => YamlWriter.ToText(new MapNode
    {
        ["dependencies"] = new ListNode(Dependencies.Select(one => (Node)new MapNode { ["name"] = one.Name, ["repository"] = one.Repository, ["version"] = one.Version })),
        ["digest"] = Digest,
        ["generated"] = generated.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture),
    });

    private static string Hash(string text) => ContentDigest.Of(Encoding.UTF8.GetBytes(text)).ToString();

    private static string Json(Node node) => JsonWriter.ToText(node, JsonWriteOptions.Compact with { EscapeHtml = true });

    private static ListNode Entries(IReadOnlyList<ChartDependency> dependencies) => new(dependencies.Select(Entry));

    /// <summary>The struct's members in their order, empty ones left out where Go leaves them out.</summary>
    private static Node Entry(ChartDependency one)
    {
        MapNode entry = new() { ["name"] = one.Name };
        AddText(entry, "version", one.Version);
        entry["repository"] = one.Repository;
        AddText(entry, "condition", one.Condition);
        if (one.Tags.Count > 0)
        {
            entry["tags"] = new ListNode(one.Tags.Select(tag => (Node)tag));
        }

        if (one.Enabled)
        {
            entry["enabled"] = true;
        }

        if (one.ImportValues.Count > 0)
        {
            entry["import-values"] = new ListNode(one.ImportValues.Select(Sorted));
        }

        AddText(entry, "alias", one.Alias);
        return entry;
    }

    private static void AddText(MapNode entry, string key, string text)
    {
        if (text.Length > 0)
        {
            entry[key] = text;
        }
    }

    /// <summary>Go writes a map's keys in order.</summary>
    private static Node Sorted(Node node) => JsonReader.Read(Encoding.UTF8.GetBytes(JsonWriter.ToText(node, JsonWriteOptions.Compact with { SortKeys = true })));
}
