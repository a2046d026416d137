using Bowline.EmbeddedCluster.Storage;
using Bowline.EmbeddedCluster.Validation;
using Bowline.Resources.Model;
using Bowline.Resources.Schemas;

namespace Bowline.EmbeddedCluster.Admission.Quotas;

/// <summary>
/// Refuses what would exceed a ResourceQuota. What is used is counted from the stored objects and from those that are on their way
/// into the store, so that it is right before the quota controller has written a status, and many writers together stay within it.
/// </summary>
/// <param name="book">Writes a quota's status in the name of kube-apiserver; false when somebody else wrote the quota meanwhile.</param>
internal sealed class QuotaAdmission(ObjectStore store, Func<StoredObject, MapNode, bool> book)
{
    private const int MaxAttempts = 8;
    private readonly Lock gate = new();
    private readonly List<Reservation> underWay = [];

    /// <returns>What holds the object's share until it is stored; null when no quota counts it.</returns>
    public IDisposable? Validate(AdmissionRequest request)
    {
        bool counted = request.IsCreate || (request.IsUpdate && request.Kind.QualifiedPlural is "pods" or "services" or "persistentvolumeclaims");
        if (!counted || !request.Kind.Namespaced || request.Subresource is not ("" or "resize"))
        {
            return null;
        }

        StoredObject[] quotas = [.. store.Snapshot("resourcequotas").In(request.Namespace)];
        if (quotas.Length == 0)
        {
            return null;
        }

        lock (gate)
        {
            StoredObject[] covering = [.. quotas.Where(quota => QuotaScopes.Covers(quota.Node, request.Kind.QualifiedPlural, request.Object))];
            foreach (StoredObject quota in covering)
            {
                Check(request, quota);
            }

            if (request.DryRun)
            {
                return null;
            }

            foreach (StoredObject quota in covering)
            {
                Charge(request, quota);
            }

            Reservation reservation = new(this, request);
            underWay.Add(reservation);
            return reservation;
        }
    }

    private void Check(AdmissionRequest request, StoredObject quota)
    {
        List<(string Resource, Quantity Asked, Quantity Used, string Hard)> exceeded = [];
        List<string> missing = [];
        foreach ((string resource, Node hard) in quota.Node.At("spec", "hard") as MapNode ?? [])
        {
            if (QuotaMeasure.Of(resource, request.Kind.QualifiedPlural, request.Object) is not { } takes)
            {
                continue;
            }

            if (request.IsCreate && request.Is("pods") && QuotaMeasure.MustBeSpecified(resource) && QuotaMeasure.Silent(request.Object, resource) is { Length: > 0 } silent)
            {
                missing.Add($"{resource} for: {string.Join(",", silent)}");
                continue;
            }

            Quantity asked = takes - Before(request, quota, resource);
            if (asked.Sign > 0 && Quantity.TryParse(hard.AsString(), out Quantity most) && Used(resource, quota, request) is var used && used + asked > most)
            {
                exceeded.Add((resource, asked, used, hard.AsString()!));
            }
        }

        if (missing.Count > 0)
        {
            throw ApiErrors.Forbidden(request.Kind, request.Label, $"failed quota: {quota.Name}: must specify {string.Join("; ", missing.Order(StringComparer.Ordinal))}");
        }

        if (exceeded.Count > 0)
        {
            string List(Func<(string Resource, Quantity Asked, Quantity Used, string Hard), string> value) => string.Join(",", exceeded.OrderBy(item => item.Resource, StringComparer.Ordinal).Select(item => $"{item.Resource}={value(item)}"));
            string message = $"exceeded quota: {quota.Name}, requested: {List(item => item.Asked.ToString())}, used: {List(item => item.Used.ToString())}, limited: {List(item => item.Hard)}";
            throw ApiErrors.Forbidden(request.Kind, request.Label, message);
        }
    }

    private static Quantity Before(AdmissionRequest request, StoredObject quota, string resource) =>
        request.Old is { } old && QuotaScopes.Covers(quota.Node, request.Kind.QualifiedPlural, old) ? QuotaMeasure.Of(resource, request.Kind.QualifiedPlural, old) ?? Quantity.Zero : Quantity.Zero;

    /// <summary>
    /// What is let in shows in the quota's status before it is stored, as it does with kube-apiserver: who creates and looks sees it. A quota whose
    /// status nobody has written yet is left to the quota controller, which also corrects what was let in and then not stored.
    /// </summary>
    private void Charge(AdmissionRequest request, StoredObject quota)
    {
        StoredObject? present = quota;
        for (int i = 0; i < MaxAttempts && present?.Node.At("status", "used") is MapNode used; i++)
        {
            MapNode charged = (MapNode)used.DeepClone();
            foreach (string resource in used.Keys)
            {
                if (QuotaMeasure.Of(resource, request.Kind.QualifiedPlural, request.Object) is { } takes && takes - Before(request, quota, resource) is { Sign: > 0 } asked)
                {
                    charged[resource] = (Used(resource, quota, request) + asked).ToString();
                }
            }

            if (charged.DeepEquals(used))
            {
                return;
            }

            MapNode status = (MapNode)present.Node["status"]!.DeepClone();
            status["used"] = charged;
            if (book(present, status))
            {
                return;
            }

            present = store.Get("resourcequotas", quota.Namespace, quota.Name);
        }
    }

    private Quantity Used(string resource, StoredObject quota, AdmissionRequest request)
    {
        Quantity sum = Quantity.Zero;
        bool scoped = quota.Node.At("spec", "scopes") is not null || quota.Node.At("spec", "scopeSelector") is not null;
        foreach (StoredObject item in store.Snapshot(request.Kind.Collection).In(request.Namespace))
        {
            if (!scoped || QuotaScopes.Covers(quota.Node, request.Kind.QualifiedPlural, item.Node))
            {
                sum += QuotaMeasure.Of(resource, request.Kind.QualifiedPlural, item) ?? Quantity.Zero;
            }
        }

        foreach (Reservation reservation in underWay)
        {
            if (reservation.Counts(store, request) && QuotaScopes.Covers(quota.Node, request.Kind.QualifiedPlural, reservation.Request.Object))
            {
                sum += QuotaMeasure.Of(resource, request.Kind.QualifiedPlural, reservation.Request.Object) ?? Quantity.Zero;
            }
        }

        return sum;
    }

    private sealed class Reservation(QuotaAdmission owner, AdmissionRequest request) : IDisposable
    {
        public AdmissionRequest Request => request;

        /// <summary>A new object that is not in the store yet; one that is there is counted there.</summary>
        public bool Counts(ObjectStore store, AdmissionRequest other) => request.IsCreate
            && request.Namespace == other.Namespace
            && request.Kind.Collection == other.Kind.Collection
            && store.Get(request.Kind.Collection, request.Namespace, request.Name)?.Uid != request.Object["metadata"]?["uid"]?.AsString();

        public void Dispose()
        {
            lock (owner.gate)
            {
                owner.underWay.Remove(this);
            }
        }
    }
}
