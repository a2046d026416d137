using Bowline.EmbeddedCluster.Kinds;
using Bowline.Resources.Merging;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.ApiServer;

/// <summary>Keeps managedFields of everything that is not an apply: who created or updated which fields.</summary>
internal static class FieldOwnership
{
    public static MapNode Created(ServedKind kind, MapNode node, WriteContext context, TimeProvider time)
    {
        ObjectMeta.Of(node).Remove("managedFields");
        if (KindsWithoutOwnership(kind))
        {
            return node;
        }

        Node? status = kind.HasStatus ? node["status"] : null;
        if (status is not null)
        {
            // Status is reset on creation; nobody owns what nobody set.
            node.Remove("status");
        }

        foreach (string member in context.Emptied)
        {
            node[member] = new ListNode();
        }

        MapNode owned = ServerSideApply.Update(null, node, kind.Schema, Writer(kind, context, string.Empty, time));
        foreach (string member in context.Emptied)
        {
            owned[member] = Node.Null;
        }

        if (status is not null)
        {
            owned["status"] = status;
        }

        return owned;
    }

    /// <param name="live">In the version of the request.</param>
    public static MapNode Updated(ServedKind kind, MapNode live, MapNode node, WriteContext context, string subresource, TimeProvider time)
    {
        MapNode metadata = ObjectMeta.Of(node);
        Node? sent = metadata["managedFields"];
        if (IsReset(sent))
        {
            // A client may drop all ownership by sending a list with one empty entry; nothing is recorded then.
            metadata.Remove("managedFields");
            return node;
        }

        if (sent is not ListNode { Count: > 0 })
        {
            Restore(metadata, live);
        }

        if (KindsWithoutOwnership(kind))
        {
            metadata.Remove("managedFields");
            return node;
        }

        return ServerSideApply.Update(live, node, kind.Schema, Writer(kind, context, subresource, time));
    }

    public static FieldWriter Writer(ServedKind kind, WriteContext context, string subresource, TimeProvider time) =>
        new(context.FieldManager, kind.Kind.ApiVersion, subresource, time.GetUtcNow());

    /// <summary>Whether both objects differ in nothing but managedFields' times and their own resourceVersion.</summary>
    public static bool SameApartFromTimes(MapNode left, MapNode right)
    {
        foreach ((string key, Node value) in left)
        {
            if (key != "metadata" && !Node.DeepEquals(right[key], value))
            {
                return false;
            }
        }

        if (left.Count != right.Count || left["metadata"] is not MapNode a || right["metadata"] is not MapNode b)
        {
            return false;
        }

        string[] keys = [.. a.Keys.Union(b.Keys).Where(key => key is not ("managedFields" or "resourceVersion"))];
        return keys.All(key => Node.DeepEquals(a[key], b[key])) && SameManagers(a["managedFields"], b["managedFields"]);
    }

    private static bool SameManagers(Node? left, Node? right)
    {
        ListNode a = left as ListNode ?? [];
        ListNode b = right as ListNode ?? [];
        if (a.Count != b.Count)
        {
            return false;
        }

        List<Node> unmatched = [.. b];
        foreach (Node entry in a)
        {
            int at = unmatched.FindIndex(other => SameEntry(entry, other));
            if (at < 0)
            {
                return false;
            }

            unmatched.RemoveAt(at);
        }

        return true;
    }

    private static bool SameEntry(Node left, Node right) =>
        left["manager"]?.AsString() == right["manager"]?.AsString() && left["operation"]?.AsString() == right["operation"]?.AsString()
        && left["apiVersion"]?.AsString() == right["apiVersion"]?.AsString() && left["subresource"]?.AsString() == right["subresource"]?.AsString()
        && Node.DeepEquals(left["fieldsV1"], right["fieldsV1"]);

    private static bool IsReset(Node? sent) => sent is ListNode { Count: 1 } list && list[0] is MapNode entry && entry.Values.All(value => value is StringNode { Value: "" } or NullNode);

    // Their schema calls spec.request, a string, a list; the reference fails to compare them and keeps no managers then.
    private static bool KindsWithoutOwnership(ServedKind kind) => kind.QualifiedPlural == "certificatesigningrequests.certificates.k8s.io";

    private static void Restore(MapNode metadata, MapNode live)
    {
        if (live["metadata"]?["managedFields"] is { } kept)
        {
            metadata["managedFields"] = kept;
        }
        else
        {
            metadata.Remove("managedFields");
        }
    }
}
