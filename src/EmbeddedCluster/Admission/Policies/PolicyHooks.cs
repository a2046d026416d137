using Bowline.EmbeddedCluster.Admission.Webhooks;
using Bowline.EmbeddedCluster.Kinds;
using Bowline.EmbeddedCluster.Storage;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Admission.Policies;

/// <summary>A policy that a binding brings to a request.</summary>
/// <param name="Kind">The version of the object that the policy wants.</param>
/// <param name="Parameters">One null where the policy has none; empty where there are none to be found and that is no fault.</param>
/// <param name="Error">Why the binding cannot be used.</param>
internal sealed record PolicyCall<T>(T Policy, string Binding, MapNode BindingSpec, ServedKind Kind, IReadOnlyList<Node?> Parameters, string? Error);

/// <summary>The policies of one kind, and which of them a request concerns.</summary>
/// <param name="policies">The collection of the policies.</param>
/// <param name="bindings">The collection of their bindings.</param>
internal sealed class PolicyHooks<T>(ObjectStore store, KindRegistry kinds, WebhookMatching matching, string policies, string bindings, Func<StoredObject, T> read)
    where T : AdmissionPolicy
{
    private readonly PolicyParameters parameters = new(store, kinds);
    private volatile Known known = new(CollectionSnapshot.Empty, []);

    /// <summary>Policies by name, each through its bindings.</summary>
    public IEnumerable<PolicyCall<T>> For(AdmissionRequest request)
    {
        CollectionSnapshot bound = store.Snapshot(bindings);
        if (bound.Count == 0 || WebhookMatching.IsExempt(request))
        {
            yield break;
        }

        foreach (T policy in Policies())
        {
            foreach (StoredObject binding in bound.In(null).Where(binding => binding.Node.At("spec", "policyName")?.AsString() == policy.Name))
            {
                if (Call(policy, binding, request) is { } call)
                {
                    yield return call;
                }
            }
        }
    }

    private PolicyCall<T>? Call(T policy, StoredObject binding, AdmissionRequest request)
    {
        if (policy.Match.WantedKind(matching, request, any: false) is not { } kind
            || PolicyMatch.Of(binding.Name, binding.Node.At("spec", "matchResources")).WantedKind(matching, request, any: true) is null)
        {
            return null;
        }

        IReadOnlyList<Node?>? found = parameters.Find(policy.ParamKind, binding, request, out string? error);
        return new PolicyCall<T>(policy, binding.Name, binding.Node["spec"] as MapNode ?? [], kind, found ?? [], found is null && error is not null ? $"failed to configure binding: {error}" : null);
    }

    private IReadOnlyList<T> Policies()
    {
        CollectionSnapshot snapshot = store.Snapshot(policies);
        Known current = known;
        if (!ReferenceEquals(current.Snapshot, snapshot))
        {
            known = current = new Known(snapshot, [.. snapshot.In(null).OrderBy(item => item.Name, StringComparer.Ordinal).Select(read)]);
        }

        return current.Policies;
    }

    private sealed record Known(CollectionSnapshot Snapshot, IReadOnlyList<T> Policies);
}
