using Bowline.EmbeddedCluster.Admission.Webhooks;
using Bowline.EmbeddedCluster.Kinds;
using Bowline.EmbeddedCluster.Storage;
using Bowline.EmbeddedCluster.Validation;
using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Admission.Policies;

/// <summary>Asks every ValidatingAdmissionPolicy that a binding puts into force.</summary>
internal sealed class PolicyChain(ObjectStore store, KindRegistry kinds, WebhookSettings webhooks, PolicySettings settings)
{
    private const string Group = "admissionregistration.k8s.io";
    private readonly WebhookMatching matching = new(store, kinds, webhooks);
    private readonly PolicyParameters parameters = new(store, kinds);
    private volatile Known known = new(CollectionSnapshot.Empty, []);

    /// <exception cref="ApiException">The refusal of the first policy that denies.</exception>
    public void Validate(AdmissionRequest request)
    {
        CollectionSnapshot bindings = store.Snapshot($"validatingadmissionpolicybindings.{Group}");
        if (bindings.Count == 0 || WebhookMatching.IsExempt(request))
        {
            return;
        }

        Verdict verdict = new(request);
        foreach (ValidatingPolicy policy in Policies())
        {
            foreach (StoredObject binding in bindings.In(null).Where(binding => binding.Node.At("spec", "policyName")?.AsString() == policy.Name))
            {
                Ask(policy, binding, request, verdict);
            }
        }

        verdict.ThrowIfDenied();
    }

    private void Ask(ValidatingPolicy policy, StoredObject binding, AdmissionRequest request, Verdict verdict)
    {
        if (policy.Match.WantedKind(matching, request, any: false) is not { } kind
            || PolicyMatch.Of(binding.Name, binding.Node.At("spec", "matchResources")).WantedKind(matching, request, any: true) is null)
        {
            return;
        }

        PolicyInput input = new(matching.InVersion(request, kind), request, settings, () => NamespaceOf(request));
        if (parameters.Find(policy, binding, request, out string? error) is not { } found)
        {
            if (error is not null && !policy.FailsOpen)
            {
                verdict.Add(policy, binding, new PolicyDecision($"failed to configure binding: {error}", string.Empty, 0), ["Deny"]);
            }

            return;
        }

        string[] actions = [.. (binding.Node.At("spec", "validationActions")?.AsList() ?? []).Select(action => action.AsString()).OfType<string>()];
        foreach (Node? parameter in found)
        {
            foreach (PolicyDecision decision in policy.Decide(input, parameter, request.Annotate))
            {
                verdict.Add(policy, binding, decision, actions);
            }
        }
    }

    private MapNode? NamespaceOf(AdmissionRequest request) =>
        request.Kind.QualifiedPlural == "namespaces" || request.Namespace.Length == 0 ? null : store.Get("namespaces", string.Empty, request.Namespace)?.Node;

    private IReadOnlyList<ValidatingPolicy> Policies()
    {
        CollectionSnapshot snapshot = store.Snapshot($"validatingadmissionpolicies.{Group}");
        Known current = known;
        if (!ReferenceEquals(current.Snapshot, snapshot))
        {
            known = current = new Known(snapshot, [.. snapshot.In(null).OrderBy(item => item.Name, StringComparer.Ordinal).Select(stored => new ValidatingPolicy(stored))]);
        }

        return current.Policies;
    }

    private sealed record Known(CollectionSnapshot Snapshot, IReadOnlyList<ValidatingPolicy> Policies);

    /// <summary>What policies found, acted on as their bindings say.</summary>
    private sealed class Verdict(AdmissionRequest request)
    {
        private readonly ListNode failures = [];
        private (string Message, string Reason)? denied;

        public void Add(ValidatingPolicy policy, StoredObject binding, PolicyDecision decision, string[] actions)
        {
            if (actions.Contains("Deny"))
            {
                denied ??= ($"ValidatingAdmissionPolicy '{policy.Name}' with binding '{binding.Name}' denied request: {decision.Message}", decision.Reason);
            }

            if (actions.Contains("Warn"))
            {
                request.Warn($"Validation failed for ValidatingAdmissionPolicy '{policy.Name}' with binding '{binding.Name}': {decision.Message}");
            }

            if (actions.Contains("Audit"))
            {
                failures.Add(new MapNode
                {
                    ["message"] = decision.Message,
                    ["policy"] = policy.Name,
                    ["binding"] = binding.Name,
                    ["expressionIndex"] = decision.Index,
                    ["validationActions"] = new ListNode(actions.Select(action => (Node)action)),
                });
            }
        }

        public void ThrowIfDenied()
        {
            if (failures.Count > 0)
            {
                request.Annotate("validation.policy.admission.k8s.io/validation_failure", JsonWriter.ToText(failures));
            }

            if (denied is not { } refusal)
            {
                return;
            }

            string reason = refusal.Reason.Length > 0 ? refusal.Reason : "Invalid";
            int code = reason switch { "Forbidden" => 403, "Unauthorized" => 401, "RequestEntityTooLarge" => 413, _ => 422 };
            ApiException forbidden = ApiErrors.Forbidden(request.Kind, request.Label, refusal.Message);
            MapNode details = forbidden.Details ?? [];
            details["causes"] = new ListNode((Node[])[new MapNode { ["message"] = refusal.Message }]);
            throw new ApiException(code, reason, forbidden.Message, details);
        }
    }
}
