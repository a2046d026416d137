using System.Runtime.CompilerServices;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Controllers.Networking;

/// <summary>Which Services a pod belongs to; selectors are compiled once per version of a Service.</summary>
internal sealed class ServiceSelectors(KindMirror services)
{
    private readonly ConditionalWeakTable<MapNode, LabelSelector> compiled = [];

    public LabelSelector Of(MapNode service) => compiled.GetValue(service, static node => LabelSelector.OfLabels(node.Spec()["selector"]));

    public IEnumerable<ObjectName> Matching(Change pod)
    {
        MapNode? labels = pod.New?.Labels();
        MapNode? before = pod.Old?.Labels();
        foreach (MapNode service in services.InNamespace(pod.Any.Namespace()))
        {
            LabelSelector selector = Of(service);
            if ((pod.New is not null && selector.Matches(labels)) || (pod.Old is not null && !ReferenceEquals(labels, before) && selector.Matches(before)))
            {
                yield return ObjectName.Of(service);
            }
        }
    }

    /// <summary>Whether a change of a pod can show in the endpoints of its Services.</summary>
    public static bool Matters(Change change)
    {
        if (change.Old is not { } old || change.New is not { } pod)
        {
            return change.Any.Status().Text("podIP").Length > 0;
        }

        return old.Status().Text("podIP") != pod.Status().Text("podIP")
            || old.Status().Text("phase") != pod.Status().Text("phase")
            || old.IsDeleting() != pod.IsDeleting()
            || old.Status().Condition("Ready").Text("status") != pod.Status().Condition("Ready").Text("status")
            || !Node.DeepEquals(old.Labels(), pod.Labels());
    }
}
