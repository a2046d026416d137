using Bowline.EmbeddedCluster.Admission;
using Bowline.EmbeddedCluster.Kinds;
using Bowline.EmbeddedCluster.Storage;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.ApiServer.Strategies;

/// <summary>Writes what quota admission lets in into the status of a ResourceQuota, as kube-apiserver's own client does.</summary>
internal static class QuotaBook
{
    private static readonly WriteContext Own = new(UserInfo.Internal, "kube-apiserver");

    /// <returns>False when the quota was written or removed meanwhile.</returns>
    public static bool Write(ObjectStore store, KindRegistry kinds, TimeProvider time, StoredObject quota, MapNode status)
    {
        ServedKind kind = kinds.Current.Find(string.Empty, "v1", "resourcequotas")!;
        MapNode next = Draft.Beginning(quota.Node);
        next["status"] = status;
        next = FieldOwnership.Updated(kind, quota.Node, next, Own, "status", time);
        return store.TryPut(kind.Collection, quota, quota.Namespace, quota.Name, next) is not null;
    }
}
