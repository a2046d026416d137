using Bowline.EmbeddedCluster.Admission.Webhooks;
using Bowline.EmbeddedCluster.Validation;
using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Admission.Policies;

/// <summary>Asks every ValidatingAdmissionPolicy that a binding puts into force.</summary>
internal sealed class PolicyChain(PolicyHooks<ValidatingPolicy> hooks, WebhookMatching matching, Func<AdmissionRequest, MapNode?> namespaceOf, PolicySettings settings)
{
    /// <exception cref="ApiException">The refusal of the first policy that denies.</exception>
    public void Validate(AdmissionRequest request)
    {
        Verdict verdict = new(request);
        foreach (PolicyCall<ValidatingPolicy> call in hooks.For(request))
        {
            Ask(call, request, verdict);
        }

        verdict.ThrowIfDenied();
    }

    private void Ask(PolicyCall<ValidatingPolicy> call, AdmissionRequest request, Verdict verdict)
    {
        if (call.Error is { } error)
        {
            if (!call.Policy.FailsOpen)
            {
                verdict.Add(call, new PolicyDecision(error, string.Empty, 0), ["Deny"]);
            }

            return;
        }

        PolicyInput input = new(matching.InVersion(request, call.Kind), request, settings, () => namespaceOf(request));
        string[] actions = [.. (call.BindingSpec["validationActions"]?.AsList() ?? []).Select(action => action.AsString()).OfType<string>()];
        foreach (Node? parameter in call.Parameters)
        {
            foreach (PolicyDecision decision in call.Policy.Decide(input, parameter, request.Annotate))
            {
                verdict.Add(call, decision, actions);
            }
        }
    }

    /// <summary>What policies found, acted on as their bindings say.</summary>
    private sealed class Verdict(AdmissionRequest request)
    {
        private readonly ListNode failures = [];
        private (string Message, string Reason)? denied;

        public void Add(PolicyCall<ValidatingPolicy> call, PolicyDecision decision, string[] actions)
        {
            if (actions.Contains("Deny"))
            {
                denied ??= ($"ValidatingAdmissionPolicy '{call.Policy.Name}' with binding '{call.Binding}' denied request: {decision.Message}", decision.Reason);
            }

            if (actions.Contains("Warn"))
            {
                request.Warn($"Validation failed for ValidatingAdmissionPolicy '{call.Policy.Name}' with binding '{call.Binding}': {decision.Message}");
            }

            if (actions.Contains("Audit"))
            {
                failures.Add(new MapNode
                {
                    ["message"] = decision.Message,
                    ["policy"] = call.Policy.Name,
                    ["binding"] = call.Binding,
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
