using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.Resources.Tests.Merging;

/// <summary>Compares a tree of ours with what the API server answered.</summary>
internal static class RecordedTree
{
    private static readonly string[] Maintained = ["managedFields", "resourceVersion", "generation", "uid", "creationTimestamp"];

    public static MapNode Cleaned(MapNode node, bool keepStatus = false)
    {
        MapNode copy = (MapNode)node.DeepClone();
        foreach (string name in Maintained)
        {
            copy["metadata"]?.AsMap()?.Remove(name);
        }

        if (!keepStatus)
        {
            copy.Remove("status");
        }

        return copy;
    }

    /// <summary>The server adds defaults and drops what is empty, so everything in the patched tree must be in the recorded one.</summary>
    public static string? Missing(Node patched, Node? recorded, string path)
    {
        switch (patched)
        {
            case MapNode map:
                if (recorded is not MapNode theirs)
                {
                    return map.Count == 0 ? null : $"{path}: missing";
                }

                return map.Select(member => Missing(member.Value, theirs[member.Key], $"{path}.{member.Key}")).FirstOrDefault(difference => difference is not null);
            case ListNode list:
                if (recorded is not ListNode recordedList || recordedList.Count != list.Count)
                {
                    return list.Count == 0 && recorded is null ? null : $"{path}: {JsonWriter.ToText(list)} instead of {(recorded is null ? "nothing" : JsonWriter.ToText(recorded))}";
                }

                return list.Select((item, i) => Missing(item, recordedList[i], $"{path}[{i}]")).FirstOrDefault(difference => difference is not null);
            case NullNode:
                // Dropped when the server decodes the object.
                return null;
            default:
                return Node.DeepEquals(patched, recorded) ? null : $"{path}: {patched} instead of {recorded}";
        }
    }
}
