using Bowline.EmbeddedCluster.Tests;
using Bowline.Resources.Model;

namespace Bowline.Tests.Controllers;

/// <summary>status.typeChecking of ValidatingAdmissionPolicies: what upstream's documentation and its type checker say of such expressions.</summary>
public sealed class PolicyTypesTests
{
    [Fact]
    public async Task Expressions_that_do_not_fit_a_kind_are_warned_of_kind_by_kind()
    {
        await using RunningCluster cluster = await RunningCluster.StartAsync();
        await cluster.CreateAsync("""
            apiVersion: apiextensions.k8s.io/v1
            kind: CustomResourceDefinition
            metadata: {name: widgets.example.com}
            spec:
              group: example.com
              scope: Namespaced
              names: {plural: widgets, kind: Widget}
              versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object, properties: {size: {type: integer}}}}}}}]
            """);
        await cluster.WaitAsync("apiextensions.k8s.io/v1", "CustomResourceDefinition", "widgets.example.com", definition => definition.At("status", "acceptedNames", "kind") is not null, string.Empty);
        await cluster.CreateAsync(Policy("typed", "{operations: [CREATE], apiGroups: [apps], apiVersions: [v1], resources: [deployments, replicasets]}",
            "{expression: 'object.replicas > 1', messageExpression: \"'no ' + object.metadata.nope\"}, {expression: object.spec.replicas > variables.most}, {expression: object.spec.minReadySeconds == 'x'}"));
        MapNode status = (MapNode)(await cluster.WaitAsync("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicy", "typed", policy => policy.At("status", "observedGeneration") is not null, string.Empty))["status"]!;
        ListNode warnings = status.At("typeChecking", "expressionWarnings")!.AsList()!;
        Assert.Equal(["spec.validations[0].expression", "spec.validations[0].messageExpression", "spec.validations[2].expression"], warnings.Select(warning => warning["fieldRef"]!.AsString()));
        Assert.Equal(
            "apps/v1, Kind=Deployment: ERROR: <input>:1:7: undefined field 'replicas'\n | object.replicas > 1\n | ......^\n\napps/v1, Kind=ReplicaSet: ERROR: <input>:1:7: undefined field 'replicas'\n | object.replicas > 1\n | ......^\n",
            warnings[0]["warning"]!.AsString());
        Assert.Contains("found no matching overload for '_==_' applied to '(int, string)'", warnings[2]["warning"]!.AsString(), StringComparison.Ordinal);

        // What is right, and what nothing is known of, is not warned of; custom kinds are known by their schemas.
        await cluster.CreateAsync(Policy("right", "{operations: ['*'], apiGroups: ['*'], apiVersions: [v1], resources: [pods]}", "{expression: object.whatever == 1}"));
        status = (MapNode)(await cluster.WaitAsync("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicy", "right", policy => policy.At("status", "observedGeneration") is not null, string.Empty))["status"]!;
        Assert.Null(status.At("typeChecking", "expressionWarnings"));
        await cluster.CreateAsync(Policy("custom", "{operations: [CREATE], apiGroups: [example.com], apiVersions: [v1], resources: [widgets]}", "{expression: object.spec.size > 1}, {expression: object.spec.colour == 'x'}"));
        status = (MapNode)(await cluster.WaitAsync("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicy", "custom", policy => policy.At("status", "observedGeneration") is not null, string.Empty))["status"]!;
        Assert.Equal(["spec.validations[1].expression"], status.At("typeChecking", "expressionWarnings")!.AsList()!.Select(warning => warning["fieldRef"]!.AsString()));
    }

    private static string Policy(string name, string rule, string validations) =>
        $"apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingAdmissionPolicy\nmetadata: {{name: {name}}}\nspec: {{matchConstraints: {{resourceRules: [{rule}]}}, variables: [{{name: most, expression: '3'}}], validations: [{validations}]}}\n";
}
