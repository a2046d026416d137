using Bowline.EmbeddedCluster.Admission.Webhooks;
using Bowline.EmbeddedCluster.Storage;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Admission.Policies;

/// <summary>What validating and mutating policies have in common: whom they concern, under which conditions, and their variables.</summary>
internal abstract class AdmissionPolicy
{
    private readonly IReadOnlyList<CompiledExpression> conditions;

    protected AdmissionPolicy(StoredObject stored)
    {
        Name = stored.Name;
        Spec = stored.Node["spec"] as MapNode ?? [];
        FailsOpen = Spec["failurePolicy"]?.AsString() == "Ignore";
        ParamKind = Spec["paramKind"] as MapNode;
        Match = PolicyMatch.Of(Name, Spec["matchConstraints"]);
        conditions = MatchConditions.Compile(Spec["matchConditions"], PolicyEnvironment.PolicyConditions(ParamKind is not null));
        Variables = PolicyVariables.Compile(Spec["variables"], ParamKind is not null);
    }

    public string Name { get; }

    public bool FailsOpen { get; }

    public MapNode? ParamKind { get; }

    public PolicyMatch Match { get; }

    protected MapNode Spec { get; }

    protected PolicyVariables Variables { get; }

    /// <summary>Whether the policy's conditions hold for a request.</summary>
    public MatchOutcome Matches(PolicyInput input, Node? parameter) => MatchConditions.Evaluate(conditions, Inputs(input, parameter), FailsOpen);

    /// <summary>Finds the values of everything but <c>variables</c>.</summary>
    protected static Func<string, Node?> Inputs(PolicyInput input, Node? parameter) => name => name == "params" ? parameter ?? Node.Null : input.Find(name);

    /// <summary>Finds the values of everything; variables are computed once for as long as this is used.</summary>
    protected Func<string, Node?> Values(PolicyInput input, Node? parameter)
    {
        Func<string, Node?> inputs = Inputs(input, parameter);
        Node bound = Variables.Bind(inputs);
        return name => name == "variables" ? bound : inputs(name);
    }
}
