using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Defaulting;

/// <summary>Volumes, claims and classes.</summary>
internal static class StorageKindDefaults
{
    public static void Claim(MapNode node)
    {
        node.Part("spec")?.Default("volumeMode", "Filesystem");
    }

    public static void Volume(MapNode node)
    {
        node.Part("spec")?.Default("persistentVolumeReclaimPolicy", "Retain").Default("volumeMode", "Filesystem");
        node.Part("spec").Part("hostPath")?.Default("type", string.Empty);
        node.Part("spec").Part("iscsi")?.Default("iscsiInterface", "default");
    }

    public static void StorageClass(MapNode node) => node.Default("reclaimPolicy", "Delete").Default("volumeBindingMode", "Immediate");

    public static void Driver(MapNode node)
    {
        MapNode spec = node.EnsureMap("spec").Default("attachRequired", true).Default("podInfoOnMount", false).Default("storageCapacity", false)
            .Default("fsGroupPolicy", "ReadWriteOnceWithFSType").Default("requiresRepublish", false).Default("seLinuxMount", false);
        if (spec["volumeLifecycleModes"] is not ListNode { Count: > 0 })
        {
            spec["volumeLifecycleModes"] = new ListNode(StringNode.Of("Persistent"));
        }
    }
}
