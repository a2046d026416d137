using Bowline.EmbeddedCluster.Storage;
using Bowline.Languages.Cel.Types;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Admission.Policies;

/// <summary>One mutation of a policy: an expression that makes a part of an object to be applied, or the operations of a JSON patch.</summary>
internal sealed record PolicyMutation(CompiledExpression Expression, bool IsJsonPatch);

/// <summary>A MutatingAdmissionPolicy, compiled.</summary>
internal sealed class MutatingPolicy : AdmissionPolicy
{
    public MutatingPolicy(StoredObject stored)
        : base(stored)
    {
        MayBeReinvoked = Spec["reinvocationPolicy"]?.AsString() == "IfNeeded";
        Mutations = [.. (Spec["mutations"]?.AsList() ?? []).Select(mutation => Compile(mutation, Variables))];
    }

    public bool MayBeReinvoked { get; }

    /// <summary>In the order in which they are applied.</summary>
    public IReadOnlyList<PolicyMutation> Mutations { get; }

    public static PolicyMutation Compile(Node mutation, PolicyVariables variables)
    {
        bool isPatch = mutation["patchType"]?.AsString() == "JSONPatch";
        string expression = mutation[isPatch ? "jsonPatch" : "applyConfiguration"]?["expression"]?.AsString() ?? string.Empty;
        return new PolicyMutation(
            CompiledExpression.Compile(expression, PolicyEnvironment.Mutating(variables.Environment), isPatch ? CelType.List(PolicyEnvironment.JsonPatch) : CelType.OpenObject(PolicyEnvironment.ObjectName)),
            isPatch);
    }

    /// <summary>The values that this policy's expressions see.</summary>
    public Func<string, Node?> See(PolicyInput input, Node? parameter) => Values(input, parameter);
}
