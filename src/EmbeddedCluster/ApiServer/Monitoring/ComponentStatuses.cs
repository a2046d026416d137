using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.ApiServer.Monitoring;

/// <summary>The parts of the control plane as the deprecated ComponentStatus shows them: all live in this process, so all that answer are healthy.</summary>
internal static class ComponentStatuses
{
    private static readonly string[] Names = ["controller-manager", "scheduler", "etcd-0"];

    public static IEnumerable<MapNode> All() => Names.Select(Of);

    public static MapNode? Find(string name) => Names.Contains(name) ? Of(name) : null;

    private static MapNode Of(string name) => new()
    {
        ["kind"] = "ComponentStatus",
        ["apiVersion"] = "v1",
        ["metadata"] = new MapNode { ["name"] = name },
        ["conditions"] = new ListNode(new MapNode { ["type"] = "Healthy", ["status"] = "True", ["message"] = "ok" }),
    };
}
