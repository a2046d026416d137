using Bowline.EmbeddedCluster.Kinds;
using Bowline.EmbeddedCluster.Storage;
using Bowline.Resources.Merging;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Definitions;

/// <summary>Keeps the served kinds in step with the stored CRDs: accepts names, establishes, and empties those that go away.</summary>
internal sealed class DefinitionWatcher(ObjectStore store, KindRegistry kinds, TimeProvider time)
{
    public const string Collection = "customresourcedefinitions.apiextensions.k8s.io";
    public const string Finalizer = "customresourcecleanup.apiextensions.k8s.io";
    private readonly Lock gate = new();

    /// <summary>How instances of a CRD that goes away are deleted.</summary>
    public Action<ServedKind, StoredObject>? DeleteInstance { get; set; }

    public void Refresh()
    {
        lock (gate)
        {
            foreach (StoredObject definition in store.Snapshot(Collection).In(null))
            {
                Settle(definition);
            }

            Serve();
        }
    }

    private void Settle(StoredObject definition)
    {
        MapNode node = definition.Node;
        if (node["metadata"]?["deletionTimestamp"] is not null)
        {
            CleanUp(definition);
            return;
        }

        MapNode next = (MapNode)node.DeepClone();
        NameAcceptance.Decide(next, Others(definition), Now());
        ApprovalCondition(next);
        if (!next.DeepEquals(node))
        {
            Write(definition, node, next);
        }
    }

    private StoredObject? Write(StoredObject definition, MapNode live, MapNode next)
    {
        ServedKind kind = KindRegistry.BuiltIn.Find("apiextensions.k8s.io", "v1", "customresourcedefinitions")!;
        next = ServerSideApply.Update(live, next, kind.Schema, new FieldWriter("kube-apiserver", "apiextensions.k8s.io/v1", "status", time.GetUtcNow()));
        return store.TryPut(Collection, definition, string.Empty, definition.Name, next)?.Object;
    }

    /// <summary>Groups of the Kubernetes project tell whether their API was reviewed.</summary>
    private void ApprovalCondition(MapNode next)
    {
        if (!DefinitionApproval.IsProtected(next.At("spec", "group")?.AsString() ?? string.Empty))
        {
            return;
        }

        (bool approved, string reason, string message) = DefinitionApproval.Of(next);
        DefinitionStatus.SetCondition(next, "KubernetesAPIApprovalPolicyConformant", approved ? "True" : "False", reason, message, Now());
    }

    private void CleanUp(StoredObject definition)
    {
        MapNode node = definition.Node;
        bool held = (node["metadata"]?["finalizers"]?.AsList() ?? []).Any(item => item.AsString() == Finalizer);
        if (!held)
        {
            return;
        }

        MapNode progress = (MapNode)node.DeepClone();
        if (DefinitionStatus.MarkInProgress(progress, Now()))
        {
            if (Write(definition, node, progress) is not { } written)
            {
                return;
            }

            definition = written;
            node = written.Node;
        }

        string collection = $"{node.At("spec", "names", "plural")?.AsString()}.{node.At("spec", "group")?.AsString()}";
        ServedKind? served = kinds.Current.Kinds.FirstOrDefault(kind => kind.Custom is not null && kind.Collection == collection);
        foreach (StoredObject instance in store.Snapshot(collection).In(null).ToArray())
        {
            if (served is not null && DeleteInstance is { } delete)
            {
                delete(served, instance);
            }
            else
            {
                store.TryRemove(collection, instance);
            }
        }

        if (store.Snapshot(collection).Count > 0)
        {
            return;
        }

        MapNode next = (MapNode)node.DeepClone();
        ListNode rest = (ListNode)next["metadata"]!["finalizers"]!;
        rest.RemoveAll(item => item.AsString() == Finalizer);
        if (rest.Count == 0)
        {
            next.EnsureMap("metadata").Remove("finalizers");
            store.TryRemove(Collection, definition, next);
        }
        else
        {
            store.TryPut(Collection, definition, string.Empty, definition.Name, next);
        }
    }

    private IEnumerable<MapNode> Others(StoredObject definition) => store.Snapshot(Collection).In(null).Where(other => other.Name != definition.Name).Select(other => other.Node);

    private void Serve()
    {
        List<ServedKind> served = [];
        foreach (StoredObject definition in store.Snapshot(Collection).In(null))
        {
            if (DefinitionStatus.IsTrue(definition.Node, "Established"))
            {
                served.AddRange(DefinitionReader.Read(definition.Node));
            }
        }

        IEnumerable<ServedGroup> groups = served.GroupBy(kind => kind.Kind.Group)
            .Where(group => KindRegistry.BuiltIn.Groups.All(builtIn => builtIn.Name != group.Key))
            .Select(group => new ServedGroup(group.Key, [.. group.Select(kind => kind.Kind.Version).Distinct().Order(VersionPriority.Comparer)]));
        kinds.Replace(served, [.. groups.OrderBy(group => group.Name, StringComparer.Ordinal)]);
    }

    private string Now() => Timestamp.Text(time.GetUtcNow());
}
