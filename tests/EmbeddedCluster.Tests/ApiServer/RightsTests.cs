using Bowline.EmbeddedCluster.Hosting;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Tests.ApiServer;

/// <summary>RBAC, escalation and impersonation over HTTP.</summary>
public sealed class RightsTests : IAsyncLifetime
{
    private const string Rbac = "/apis/rbac.authorization.k8s.io/v1";
    private EmbeddedClusterHost host = null!;
    private Rest admin = null!;

    public async Task InitializeAsync()
    {
        host = await EmbeddedClusterHost.StartAsync(new EmbeddedClusterOptions(), default);
        admin = Rest.Admin(host);
        await admin.MadeAsync(Rbac + "/namespaces/default/roles", """
            metadata: {name: maker}
            rules:
            - {apiGroups: [rbac.authorization.k8s.io], resources: [roles, rolebindings], verbs: [create, update, patch, get]}
            - {apiGroups: [""], resources: [pods], verbs: [get, list]}
            - {apiGroups: [""], resources: [configmaps], resourceNames: [mine], verbs: [get, update]}
            """);
        await BindAsync("maker", "maker", "bob");
    }

    public async Task DisposeAsync()
    {
        admin.Dispose();
        await host.DisposeAsync();
    }

    [Fact]
    public async Task A_role_beyond_ones_own_rights_is_refused_with_the_missing_rules()
    {
        using Rest bob = Rest.As(host, "bob");
        RestAnswer answer = await bob.PostAsync(Rbac + "/namespaces/default/roles", "{metadata: {name: r}, rules: [{apiGroups: [\"\"], resources: [pods, secrets], verbs: [get, delete]}, {apiGroups: [\"\"], resources: [configmaps], verbs: [get]}]}");
        Assert.Equal(403, answer.Code);
        Assert.Equal("""
            roles.rbac.authorization.k8s.io "r" is forbidden: user "bob" (groups=["system:authenticated"]) is attempting to grant RBAC permissions not currently held:
            {APIGroups:[""], Resources:["configmaps"], Verbs:["get"]}
            {APIGroups:[""], Resources:["pods"], Verbs:["delete"]}
            {APIGroups:[""], Resources:["secrets"], Verbs:["get" "delete"]}
            """, answer.Message);
        Assert.Equal(201, (await bob.PostAsync(Rbac + "/namespaces/default/roles", "{metadata: {name: r}, rules: [{apiGroups: [\"\"], resources: [configmaps], resourceNames: [mine], verbs: [get]}]}")).Code);
        Assert.Equal(403, (await bob.MergeAsync(Rbac + "/namespaces/default/roles/r", "{\"rules\":[{\"apiGroups\":[\"\"],\"resources\":[\"*\"],\"verbs\":[\"get\"]}]}")).Code);
        Assert.Equal(403, (await bob.ApplyAsync(Rbac + "/namespaces/default/roles/s?fieldManager=m", "{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: s}, rules: [{apiGroups: [\"\"], resources: [secrets], verbs: [get]}]}")).Code);
    }

    [Fact]
    public async Task The_verb_escalate_lifts_the_check_for_roles()
    {
        await admin.MergeAsync(Rbac + "/namespaces/default/roles/maker", "{\"rules\":[{\"apiGroups\":[\"rbac.authorization.k8s.io\"],\"resources\":[\"roles\"],\"verbs\":[\"create\",\"escalate\"]}]}");
        using Rest bob = Rest.As(host, "bob");
        Assert.Equal(201, (await bob.PostAsync(Rbac + "/namespaces/default/roles", "{metadata: {name: r}, rules: [{apiGroups: [\"\"], resources: [secrets], verbs: [get]}]}")).Code);
    }

    [Fact]
    public async Task A_binding_to_a_stronger_role_is_refused_unless_it_may_be_bound()
    {
        using Rest bob = Rest.As(host, "bob");
        const string ToEdit = "{metadata: {name: b}, subjects: [{kind: User, name: bob, apiGroup: rbac.authorization.k8s.io}], roleRef: {kind: ClusterRole, name: edit, apiGroup: rbac.authorization.k8s.io}}";
        RestAnswer refused = await bob.PostAsync(Rbac + "/namespaces/default/rolebindings", ToEdit);
        Assert.Equal(403, refused.Code);
        Assert.Contains("is attempting to grant RBAC permissions not currently held:\n{APIGroups:[\"\"], Resources:[\"", refused.Message, StringComparison.Ordinal);
        RestAnswer dangling = await bob.PostAsync(Rbac + "/namespaces/default/rolebindings", ToEdit.Replace("name: edit", "name: nothing", StringComparison.Ordinal));
        Assert.Equal((404, "clusterroles.rbac.authorization.k8s.io \"nothing\" not found"), (dangling.Code, dangling.Message));
        await admin.MadeAsync(Rbac + "/namespaces/default/roles", "{metadata: {name: binder}, rules: [{apiGroups: [rbac.authorization.k8s.io], resources: [clusterroles], resourceNames: [edit], verbs: [bind]}]}");
        await BindAsync("binder", "binder", "bob");
        Assert.Equal(201, (await bob.PostAsync(Rbac + "/namespaces/default/rolebindings", ToEdit)).Code);
    }

    [Fact]
    public async Task An_aggregation_rule_takes_every_right()
    {
        await admin.MadeAsync(Rbac + "/clusterroles", "{metadata: {name: roles}, rules: [{apiGroups: [rbac.authorization.k8s.io], resources: [clusterroles], verbs: [create]}]}");
        await admin.MadeAsync(Rbac + "/clusterrolebindings", "{metadata: {name: roles}, subjects: [{kind: User, name: eve, apiGroup: rbac.authorization.k8s.io}], roleRef: {kind: ClusterRole, name: roles, apiGroup: rbac.authorization.k8s.io}}");
        using Rest eve = Rest.As(host, "eve");
        RestAnswer answer = await eve.PostAsync(Rbac + "/clusterroles", "{metadata: {name: agg}, aggregationRule: {clusterRoleSelectors: [{matchLabels: {a: b}}]}, rules: []}");
        Assert.Equal((403, "clusterroles.rbac.authorization.k8s.io \"agg\" is forbidden: must have cluster-admin privileges to use the aggregationRule"), (answer.Code, answer.Message));
    }

    [Fact]
    public async Task Resource_names_subresources_and_paths_are_what_a_rule_says()
    {
        await admin.MadeAsync("/api/v1/namespaces/default/configmaps", "{metadata: {name: mine}}");
        using Rest bob = Rest.As(host, "bob");
        Assert.Equal(200, (await bob.GetAsync("/api/v1/namespaces/default/configmaps/mine")).Code);
        RestAnswer other = await bob.GetAsync("/api/v1/namespaces/default/configmaps/other");
        Assert.Equal("configmaps \"other\" is forbidden: User \"bob\" cannot get resource \"configmaps\" in API group \"\" in the namespace \"default\"", other.Message);
        Assert.Equal(403, (await bob.GetAsync("/api/v1/namespaces/default/configmaps")).Code);
        Assert.Equal(403, (await bob.GetAsync("/api/v1/namespaces/default/pods/x/log")).Code);
        Assert.Equal(403, (await bob.GetAsync("/api/v1/namespaces/kube-system/pods")).Code);
        await admin.MadeAsync(Rbac + "/clusterroles", "{metadata: {name: paths}, rules: [{nonResourceURLs: [\"/metrics/*\"], verbs: [get]}]}");
        await admin.MadeAsync(Rbac + "/clusterrolebindings", "{metadata: {name: paths}, subjects: [{kind: Group, name: watchers, apiGroup: rbac.authorization.k8s.io}], roleRef: {kind: ClusterRole, name: paths, apiGroup: rbac.authorization.k8s.io}}");
        using Rest watcher = Rest.As(host, "w", "watchers");
        Assert.Equal(403, (await watcher.GetAsync("/metrics")).Code);
        Assert.Equal(404, (await watcher.GetAsync("/metrics/cadvisor")).Code);
    }

    [Fact]
    public async Task A_refusal_names_the_roles_that_were_looked_for_in_vain()
    {
        await admin.MadeAsync(Rbac + "/namespaces/default/rolebindings", "{metadata: {name: dangling}, subjects: [{kind: User, name: kim, apiGroup: rbac.authorization.k8s.io}], roleRef: {kind: Role, name: gone, apiGroup: rbac.authorization.k8s.io}}");
        using Rest kim = Rest.As(host, "kim");
        Assert.EndsWith("in the namespace \"default\": RBAC: role.rbac.authorization.k8s.io \"gone\" not found", (await kim.GetAsync("/api/v1/namespaces/default/pods")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Anonymous_users_see_health_and_version_only()
    {
        using Rest nobody = Rest.Anonymous(host);
        foreach (string path in (string[])["/healthz", "/livez", "/readyz", "/version"])
        {
            Assert.Equal(200, (await nobody.GetAsync(path)).Code);
        }

        foreach (string path in (string[])["/api", "/apis", "/openapi/v2", "/livez/ping", "/metrics", "/", "/api/v1/namespaces"])
        {
            Assert.Equal((path, 403), (path, (await nobody.GetAsync(path)).Code));
        }
    }

    [Fact]
    public async Task Each_part_of_an_impersonated_identity_needs_its_own_right()
    {
        await admin.MadeAsync(Rbac + "/clusterroles", "{metadata: {name: imp}, rules: [{apiGroups: [\"\"], resources: [users], verbs: [impersonate]}]}");
        await admin.MadeAsync(Rbac + "/clusterrolebindings", "{metadata: {name: imp}, subjects: [{kind: User, name: mallory, apiGroup: rbac.authorization.k8s.io}], roleRef: {kind: ClusterRole, name: imp, apiGroup: rbac.authorization.k8s.io}}");
        await using EmbeddedClusterHost other = await EmbeddedClusterHost.StartAsync(new EmbeddedClusterOptions { Tokens = [new StaticToken("t0ken", "mallory", [])] }, default);
        using Rest setup = Rest.Admin(other);
        await setup.MadeAsync(Rbac + "/clusterroles", "{metadata: {name: imp}, rules: [{apiGroups: [\"\"], resources: [users], verbs: [impersonate]}]}");
        await setup.MadeAsync(Rbac + "/clusterrolebindings", "{metadata: {name: imp}, subjects: [{kind: User, name: mallory, apiGroup: rbac.authorization.k8s.io}], roleRef: {kind: ClusterRole, name: imp, apiGroup: rbac.authorization.k8s.io}}");
        using Rest mallory = Rest.Bearer(other, "t0ken");
        const string Who = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
        Task<RestAnswer> Ask(params (string, string)[] headers) => mallory.SendAsync(HttpMethod.Post, Who, "{}", "application/json", [("Impersonate-User", "bob"), .. headers]);
        Assert.Equal("bob", (await Ask()).Body.At("status", "userInfo", "username")?.AsString());
        Assert.Contains("groups \"system:masters\" is forbidden: User \"mallory\" cannot impersonate resource \"groups\"", (await Ask(("Impersonate-Group", "system:masters"))).Message, StringComparison.Ordinal);
        Assert.Contains("uids.authentication.k8s.io \"7\" is forbidden", (await Ask(("Impersonate-Uid", "7"))).Message, StringComparison.Ordinal);
        Assert.Contains("userextras.authentication.k8s.io \"x\" is forbidden: User \"mallory\" cannot impersonate resource \"userextras/scopes\"", (await Ask(("Impersonate-Extra-Scopes", "x"))).Message, StringComparison.Ordinal);
        RestAnswer account = await mallory.SendAsync(HttpMethod.Post, Who, "{}", "application/json", ("Impersonate-User", "system:serviceaccount:default:default"));
        Assert.Contains("serviceaccounts \"default\" is forbidden: User \"mallory\" cannot impersonate resource \"serviceaccounts\" in API group \"\" in the namespace \"default\"", account.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_node_reads_what_its_pods_use_and_nothing_else()
    {
        await admin.MadeAsync("/api/v1/namespaces/default/serviceaccounts", "{metadata: {name: default}}");
        foreach (string name in (string[])["used", "other"])
        {
            await admin.MadeAsync("/api/v1/namespaces/default/secrets", $"{{metadata: {{name: {name}}}}}");
        }

        await admin.MadeAsync("/api/v1/namespaces/default/pods", "{metadata: {name: p}, spec: {nodeName: node-1, containers: [{name: c, image: i, envFrom: [{secretRef: {name: used}}]}]}}");
        using Rest node = Rest.As(host, "system:node:node-1", "system:nodes");
        Assert.Equal(200, (await node.GetAsync("/api/v1/namespaces/default/secrets/used")).Code);
        Assert.EndsWith("no relationship found between node 'node-1' and this object", (await node.GetAsync("/api/v1/namespaces/default/secrets/other")).Message, StringComparison.Ordinal);
        Assert.Equal(403, (await node.GetAsync("/api/v1/namespaces/default/secrets")).Code);
        Assert.Equal(200, (await node.GetAsync("/api/v1/pods?fieldSelector=spec.nodeName%3Dnode-1")).Code);
        Assert.Equal(403, (await node.GetAsync("/api/v1/pods")).Code);
        using Rest second = Rest.As(host, "system:node:node-2", "system:nodes");
        Assert.Equal(403, (await second.GetAsync("/api/v1/namespaces/default/secrets/used")).Code);
    }

    private async Task BindAsync(string name, string role, string user) => await admin.MadeAsync(
        Rbac + "/namespaces/default/rolebindings",
        $"{{metadata: {{name: {name}}}, subjects: [{{kind: User, name: {user}, apiGroup: rbac.authorization.k8s.io}}], roleRef: {{kind: Role, name: {role}, apiGroup: rbac.authorization.k8s.io}}}}");
}
