using Bowline.EmbeddedCluster.Hosting;
using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Tests.Admission;

/// <summary>MutatingAdmissionPolicies at work. Expressions and texts are those of upstream's own tests of the plugin, where it has them.</summary>
public sealed class MutatingPolicyTests : IAsyncLifetime
{
    private const string Policies = "/apis/admissionregistration.k8s.io/v1/mutatingadmissionpolicies";
    private const string Bindings = "/apis/admissionregistration.k8s.io/v1/mutatingadmissionpolicybindings";
    private const string Deployments = "/apis/apps/v1/namespaces/default/deployments";
    private const string ConfigMaps = "/api/v1/namespaces/default/configmaps";
    private const string Deployment = "{metadata: {name: d, labels: {x: '1'}}, spec: {replicas: 1, selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {volumes: [{name: x, emptyDir: {}}], containers: [{name: a, image: i}]}}}}";
    private EmbeddedClusterHost host = null!;
    private Rest admin = null!;

    public async Task InitializeAsync()
    {
        host = await EmbeddedClusterHost.StartAsync(new EmbeddedClusterOptions(), default);
        admin = Rest.Admin(host);
    }

    public async Task DisposeAsync()
    {
        admin.Dispose();
        await host.DisposeAsync();
    }

    [Theory]
    [InlineData("ApplyConfiguration", "Object{spec: Object.spec{replicas: object.spec.replicas % 2 == 1 ? object.spec.replicas + 1 : 0}}", "spec.replicas", "2")]
    [InlineData("ApplyConfiguration", "Object{spec: Object.spec{template: Object.spec.template{spec: Object.spec.template.spec{volumes: [Object.spec.template.spec.volumes{name: 'y', hostPath: Object.spec.template.spec.volumes.hostPath{path: '/a'}}]}}}}", "spec.template.spec.volumes", """[{"name":"x","emptyDir":{}},{"name":"y","hostPath":{"path":"/a","type":""}}]""")]
    [InlineData("ApplyConfiguration", "Object{metadata: Object.metadata{labels: {'y': request.operation, ?'z': optional.none()}}}", "metadata.labels", """{"x":"1","y":"CREATE"}""")]
    [InlineData("ApplyConfiguration", "Object{spec: Object.spec{?replicas: has(object.spec.replicas) ? optional.of(7) : optional.none()}}", "spec.replicas", "7")]
    [InlineData("JSONPatch", "[JSONPatch{op: 'test', path: '/spec/replicas', value: 100}, JSONPatch{op: 'replace', path: '/spec/replicas', value: 3}]", "spec.replicas", "1")]
    [InlineData("JSONPatch", "[JSONPatch{op: 'test', path: '/spec/replicas', value: 1}, JSONPatch{op: 'replace', path: '/spec/replicas', value: 3},]", "spec.replicas", "3")]
    [InlineData("JSONPatch", "[JSONPatch{op: 'copy', from: '/metadata/labels/x', path: '/metadata/labels/y'}]", "metadata.labels", """{"x":"1","y":"1"}""")]
    [InlineData("JSONPatch", "[JSONPatch{op: 'add', path: '/metadata/labels/' + jsonpatch.escapeKey('k8s.io/x'), value: jsonpatch.escapeKey('a~b/c').replace('~', '-')}]", "metadata.labels", """{"x":"1","k8s.io/x":"a-0b-1c"}""")]
    [InlineData("JSONPatch", "[JSONPatch{op: 'add', path: '/spec/template/spec/containers/-', value: Object.spec.template.spec.containers{name: 'x', image: 'j', ports: [Object.spec.template.spec.containers.ports{containerPort: 8080}]}}]", "spec.template.spec.containers.1.ports", """[{"containerPort":8080,"protocol":"TCP"}]""")]
    [InlineData("JSONPatch", "[JSONPatch{op: 'add', path: '/metadata/labels/a', value: string(has(JSONPatch{op: 'x'}.op)) + string(has(JSONPatch{}.value)) + string(Object{f: 'x'} == Object{f: 'y'}) + JSONPatch{path: 'p'}.path}]", "metadata.labels.a", "truefalsefalsep")]
    [InlineData("JSONPatch", "object.spec.replicas > 5 ? [JSONPatch{op: 'remove', path: '/spec/replicas'}] : []", "spec.replicas", "1")]
    public async Task A_mutation_changes_what_is_stored(string type, string expression, string path, string expected)
    {
        await BindAsync("p", "deployments", "apps", [(type, expression)]);
        Node found = path.Split('.').Aggregate((Node)await admin.MadeAsync(Deployments, Deployment), (node, step) => node is ListNode list ? list[int.Parse(step, System.Globalization.CultureInfo.InvariantCulture)] : node[step]!);
        Assert.Equal(expected, found is StringNode text ? text.Value : JsonWriter.ToText(found));
    }

    [Theory]
    [InlineData("ApplyConfiguration", "Object{spec: Object.specx{replicas: 1}}", 403, "policy 'p' with binding 'p' denied request: type mismatch: unexpected type name \"Object.specx\", expected \"Object.spec\", which matches field name path from root Object type")]
    [InlineData("ApplyConfiguration", "Object{spec: Object.spec{replicasx: 1}}", 403, "policy 'p' with binding 'p' denied request: error applying patch: failed to convert patch object to typed object: .spec.replicasx: field not declared in schema")]
    [InlineData("ApplyConfiguration", "Object{spec: Object.spec{selector: Object.spec.selector{matchLabels: {'l': 'v'}}}}", 403, "policy 'p' with binding 'p' denied request: error applying patch: invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: .spec.selector")]
    [InlineData("ApplyConfiguration", "Object{spec: Object.spec{replicas: object.spec.nope}}", 403, "policy 'p' with binding 'p' denied request: expression 'Object{spec: Object.spec{replicas: object.spec.nope}}' resulted in error: no such key: nope")]
    [InlineData("JSONPatch", "[JSONPatch{op: 'add', path: '/spec/template/spec/containers/-', value: Object.spec.template.spec.containers{name: 'x', ports: [Object.spec.template.spec.containers.portsZ{containerPort: 1}]}}]", 403, "policy 'p' with binding 'p' denied request: type mismatch: unexpected type name \"Object.spec.template.spec.containers.portsZ\", expected \"Object.spec.template.spec.containers.ports\", which matches field name path from root Object type")]
    [InlineData("JSONPatch", "[JSONPatch{op: 'add', path: '/spec/template/spec/containers/-', value: Object.spec.template.spec.containers{name: 'x', ports: [Object.spec.template.spec.containers.ports{containerPortZ: 1}]}}]", 500, "Internal error occurred: strict decoding error: unknown field \"spec.template.spec.containers[1].ports[0].containerPortZ\"")]
    public async Task A_mutation_that_fails_refuses_the_request(string type, string expression, int code, string message)
    {
        await BindAsync("p", "deployments", "apps", [(type, expression)]);
        RestAnswer refused = await admin.PostAsync(Deployments, Deployment);
        Assert.Equal((code, message), (refused.Code, refused.Message));
        if (code == 403)
        {
            Assert.Equal("Invalid", refused.Body["reason"]!.AsString());
            Assert.Equal([message], refused.Body.At("details", "causes")!.AsList()!.Select(cause => cause["message"]!.AsString()));
        }
    }

    [Fact]
    public async Task A_policy_that_ignores_failures_goes_on_with_its_next_mutation()
    {
        await BindAsync("p", "deployments", "apps", [("ApplyConfiguration", "Object{spec: Object.spec{replicas: object.spec.nope}}"), ("JSONPatch", "[JSONPatch{op: 'replace', path: '/spec/replicas', value: 4}]")], "failurePolicy: Ignore");
        Assert.Equal(4, (await admin.MadeAsync(Deployments, Deployment)).At("spec", "replicas")!.AsInteger());
    }

    [Fact]
    public async Task Mutations_see_what_those_before_them_made_and_variables_and_conditions_and_parameters_count()
    {
        await admin.MadeAsync(ConfigMaps, "{metadata: {name: settings, labels: {use: me}}, data: {more: '10'}}");
        await BindAsync(
            "p",
            "deployments",
            "apps",
            [("ApplyConfiguration", "Object{spec: Object.spec{replicas: object.spec.replicas + variables.more}}"), ("JSONPatch", "[JSONPatch{op: 'replace', path: '/spec/replicas', value: object.spec.replicas + 100}]")],
            "paramKind: {apiVersion: v1, kind: ConfigMap}, variables: [{name: more, expression: int(params.data.more)}], matchConditions: [{name: small, expression: object.spec.replicas < 100}]",
            "paramRef: {selector: {matchLabels: {use: me}}, parameterNotFoundAction: Deny}");
        Assert.Equal(111, (await admin.MadeAsync(Deployments, Deployment)).At("spec", "replicas")!.AsInteger());

        await admin.DeleteAsync(ConfigMaps + "/settings");
        Assert.Equal(
            "policy 'p' with binding 'p' denied request: failed to configure binding: no params found for policy binding with `Deny` parameterNotFoundAction",
            (await admin.MergeAsync(Deployments + "/d", "{\"metadata\":{\"labels\":{\"y\":\"1\"}}}")).Message);
    }

    [Fact]
    public async Task A_policy_that_may_be_reinvoked_sees_what_a_later_one_made()
    {
        await BindAsync("a", "configmaps", "", [("ApplyConfiguration", "Object{metadata: Object.metadata{annotations: {'seen': has(object.data) ? object.data.map(k, k).join(',') : ''}}}")], "reinvocationPolicy: IfNeeded");
        await BindAsync("b", "configmaps", "", [("ApplyConfiguration", "Object{data: {'from-b': 'x'}}")], "reinvocationPolicy: Never");
        Assert.Equal("from-b", (await admin.MadeAsync(ConfigMaps, "{metadata: {name: c}}")).At("metadata", "annotations", "seen")!.AsString());

        // Without leave it is asked once.
        await admin.MergeAsync(Policies + "/a", "{\"spec\":{\"reinvocationPolicy\":\"Never\"}}");
        Assert.Equal(string.Empty, (await admin.MadeAsync(ConfigMaps, "{metadata: {name: e}}")).At("metadata", "annotations", "seen")!.AsString());
    }

    [Fact]
    public async Task Webhooks_and_validating_policies_see_what_mutating_ones_made_and_updates_and_custom_kinds_are_mutated_too()
    {
        await admin.MadeAsync("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", "{metadata: {name: widgets.example.com}, spec: {group: example.com, scope: Namespaced, names: {plural: widgets, kind: Widget}, versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object, properties: {size: {type: integer}, tags: {type: array, x-kubernetes-list-type: set, items: {type: string}}}}}}}}]}}");
        await BindAsync("p", "widgets", "example.com", [("ApplyConfiguration", "Object{spec: Object.spec{size: 5, tags: ['b']}}")]);
        await admin.MadeAsync("/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies", "{metadata: {name: v}, spec: {matchConstraints: {resourceRules: [{operations: [CREATE, UPDATE], apiGroups: [example.com], apiVersions: ['*'], resources: [widgets]}]}, validations: [{expression: object.spec.size == 5}]}}");
        await admin.MadeAsync("/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings", "{metadata: {name: v}, spec: {policyName: v, validationActions: [Deny]}}");
        const string Widgets = "/apis/example.com/v1/namespaces/default/widgets";
        MapNode made = await admin.MadeAsync(Widgets, "{apiVersion: example.com/v1, kind: Widget, metadata: {name: w}, spec: {tags: [a]}}");
        Assert.Equal("""{"tags":["a","b"],"size":5}""", JsonWriter.ToText(made["spec"]!));
        Assert.Equal(5, (await admin.MergeAsync(Widgets + "/w", "{\"spec\":{\"size\":1}}")).Body.At("spec", "size")!.AsInteger());
        Assert.Equal(200, (await admin.DeleteAsync(Widgets + "/w")).Code);
    }

    [Theory]
    [InlineData("mutations: [{patchType: ApplyConfiguration, applyConfiguration: {expression: \"\\\"I'm a teapot!\\\"\"}}], reinvocationPolicy: Never", "spec.mutations[0].applyConfiguration.expression: Invalid value: \"\\\"I'm a teapot!\\\"\": must evaluate to Object but got string")]
    [InlineData("mutations: [{patchType: ApplyConfiguration, applyConfiguration: {expression: 'Object.spec.metadata{}'}}], reinvocationPolicy: Never", "spec.mutations[0].applyConfiguration.expression: Invalid value: \"Object.spec.metadata{}\": must evaluate to Object but got Object.spec.metadata")]
    [InlineData("mutations: [{patchType: JSONPatch, jsonPatch: {expression: 'Object{}'}}], reinvocationPolicy: Never", "spec.mutations[0].jsonPatch.expression: Invalid value: \"Object{}\": must evaluate to list(JSONPatch) but got Object")]
    [InlineData("mutations: [{patchType: JSONPatch, jsonPatch: {expression: '[JSONPatch{op: 1}]'}}], reinvocationPolicy: Never", "spec.mutations[0].jsonPatch.expression: Invalid value: \"[JSONPatch{op: 1}]\": compilation failed: ERROR: <input>:1:14: expected type of field 'op' is 'string' but provided type is 'int'\n | [JSONPatch{op: 1}]\n | .............^")]
    [InlineData("mutations: [{patchType: JSONPatch, applyConfiguration: {expression: 'Object{}'}}], reinvocationPolicy: Never", "[spec.mutations[0].jsonPatch: Required value: must be specified when patchType is JSONPatch, spec.mutations[0].applyConfiguration: Invalid value: \"{applyConfiguration}\": must not be specified when patchType is JSONPatch]")]
    [InlineData("mutations: [], reinvocationPolicy: other", "[spec.mutations: Required value: mutations must contain at least one item, spec.reinvocationPolicy: Unsupported value: \"other\": supported values: \"IfNeeded\", \"Never\"]")]
    [InlineData("mutations: [{applyConfiguration: {expression: 'Object{}'}}]", "[spec.mutations[0].patchType: Required value, spec.reinvocationPolicy: Required value]")]
    [InlineData("mutations: [{patchType: ApplyConfiguration, applyConfiguration: {expression: 'Object{}'}}], reinvocationPolicy: Never, variables: [{name: v, expression: 'Object{}'}]", "spec.variables[0].expression: Invalid value: \"Object{}\": compilation failed: ERROR: <input>:1:7: undeclared reference to 'Object' (in container '')\n | Object{}\n | ......^")]
    public async Task A_policy_is_checked_when_it_is_written(string spec, string expected)
    {
        RestAnswer refused = await admin.PostAsync(Policies, $"{{metadata: {{name: p}}, spec: {{matchConstraints: {{resourceRules: [{{operations: [CREATE], apiGroups: [''], apiVersions: [v1], resources: [pods]}}]}}, {spec}}}}}");
        Assert.Equal((422, $"MutatingAdmissionPolicy.admissionregistration.k8s.io \"p\" is invalid: {expected}"), (refused.Code, refused.Message));
    }

    [Fact]
    public async Task What_is_deleted_cannot_be_mutated()
    {
        RestAnswer refused = await admin.PostAsync(Policies, "{metadata: {name: p}, spec: {reinvocationPolicy: Never, mutations: [{patchType: ApplyConfiguration, applyConfiguration: {expression: 'Object{}'}}], matchConstraints: {resourceRules: [{operations: [DELETE], apiGroups: [''], apiVersions: [v1], resources: [pods]}]}}}");
        Assert.EndsWith("spec.matchConstraints.resourceRules.operations: Unsupported value: \"DELETE\": supported values: \"*\", \"CONNECT\", \"CREATE\", \"UPDATE\"", refused.Message, StringComparison.Ordinal);
    }

    private async Task BindAsync(string name, string resource, string group, (string Type, string Expression)[] mutations, string more = "", string bindingMore = "")
    {
        ListNode list = new(mutations.Select(mutation => (Node)new MapNode
        {
            ["patchType"] = mutation.Type,
            [mutation.Type == "JSONPatch" ? "jsonPatch" : "applyConfiguration"] = new MapNode { ["expression"] = mutation.Expression },
        }));
        string reinvocation = more.Contains("reinvocationPolicy", StringComparison.Ordinal) ? string.Empty : "reinvocationPolicy: Never, ";
        await admin.MadeAsync(Policies, $"{{metadata: {{name: {name}}}, spec: {{{reinvocation}matchConstraints: {{resourceRules: [{{operations: ['*'], apiGroups: ['{group}'], apiVersions: ['*'], resources: [{resource}]}}]}}, mutations: {JsonWriter.ToText(list)}{(more.Length > 0 ? ", " + more : more)}}}}}");
        await admin.MadeAsync(Bindings, $"{{metadata: {{name: {name}}}, spec: {{policyName: {name}{(bindingMore.Length > 0 ? ", " + bindingMore : bindingMore)}}}}}");
    }
}
