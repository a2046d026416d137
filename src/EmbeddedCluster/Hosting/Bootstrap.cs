using Bowline.EmbeddedCluster.ApiServer;
using Bowline.EmbeddedCluster.ApiServer.Bodies;
using Bowline.EmbeddedCluster.ApiServer.Strategies;
using Bowline.EmbeddedCluster.Kinds;
using Bowline.EmbeddedCluster.Storage;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Hosting;

/// <summary>What a fresh cluster holds: namespaces, cluster roles, priority classes, the <c>kubernetes</c> Service.</summary>
internal static class Bootstrap
{
    /// <summary>Puts the objects that are missing; those of a store with a history stay as people left them.</summary>
    public static void Fill(ObjectStore store, TimeProvider time, string serviceSubnet)
    {
        if (store.Get("namespaces", string.Empty, "kube-system") is not null)
        {
            return;
        }

        string now = Timestamp.Text(time.GetUtcNow());
        foreach ((string path, Node items) in EmbeddedData.Json("bootstrap-objects.json"))
        {
            string[] parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
            ServedKind? kind = parts.Length == 3 ? KindRegistry.BuiltIn.Find(string.Empty, parts[1], parts[2]) : KindRegistry.BuiltIn.Find(parts[1], parts[2], parts[3]);
            foreach (MapNode item in (items.AsList() ?? []).OfType<MapNode>())
            {
                // The addresses of Services follow from those.
                if (kind is not null && kind.Collection != ServiceAddresses.Collection)
                {
                    Put(store, kind, item, now, serviceSubnet);
                }
            }
        }
    }

    /// <summary>One of the objects as a fresh cluster gets it; it has no uid yet.</summary>
    public static MapNode Draft(string plural, string name, string serviceSubnet)
    {
        ServedKind kind = KindRegistry.BuiltIn.Find(string.Empty, "v1", plural)!;
        MapNode item = EmbeddedData.Json("bootstrap-objects.json")[$"/api/v1/{plural}"]!.AsList()!.OfType<MapNode>().First(item => item["metadata"]!["name"]!.AsString() == name);
        return Draft(kind, item, serviceSubnet);
    }

    private static MapNode Draft(ServedKind served, MapNode item, string serviceSubnet)
    {
        MapNode node = BodyReader.Canonical(served, item, out _);
        if (node["kind"]!.AsString() == "Service" && node["spec"] is MapNode spec)
        {
            string first = ServiceAllocator.First(System.Net.IPNetwork.Parse(serviceSubnet));
            spec["clusterIP"] = first;
            spec["clusterIPs"] = new ListNode(StringNode.Of(first));
        }

        if (served.Plural == "servicecidrs")
        {
            node.EnsureMap("spec")["cidrs"] = new ListNode(StringNode.Of(serviceSubnet));
        }

        return node;
    }

    /// <summary>Tells other API servers whose certificates to believe: those of clients, and that of the front proxy.</summary>
    public static void Trust(ObjectStore store, string authority)
    {
        if (store.Get("configmaps", "kube-system", "extension-apiserver-authentication") is not { } known || known.Node.At("data", "client-ca-file")?.AsString() == authority)
        {
            return;
        }

        MapNode next = (MapNode)known.Node.DeepClone();
        MapNode data = next.EnsureMap("data");
        data["client-ca-file"] = authority;
        data["requestheader-client-ca-file"] = authority;
        data["requestheader-allowed-names"] = "[\"front-proxy-client\"]";
        store.TryPut("configmaps", known, known.Namespace, known.Name, next);
    }

    private static void Put(ObjectStore store, ServedKind served, MapNode item, string now, string serviceSubnet)
    {
        MapNode node = Draft(served, item, serviceSubnet);
        MapNode metadata = node.EnsureMap("metadata");
        metadata["uid"] = Guid.NewGuid().ToString();
        metadata["creationTimestamp"] = now;
        foreach (MapNode condition in (node.At("status", "conditions")?.AsList() ?? []).OfType<MapNode>())
        {
            condition["lastTransitionTime"] = now;
        }

        string @namespace = metadata["namespace"]?.AsString() ?? string.Empty;
        string name = metadata["name"]!.AsString()!;
        if (store.Get(served.Collection, @namespace, name) is null)
        {
            store.TryPut(served.Collection, null, @namespace, name, node);
        }
    }
}
