using Bowline.EmbeddedCluster.Storage;
using Bowline.EmbeddedCluster.Validation;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Admission;

/// <summary>Resolves a pod's priority class, and keeps at most one global default.</summary>
internal sealed class PriorityAdmission(ObjectStore store)
{
    private const string Collection = "priorityclasses.scheduling.k8s.io";

    public void Mutate(AdmissionRequest request)
    {
        if (request.Is(Collection) && request.Operation is "CREATE" or "UPDATE")
        {
            CheckGlobalDefault(request);
        }

        if (!request.IsCreate || !request.Is("pods") || request.Object["spec"] is not MapNode spec)
        {
            return;
        }

        string name = spec["priorityClassName"]?.AsString() ?? string.Empty;
        MapNode? found = name.Length == 0 ? GlobalDefault() : store.Get(Collection, string.Empty, name)?.Node;
        if (found is null && name.Length > 0)
        {
            throw ApiErrors.Forbidden(request.Kind, request.Label, $"no PriorityClass with name {name} was found");
        }

        long value = found?["value"]?.AsInteger() ?? 0;
        if (spec["priority"]?.AsInteger() is { } asked && asked != value)
        {
            throw ApiErrors.Forbidden(request.Kind, request.Label, "the integer value of priority (" + asked + ") must not be provided in pod spec; priority admission controller computed " + value + " from the given PriorityClass name");
        }

        if (found is not null)
        {
            spec["priorityClassName"] = found.At("metadata", "name")!;
        }

        spec["priority"] = value;
        spec["preemptionPolicy"] = spec["preemptionPolicy"] ?? found?["preemptionPolicy"] ?? StringNode.Of("PreemptLowerPriority");
    }

    private MapNode? GlobalDefault() => store.Snapshot(Collection).In(null).Select(item => item.Node)
        .Where(node => node["globalDefault"]?.AsBool() == true).MinBy(node => node["value"]?.AsInteger() ?? 0);

    private void CheckGlobalDefault(AdmissionRequest request)
    {
        if (request.Object["globalDefault"]?.AsBool() != true)
        {
            return;
        }

        MapNode? other = GlobalDefault();
        string? name = other?.At("metadata", "name")?.AsString();
        if (name is not null && name != request.Name)
        {
            throw ApiErrors.Forbidden(request.Kind, request.Label, $"PriorityClass {name} is already marked as default. Only one default can exist");
        }
    }
}
