using Bowline.Resources.Merging;
using Bowline.Resources.Model;

namespace Bowline.Delivery.Diffing;

/// <summary>Takes over what client-side appliers own on an object, so that a field which leaves the repository also leaves the object.</summary>
internal static class ClientSideMigration
{
    // Argo CD writes as one manager in both of its ways to apply.
    private static readonly string[] Managers = [ClientSideApply.KubectlManager, "argocd-controller"];

    /// <summary>The object as if Bowline had applied what they did; the same object when they own nothing.</summary>
    public static MapNode Handed(MapNode live) => ClientSideApply.HandOver(live, Managers, Differ.FieldManager);

    /// <summary>The JSON patch that does it, for exactly this version of the object; null when there is nothing to take over.</summary>
    public static Node? HandOver(MapNode live)
    {
        MapNode handed = Handed(live);
        return ReferenceEquals(handed, live) ? null : new ListNode(
        [
            Replace("/metadata/managedFields", handed.At("metadata", "managedFields")!),
            Replace("/metadata/resourceVersion", live.At("metadata", "resourceVersion") ?? StringNode.Empty),
        ]);
    }

    private static MapNode Replace(string path, Node value) => new() { ["op"] = "replace", ["path"] = path, ["value"] = value };
}
