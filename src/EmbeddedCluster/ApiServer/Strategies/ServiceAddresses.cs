using Bowline.EmbeddedCluster.Admission;
using Bowline.EmbeddedCluster.Kinds;
using Bowline.EmbeddedCluster.Storage;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.ApiServer.Strategies;

/// <summary>
/// Keeps an IPAddress for each address that a Service has, as kube-apiserver's allocator does, and puts back those that somebody deletes,
/// as its repair loop does. IPAddresses that people make keep their addresses from being handed out, and stay theirs.
/// </summary>
internal sealed class ServiceAddresses(ObjectStore store, TimeProvider time)
{
    public const string Collection = "ipaddresses.networking.k8s.io";
    private const string ManagedBy = "ipaddress.kubernetes.io/managed-by";
    private const string Allocator = "ipallocator.k8s.io";
    private static readonly ServedKind Kind = KindRegistry.BuiltIn.Find("networking.k8s.io", "v1", "ipaddresses")!;
    private readonly Lock gate = new();
    private long seen = -1;

    /// <summary>Follows the Services since the last time; looks at all of them the first time, and after something went wrong.</summary>
    public void Publish()
    {
        lock (gate)
        {
            List<Change> changes = [];
            long from = seen;
            seen = -1;
            if (from < 0 || !store.Log("services").TryRead(from, changes))
            {
                seen = All();
                return;
            }

            foreach (Change change in changes)
            {
                StoredObject? now = change.Type == ChangeType.Deleted ? null : change.Object;
                StoredObject? before = change.Previous ?? (now is null ? change.Object : null);
                foreach (string address in Addresses(before).Except(Addresses(now)))
                {
                    Remove(address, before!);
                }

                Ensure(now);
                from = change.Revision;
            }

            seen = from;
        }
    }

    /// <summary>Somebody changed the IPAddresses themselves.</summary>
    public void Repair()
    {
        lock (gate)
        {
            seen = All();
        }
    }

    private long All()
    {
        (CollectionSnapshot services, long revision) = store.Consistent("services");
        foreach (StoredObject known in store.Snapshot(Collection).In(null).Where(IsManaged))
        {
            Node? parent = known.Node.At("spec", "parentRef");
            if (!Addresses(services.Get(parent?["namespace"]?.AsString() ?? string.Empty, parent?["name"]?.AsString() ?? string.Empty)).Contains(known.Name))
            {
                store.TryRemove(Collection, known);
            }
        }

        foreach (StoredObject service in services.In(null))
        {
            Ensure(service);
        }

        return revision;
    }

    private void Ensure(StoredObject? service)
    {
        foreach (string address in Addresses(service).Where(address => store.Get(Collection, string.Empty, address) is null))
        {
            store.TryPut(Collection, null, string.Empty, address, Make(address, service!));
        }
    }

    private void Remove(string address, StoredObject service)
    {
        if (store.Get(Collection, string.Empty, address) is { } known && IsManaged(known) && Node.DeepEquals(known.Node.At("spec", "parentRef"), Reference(service)))
        {
            store.TryRemove(Collection, known);
        }
    }

    private MapNode Make(string address, StoredObject service)
    {
        MapNode labels = new() { ["ipaddress.kubernetes.io/ip-family"] = address.Contains(':', StringComparison.Ordinal) ? "IPv6" : "IPv4", [ManagedBy] = Allocator };
        MapNode metadata = new() { ["name"] = address, ["uid"] = Guid.NewGuid().ToString(), ["creationTimestamp"] = Timestamp.Text(time.GetUtcNow()), ["labels"] = labels };
        MapNode node = new() { ["kind"] = Kind.Kind.Kind, ["apiVersion"] = Kind.Kind.ApiVersion, ["metadata"] = metadata, ["spec"] = new MapNode { ["parentRef"] = Reference(service) } };
        return FieldOwnership.Created(Kind, node, new WriteContext(UserInfo.Internal, "kube-apiserver"), time);
    }

    private static MapNode Reference(StoredObject service) => new() { ["resource"] = "services", ["namespace"] = service.Namespace, ["name"] = service.Name };

    private static bool IsManaged(StoredObject address) => address.Node.At("metadata", "labels", ManagedBy)?.AsString() == Allocator;

    private static IEnumerable<string> Addresses(StoredObject? service) =>
        (service?.Node.At("spec", "clusterIPs")?.AsList() ?? []).Select(address => address.AsString() ?? string.Empty).Where(address => address is not ("" or "None"));
}
