using Bowline.EmbeddedCluster.Kinds;
using Bowline.EmbeddedCluster.Storage;
using Bowline.EmbeddedCluster.Validation;
using Bowline.Resources.Model;
using Bowline.Resources.Schemas;

namespace Bowline.EmbeddedCluster.Admission;

/// <summary>
/// Refuses what would exceed a ResourceQuota. What is used is counted from the stored objects, so that it is right before
/// the quota controller has written a status.
/// </summary>
internal sealed class QuotaAdmission(ObjectStore store)
{
    public void Validate(AdmissionRequest request)
    {
        if (!request.IsCreate || request.Subresource.Length > 0 || !request.Kind.Namespaced)
        {
            return;
        }

        foreach (StoredObject quota in store.Snapshot("resourcequotas").In(request.Namespace))
        {
            if (quota.Node.At("spec", "scopes") is null && quota.Node.At("spec", "scopeSelector") is null)
            {
                Check(request, quota);
            }
        }
    }

    private void Check(AdmissionRequest request, StoredObject quota)
    {
        List<(string Resource, Quantity Asked, Quantity Used, string Hard)> exceeded = [];
        List<string> missing = [];
        foreach ((string resource, Node hard) in quota.Node.At("spec", "hard") as MapNode ?? [])
        {
            if (Usage(resource, request.Kind, request.Object) is not { } asked)
            {
                continue;
            }

            if (request.Is("pods") && NeedsValue(resource) && !EveryContainerHas(request.Object, resource))
            {
                missing.Add(resource);
                continue;
            }

            Quantity used = Used(resource, request);
            if (Quantity.TryParse(hard.AsString(), out Quantity most) && !asked.IsZero && used + asked > most)
            {
                exceeded.Add((resource, asked, used, hard.AsString()!));
            }
        }

        if (missing.Count > 0)
        {
            throw ApiErrors.Forbidden(request.Kind, request.Label, $"failed quota: {quota.Name}: must specify {string.Join("; ", missing.Order(StringComparer.Ordinal).Select(resource => $"{resource} for: {Lacking(request.Object, resource)}"))}");
        }

        if (exceeded.Count > 0)
        {
            string List(Func<(string Resource, Quantity Asked, Quantity Used, string Hard), string> value) => string.Join(",", exceeded.OrderBy(item => item.Resource, StringComparer.Ordinal).Select(item => $"{item.Resource}={value(item)}"));
            throw ApiErrors.Forbidden(
                request.Kind,
                request.Label,
                $"exceeded quota: {quota.Name}, requested: {List(item => item.Asked.ToString())}, used: {List(item => item.Used.ToString())}, limited: {List(item => item.Hard)}");
        }
    }

    private static bool NeedsValue(string resource) => resource is "cpu" or "memory" or "requests.cpu" or "requests.memory" or "limits.cpu" or "limits.memory";

    private static (string Part, string Name) Split(string resource) =>
        resource.StartsWith("limits.", StringComparison.Ordinal) ? ("limits", resource[7..])
        : resource.StartsWith("requests.", StringComparison.Ordinal) ? ("requests", resource[9..])
        : ("requests", resource);

    private static bool EveryContainerHas(MapNode pod, string resource) => Lacking(pod, resource).Length == 0;

    private static string Lacking(MapNode pod, string resource)
    {
        (string part, string name) = Split(resource);
        return string.Join(",", (pod.At("spec", "containers")?.AsList() ?? []).Where(container => container.At("resources", part, name) is null).Select(container => container["name"]?.AsString()));
    }

    private Quantity Used(string resource, AdmissionRequest request)
    {
        Quantity sum = Quantity.Zero;
        foreach (StoredObject item in store.Snapshot(request.Kind.Collection).In(request.Namespace))
        {
            bool finished = request.Is("pods") && item.Node.At("status", "phase")?.AsString() is "Succeeded" or "Failed";
            if (!finished && Usage(resource, request.Kind, item.Node) is { } used)
            {
                sum += used;
            }
        }

        return sum;
    }

    /// <summary>What one object takes of a resource; null when it has nothing to do with it.</summary>
    private static Quantity? Usage(string resource, ServedKind kind, MapNode item)
    {
        if (resource == "count/" + kind.QualifiedPlural || (resource == kind.Plural && kind.Kind.Group.Length == 0 && resource is "pods" or "services" or "secrets" or "configmaps" or "persistentvolumeclaims" or "replicationcontrollers" or "resourcequotas"))
        {
            return resource == "count/" + kind.QualifiedPlural || resource == kind.Plural ? Quantity.Of(1) : null;
        }

        return kind.QualifiedPlural switch
        {
            "pods" when resource is "cpu" or "memory" || resource.StartsWith("requests.", StringComparison.Ordinal) || resource.StartsWith("limits.", StringComparison.Ordinal) => PodUsage(resource, item),
            "persistentvolumeclaims" when resource == "requests.storage" => Amount(item.At("spec", "resources", "requests", "storage")),
            "services" when resource == "services.nodeports" => Quantity.Of((item.At("spec", "ports")?.AsList() ?? []).Count(port => port["nodePort"] is not null)),
            "services" when resource == "services.loadbalancers" => Quantity.Of(item.At("spec", "type")?.AsString() == "LoadBalancer" ? 1 : 0),
            _ => null,
        };
    }

    private static Quantity? PodUsage(string resource, MapNode pod)
    {
        (string part, string name) = Split(resource);
        if (name == "storage")
        {
            return null;
        }

        Quantity sum = Quantity.Zero;
        foreach (Node container in pod.At("spec", "containers")?.AsList() ?? [])
        {
            sum += Amount(container.At("resources", part, name)) ?? Quantity.Zero;
        }

        return sum;
    }

    private static Quantity? Amount(Node? node) => Quantity.TryParse(node?.AsString(), out Quantity quantity) ? quantity : null;
}
