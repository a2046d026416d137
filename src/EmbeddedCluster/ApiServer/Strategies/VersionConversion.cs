using Bowline.EmbeddedCluster.ApiServer.Bodies;
using Bowline.EmbeddedCluster.Kinds;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.ApiServer.Strategies;

/// <summary>Between the version a client speaks and the one that is stored. Custom resources change their apiVersion only.</summary>
internal static class VersionConversion
{
    public static MapNode ToStorage(ServedKind kind, MapNode node)
    {
        MapNode stored = Convert(node, kind.Kind, kind.StorageKind);
        if (kind.Custom is { StorageOpenApi: { } schema, PreserveUnknown: false } && kind.Kind != kind.StorageKind)
        {
            Definitions.CustomPruning.Prune(stored, schema, []);
            Definitions.CustomPruning.Default(stored, schema);
        }

        return stored;
    }

    public static MapNode FromStorage(ServedKind kind, MapNode node) =>
        Convert((MapNode)node.DeepClone(), ResourceKind.Of(node["apiVersion"]!.AsString()!, node["kind"]!.AsString()!), kind.Kind);

    /// <summary>From one served version to another of the same objects; the node is taken over.</summary>
    public static MapNode Between(ServedKind from, ServedKind to, MapNode node) => FromStorage(to, ToStorage(from, node));

    private static MapNode Convert(MapNode node, ResourceKind from, ResourceKind to)
    {
        if (from == to)
        {
            return node;
        }

        MapNode converted = node;
        if (from.Kind == "Event")
        {
            converted = EventConversion.Convert(node, toCore: to.Group.Length == 0);
        }
        else if (from.Kind == "HorizontalPodAutoscaler")
        {
            converted = AutoscalerConversion.Convert(node, toV1: to.Version == "v1");
        }

        converted["kind"] = to.Kind;
        converted["apiVersion"] = to.ApiVersion;
        bool typed = from.Kind is "Event" or "HorizontalPodAutoscaler" && TypeTable.Instance.Find(to) is not null;
        return typed ? BodyReader.Canonical(KindRegistry.BuiltIn.Find(to)!, converted, out _) : converted;
    }
}

/// <summary>core/v1 events and events.k8s.io/v1 events are the same objects under other names.</summary>
internal static class EventConversion
{
    private static readonly (string Core, string Events)[] Renamed =
    [
        ("involvedObject", "regarding"), ("message", "note"), ("source", "deprecatedSource"), ("firstTimestamp", "deprecatedFirstTimestamp"),
        ("lastTimestamp", "deprecatedLastTimestamp"), ("count", "deprecatedCount"), ("reportingComponent", "reportingController"),
    ];

    public static MapNode Convert(MapNode node, bool toCore)
    {
        MapNode result = new(node.Count);
        foreach ((string key, Node value) in node)
        {
            string name = Array.Find(Renamed, pair => (toCore ? pair.Events : pair.Core) == key) is (string core, string events) ? (toCore ? core : events) : key;
            result[name] = value;
        }

        return result;
    }
}
