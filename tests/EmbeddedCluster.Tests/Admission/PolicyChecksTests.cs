using Bowline.EmbeddedCluster.Admission.Policies;
using Bowline.EmbeddedCluster.Validation;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;

namespace Bowline.EmbeddedCluster.Tests.Admission;

/// <summary>Policies and bindings that are refused when they are written.</summary>
public sealed class PolicyChecksTests
{
    private const string Policies = "validatingadmissionpolicies.admissionregistration.k8s.io";
    private const string Bindings = "validatingadmissionpolicybindings.admissionregistration.k8s.io";
    private const string Constraints = "matchConstraints: {matchPolicy: Equivalent, resourceRules: [{operations: ['*'], apiGroups: ['*'], apiVersions: ['*'], resources: ['*']}]}";

    [Theory]
    [InlineData("validations: [{expression: object.metadata.name != '', messageExpression: \"'no ' + object.metadata.name\"}]", "")]
    [InlineData("validations: [{expression: variables.a > 1}], variables: [{name: a, expression: size(object.metadata.labels)}]", "")]
    [InlineData("validations: [{expression: variables.b > 1}], variables: [{name: a, expression: '1'}]", "spec.validations[0].expression: Invalid value: \"variables.b > 1\": compilation failed: ERROR: <input>:1:10: undefined field 'b'\n | variables.b > 1\n | .........^")]
    [InlineData("validations: [{expression: params.x == 1}]", "spec.validations[0].expression: Invalid value: \"params.x == 1\": compilation failed: ERROR: <input>:1:1: undeclared reference to 'params' (in container '')\n | params.x == 1\n | ^")]
    [InlineData("validations: [{expression: params.x == 1}], paramKind: {apiVersion: v1, kind: ConfigMap}", "")]
    [InlineData("validations: [{expression: '1'}]", "spec.validations[0].expression: Invalid value: \"1\": must evaluate to bool but got int")]
    [InlineData("validations: [{expression: \"authorizer.group('').resource('pods').check('get').allowed()\"}]", "")]
    [InlineData("validations: [{expression: 'true', messageExpression: \"string(authorizer.path('/x').check('get').allowed())\"}]", "spec.validations[0].messageExpression: Invalid value: \"string(authorizer.path('/x').check('get').allowed())\": compilation failed: ERROR: <input>:1:8: undeclared reference to 'authorizer' (in container '')\n | string(authorizer.path('/x').check('get').allowed())\n | .......^")]
    [InlineData("validations: [{expression: 'true', reason: Nope}]", "spec.validations[0].reason: Unsupported value: \"Nope\": supported values: \"Forbidden\", \"Invalid\", \"RequestEntityTooLarge\", \"Unauthorized\"")]
    [InlineData("validations: []", "spec.validations: Required value: validations or auditAnnotations must contain at least one item\nspec.auditAnnotations: Required value: validations or auditAnnotations must contain at least one item")]
    [InlineData("validations: [{expression: 'true'}], matchConditions: [{name: a, expression: 'true'}, {name: a, expression: ''}]", "spec.matchConditions[1].expression: Required value\nspec.matchConditions[1].name: Duplicate value: \"a\"")]
    [InlineData("validations: [{expression: 'true'}], variables: [{name: a-b, expression: 'true'}]", "spec.variables[0].name: Invalid value: \"a-b\": name is not a valid CEL identifier")]
    [InlineData("auditAnnotations: [{key: k, valueExpression: '1'}]", "spec.auditAnnotations[0].valueExpression: Invalid value: \"1\": must evaluate to one of [string null_type] but got int")]
    [InlineData("auditAnnotations: [{key: k, valueExpression: \"object.x ? 'a' : 'b'\"}]", "")]
    public void A_policy_is_checked(string spec, string expected) => Assert.Equal(expected, Check(Policies, $"{{{Constraints}, {spec}}}"));

    [Theory]
    [InlineData("{policyName: p, validationActions: [Deny, Audit]}", "")]
    [InlineData("{policyName: p, validationActions: []}", "spec.validationActions: Required value: at least one validation action is required")]
    [InlineData("{policyName: p, validationActions: [Deny, Warn]}", "spec.validationActions: Invalid value: [\"Deny\",\"Warn\"]: must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)")]
    [InlineData("{validationActions: [Deny]}", "spec.policyName: Required value")]
    [InlineData("{policyName: p, validationActions: [Deny], paramRef: {parameterNotFoundAction: Deny}}", "spec.paramRef: Required value: one of name or selector must be specified")]
    public void A_binding_is_checked(string spec, string expected) => Assert.Equal(expected, Check(Bindings, spec));

    private static string Check(string kind, string spec)
    {
        List<FieldError> errors = [];
        PolicyChecks.Check(kind, (MapNode)YamlReader.Read($"{{metadata: {{name: p}}, spec: {spec}}}"), errors);
        return string.Join('\n', errors);
    }
}
