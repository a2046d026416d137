using Bowline.EmbeddedCluster.Admission;
using Bowline.EmbeddedCluster.Definitions;
using Bowline.EmbeddedCluster.Kinds;
using Bowline.EmbeddedCluster.Storage;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.ApiServer.Aggregation;

/// <summary>
/// An APIService for each group-version that a CRD serves, as kube-aggregator registers them: made, mended and taken away with the CRD
/// while the label says that they are managed; those that people made stay theirs.
/// </summary>
internal sealed class DefinedServices(ObjectStore store, TimeProvider time)
{
    private const string Label = "kube-aggregator.kubernetes.io/automanaged";
    private static readonly ServedKind Kind = KindRegistry.BuiltIn.Find("apiregistration.k8s.io", "v1", "apiservices")!;

    public void Register()
    {
        Dictionary<string, MapNode> wanted = store.Snapshot(DefinitionWatcher.Collection).In(null)
            .SelectMany(definition => Specs(definition.Node))
            .DistinctBy(spec => Name(spec))
            .ToDictionary(Name, StringComparer.Ordinal);
        foreach (StoredObject known in store.Snapshot(RemoteServers.Collection).In(null))
        {
            bool isWanted = wanted.Remove(known.Name, out MapNode? spec);
            bool isManaged = known.Node.At("metadata", "labels", Label)?.AsString() == "true";
            if (isManaged && !isWanted)
            {
                store.TryRemove(RemoteServers.Collection, known);
            }
            else if (isManaged && !Node.DeepEquals(known.Node["spec"], spec))
            {
                MapNode next = (MapNode)known.Node.DeepClone();
                next["spec"] = spec!;
                store.TryPut(RemoteServers.Collection, known, string.Empty, known.Name, next);
            }
        }

        foreach ((string name, MapNode spec) in wanted)
        {
            store.TryPut(RemoteServers.Collection, null, string.Empty, name, Make(name, spec));
        }
    }

    private static IEnumerable<MapNode> Specs(MapNode definition) =>
        (definition.At("spec", "versions")?.AsList() ?? []).Where(version => version["served"]?.AsBool() == true).Select(version => new MapNode
        {
            ["group"] = definition.At("spec", "group")?.AsString() ?? string.Empty,
            ["version"] = version["name"]?.AsString() ?? string.Empty,
            // CRDs come after what is built in.
            ["groupPriorityMinimum"] = 1000,
            ["versionPriority"] = 100,
        });

    private static string Name(MapNode spec) => $"{spec["version"]!.AsString()}.{spec["group"]!.AsString()}";

    private MapNode Make(string name, MapNode spec)
    {
        string now = Timestamp.Text(time.GetUtcNow());
        MapNode metadata = new() { ["name"] = name, ["uid"] = Guid.NewGuid().ToString(), ["creationTimestamp"] = now, ["labels"] = new MapNode { [Label] = "true" } };
        MapNode node = new() { ["kind"] = Kind.Kind.Kind, ["apiVersion"] = Kind.Kind.ApiVersion, ["metadata"] = metadata, ["spec"] = spec };
        node = FieldOwnership.Created(Kind, node, new WriteContext(UserInfo.Internal, "kube-apiserver"), time);
        AggregatedServices.MarkLocal(node, now);
        return node;
    }
}
