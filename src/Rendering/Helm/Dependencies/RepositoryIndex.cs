using Bowline.Languages.GoTemplates.Sprig;
using Bowline.Rendering.Helm.Charts;
using Bowline.Resources.Model;

namespace Bowline.Rendering.Helm.Dependencies;

/// <summary>One version of a chart in a repository.</summary>
/// <param name="Address">Relative to the repository, or an address of its own.</param>
/// <param name="Digest">Empty when the index has none.</param>
internal sealed record IndexedChart(SemanticVersion Version, string Address, string Digest);

/// <summary>
/// An index.yaml. Entries that are null, empty or no charts are passed over, as Helm does: one careless publisher must not
/// take a repository down for everybody.
/// </summary>
internal sealed class RepositoryIndex
{
    private readonly MapNode entries;

    private RepositoryIndex(MapNode entries) => this.entries = entries;

    /// <exception cref="ChartException">Not an index.</exception>
    public static RepositoryIndex Parse(byte[] content)
    {
        Node root = GoYaml.ReadTyped(content);
        if (root.IsNull)
        {
            throw new ChartException("empty index.yaml file");
        }

        MapNode index = root as MapNode ?? throw new ChartException(JsonTyping.Mismatch(root, "value", "repo.IndexFile"));
        if (Text(index, "apiVersion").Length == 0)
        {
            throw new ChartException("no API version specified");
        }

        return new RepositoryIndex(index["entries"] as MapNode ?? []);
    }

    /// <summary>A chart's versions, newest first; equal ones in the index's own order.</summary>
    public IReadOnlyList<IndexedChart> VersionsOf(string chart) => entries[chart] is ListNode list
        ? [.. list.OfType<MapNode>().Select(Read).OfType<IndexedChart>().OrderByDescending(one => one.Version)]
        : [];

    private static IndexedChart? Read(MapNode entry) =>
        SemanticVersion.Parse(Text(entry, "version"), out _) is { } version
        && entry["urls"] is ListNode urls && urls.Count > 0 && urls[0] is StringNode { Value.Length: > 0 } address
            ? new IndexedChart(version, address.Value, Text(entry, "digest"))
            : null;

    private static string Text(MapNode map, string key) => map.TryGet(key, out Node? value) && value is not null ? JsonTyping.ScalarText(value) ?? string.Empty : string.Empty;
}
