using Bowline.EmbeddedCluster.Admission.Webhooks;
using Bowline.EmbeddedCluster.Validation;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Admission.Policies;

/// <summary>Lets every MutatingAdmissionPolicy that a binding puts into force change the object, policies by name.</summary>
internal sealed class MutatingChain(PolicyHooks<MutatingPolicy> hooks, WebhookMatching matching, Func<AdmissionRequest, MapNode?> namespaceOf, WebhookSettings webhooks, PolicySettings settings)
{
    private readonly MutationPatches patches = new(settings);

    /// <returns>The request's object, or what policies made of it.</returns>
    /// <exception cref="ApiException">The refusal of policies that failed and whose failurePolicy is Fail.</exception>
    public MapNode Mutate(AdmissionRequest request, PolicyRun run)
    {
        run.Begin(request.Object);
        List<PolicyFailure> failures = [];
        foreach (PolicyCall<MutatingPolicy> call in hooks.For(request))
        {
            if (call.Error is { } error)
            {
                failures.Add(new PolicyFailure(call, error, string.Empty));
                continue;
            }

            foreach (Node? parameter in call.Parameters)
            {
                request = request with { Object = Invoke(call, parameter, request, run, failures) };
            }
        }

        run.End(request.Object);
        PolicyFailure[] refusing = [.. failures.Where(failure => !failure.Call.Policy.FailsOpen)];
        return refusing.Length == 0 ? request.Object : throw Refusal(request, refusing);
    }

    private MapNode Invoke(PolicyCall<MutatingPolicy> call, Node? parameter, AdmissionRequest request, PolicyRun run, List<PolicyFailure> failures)
    {
        AdmissionRequest asked = matching.InVersion(request, call.Kind);
        MatchOutcome match = call.Policy.Matches(Input(asked, request), parameter);
        if (match.Error is { } failed)
        {
            failures.Add(new PolicyFailure(call, failed, "Invalid"));
        }

        string key = $"{call.Policy.Name}/{call.Binding}/{parameter?.At("metadata", "namespace")?.AsString()}/{parameter?.At("metadata", "name")?.AsString()}";
        if (!match.Matches || request.Operation == "DELETE" || !run.Invokes(key))
        {
            return request.Object;
        }

        MapNode before = asked.Object;
        foreach (PolicyMutation mutation in call.Policy.Mutations)
        {
            try
            {
                asked = asked with { Object = patches.Apply(mutation, call.Policy.See(Input(asked, request), parameter), asked) };
            }
            catch (MutationException e)
            {
                failures.Add(new PolicyFailure(call, e.Message, "Invalid"));
            }
        }

        bool changed = !ReferenceEquals(before, asked.Object) && !Node.DeepEquals(before, asked.Object);
        run.Invoked(key, call.Policy.MayBeReinvoked, changed);
        return !changed ? request.Object : asked.Kind == request.Kind ? asked.Object : webhooks.Convert(asked.Kind, request.Kind, asked.Object);
    }

    private PolicyInput Input(AdmissionRequest asked, AdmissionRequest request) => new(asked, request, settings, () => namespaceOf(request));

    /// <summary>403 with the words and the reason of the first failure; all of them are its causes.</summary>
    private static ApiException Refusal(AdmissionRequest request, PolicyFailure[] failures)
    {
        ApiException forbidden = ApiErrors.Forbidden(request.Kind, request.Label, failures[0].Message);
        MapNode details = forbidden.Details ?? [];
        details["causes"] = new ListNode(failures.Select(failure => (Node)new MapNode { ["message"] = failure.Message }));
        string reason = failures[0].Reason.Length > 0 ? failures[0].Reason : forbidden.Reason;
        return new ApiException(forbidden.Code, reason, failures[0].Message, details);
    }

    private sealed record PolicyFailure(PolicyCall<MutatingPolicy> Call, string Error, string Reason)
    {
        public string Message => $"policy '{Call.Policy.Name}' with binding '{Call.Binding}' denied request: {Error}";
    }
}

/// <summary>Which policies of a request were asked and are to be asked again, in its one second round.</summary>
internal sealed class PolicyRun
{
    private readonly HashSet<string> asked = [];
    private readonly HashSet<string> again = [];
    private MapNode? output;
    private bool isSecond;

    /// <summary>Whether any policy was asked for mutations, which makes the whole chain go round again, changed or not, as upstream.</summary>
    public bool CallsForMore { get; private set; }

    public void BeginSecondRound() => isSecond = true;

    public void Begin(MapNode node)
    {
        if (isSecond && output is not null && !Node.DeepEquals(output, node))
        {
            DueAgain();
        }
    }

    public bool Invokes(string key) => !isSecond || again.Contains(key);

    /// <summary>A change makes those that were asked before it, and allow it, due again.</summary>
    public void Invoked(string key, bool mayBeReinvoked, bool changed)
    {
        CallsForMore = true;
        if (changed)
        {
            DueAgain();
        }

        if (mayBeReinvoked)
        {
            asked.Add(key);
        }
    }

    public void End(MapNode node)
    {
        if (CallsForMore)
        {
            DueAgain();
            // Built-in plugins change the object where it stands.
            output = isSecond ? null : (MapNode)node.DeepClone();
        }
    }

    private void DueAgain()
    {
        again.UnionWith(asked);
        asked.Clear();
    }
}
