using Bowline.EmbeddedCluster.Controllers;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Scheduler;

/// <summary>By which selector a pod is spread that says nothing about it: its Services' and its controller's together.</summary>
internal sealed class DefaultSelectors(ControlPlane plane)
{
    private readonly KindMirror services = plane.Mirror(string.Empty, "Service");

    public LabelSelector? Of(MapNode pod)
    {
        List<LabelSelector> selectors = [];
        foreach (MapNode service in services.InNamespace(pod.Namespace()))
        {
            LabelSelector selector = LabelSelector.OfLabels(service.Spec()["selector"]);
            if (selector.Matches(pod.Labels()))
            {
                selectors.Add(selector);
            }
        }

        if (pod.ControllerReference() is { } owner && Controller(pod.Namespace(), owner) is { } controller)
        {
            Node? selector = controller.Spec()["selector"];
            selectors.Add(owner.Text("kind") == "ReplicationController" ? LabelSelector.OfLabels(selector) : LabelSelector.Of(selector));
        }

        return selectors.Count == 0 ? null : LabelSelector.All(selectors);
    }

    private MapNode? Controller(string @namespace, MapNode owner)
    {
        string kind = owner.Text("kind");
        string group = kind is "ReplicaSet" or "StatefulSet" ? "apps" : string.Empty;
        return kind is "ReplicaSet" or "StatefulSet" or "ReplicationController" ? plane.Find(group, kind)?.Get(@namespace, owner.Text("name")) : null;
    }
}
