using Bowline.Cluster.Requests;
using Bowline.Delivery.Desired;
using Bowline.Resources.Model;
using Bowline.Resources.Schemas;

namespace Bowline.Delivery.Diffing;

/// <summary>
/// Server-side apply for servers before Kubernetes 1.21 as well: those know no defaults of the keys by which lists are merged, and
/// refuse a Service whose ports leave out <c>protocol</c>. What they refuse for that is sent once more with the keys spelt out.
/// </summary>
internal static class KeyedLists
{
    private const string KeyOmitted = "has an element that omits key field";

    public static async Task<MapNode> ApplyAsync(ICluster cluster, DesiredObject desired, WriteOptions options, CancellationToken cancellationToken)
    {
        try
        {
            return await cluster.ApplyAsync(desired.Key, desired.Body, options, cancellationToken).ConfigureAwait(false);
        }
        catch (ClusterException refused) when (refused.Message.Contains(KeyOmitted, StringComparison.Ordinal) && KubernetesKinds.Find(desired.Kind!.Kind)?.Schema is { } schema)
        {
            return await cluster.ApplyAsync(desired.Key, Complete(desired.Body, schema), options, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>A copy in which every element of a keyed list has all its keys that have a default.</summary>
    internal static MapNode Complete(MapNode body, Schema schema)
    {
        MapNode copy = (MapNode)body.DeepClone();
        Fill(copy, schema);
        return copy;
    }

    private static void Fill(Node node, Schema schema)
    {
        if (node is MapNode map)
        {
            foreach ((string name, Node value) in map)
            {
                if (schema.Field(name) is { } field)
                {
                    Fill(value, field);
                }
            }
        }
        else if (node is ListNode list && schema.Items is { } items)
        {
            foreach (Node element in list)
            {
                Fill(element, items);
                foreach (string key in schema.ListType == ListType.Map && element is MapNode ? schema.ListMapKeys : [])
                {
                    if (element[key] is null && items.Field(key)?.Default is { } standard)
                    {
                        ((MapNode)element)[key] = standard;
                    }
                }
            }
        }
    }
}
