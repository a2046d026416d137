using Bowline.EmbeddedCluster.Storage;
using Bowline.EmbeddedCluster.Validation;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Admission;

/// <summary>Gives pods the overhead, node selector and tolerations of their RuntimeClass.</summary>
internal sealed class RuntimeClassAdmission(ObjectStore store)
{
    public void Mutate(AdmissionRequest request)
    {
        if (!request.IsCreate || !request.Is("pods") || request.Object["spec"] is not MapNode spec)
        {
            return;
        }

        string name = spec["runtimeClassName"]?.AsString() ?? string.Empty;
        MapNode? found = name.Length == 0 ? null
            : store.Get("runtimeclasses.node.k8s.io", string.Empty, name)?.Node ?? throw Refused(request, $"RuntimeClass \"{name}\" not found");
        SetOverhead(request, spec, found);
        if (found?["scheduling"] is { } scheduling)
        {
            Schedule(request, spec, scheduling);
        }
    }

    private static void SetOverhead(AdmissionRequest request, MapNode spec, MapNode? runtimeClass)
    {
        Node? overhead = runtimeClass?.At("overhead", "podFixed");
        if (overhead is null)
        {
            if (spec["overhead"] is MapNode { Count: > 0 })
            {
                throw Refused(request, "Pod Overhead set without corresponding RuntimeClass defined Overhead");
            }

            return;
        }

        if (spec["overhead"] is MapNode { Count: > 0 } own && !Node.DeepEquals(own, overhead))
        {
            throw Refused(request, "Pod's Overhead doesn't match RuntimeClass's defined Overhead");
        }

        spec["overhead"] = overhead.DeepClone();
    }

    private static void Schedule(AdmissionRequest request, MapNode spec, Node scheduling)
    {
        foreach ((string key, Node value) in scheduling["nodeSelector"] as MapNode ?? [])
        {
            MapNode selector = spec.EnsureMap("nodeSelector");
            if (selector[key]?.AsString() is { } own && own != value.AsString())
            {
                throw ApiErrors.Forbidden(request.Kind, request.Label, $"conflict: runtimeClass.scheduling.nodeSelector[{key}] = {value.AsString()}; pod.spec.nodeSelector[{key}] = {own}");
            }

            selector[key] = value;
        }

        foreach (Node toleration in scheduling["tolerations"]?.AsList() ?? [])
        {
            ListNode tolerations = spec["tolerations"] as ListNode ?? [];
            if (!tolerations.Any(known => Node.DeepEquals(known, toleration)))
            {
                tolerations.Add(toleration.DeepClone());
            }

            spec["tolerations"] = tolerations;
        }
    }

    private static ApiException Refused(AdmissionRequest request, string why) => ApiErrors.Forbidden(request.Kind, request.Label, "pod rejected: " + why);
}
