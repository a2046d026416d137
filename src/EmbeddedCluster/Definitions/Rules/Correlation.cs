using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Definitions.Rules;

/// <summary>A value beside what it was before an update, where the two can be told to be the same thing.</summary>
/// <param name="Known">False below lists whose items have no identity; then <paramref name="Value"/> and <paramref name="Old"/> are of the nearest ancestor that has one.</param>
internal sealed record Correlation(bool Known, Node? Value, Node? Old)
{
    private bool? unchanged;

    /// <summary>A new object: nothing is unchanged.</summary>
    public static readonly Correlation None = new(false, null, null);

    /// <summary>Whether the value, or the nearest ancestor with an identity, is as it was.</summary>
    public bool IsUnchanged => unchanged ??= Value is not null && Old is not null && Value.DeepEquals(Old);

    public Correlation Member(string key, bool isRoot) => !Known ? this
        : isRoot && key is "apiVersion" or "kind" ? None
        : (Value?[key], Old?[key]) is ({ } value, { } old) ? new Correlation(true, value, old)
        : new Correlation(false, Value, Old);

    /// <summary>What an item of a map-type list was before; items of other lists have no identity.</summary>
    public Correlation Item(Node item, MapNode schema) => !Known ? this
        : FindOld(Old as ListNode, item, schema) is { } old ? new Correlation(true, item, old)
        : new Correlation(false, Value, Old);

    /// <summary>The item of the old list with the same keys.</summary>
    public static Node? FindOld(ListNode? old, Node item, MapNode schema)
    {
        if (old is null || schema["x-kubernetes-list-type"]?.AsString() != "map")
        {
            return null;
        }

        string[] keys = [.. (schema["x-kubernetes-list-map-keys"]?.AsList() ?? []).Select(key => key.AsString()!)];
        Node? Key(Node of, string key) => of[key] ?? schema.At("items", "properties", key, "default");
        return old.FirstOrDefault(candidate => keys.All(key => Node.DeepEquals(Key(candidate, key), Key(item, key))));
    }
}
