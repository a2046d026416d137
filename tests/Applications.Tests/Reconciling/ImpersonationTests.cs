using System.Collections.Concurrent;
using Bowline.Applications.Model;
using Bowline.Applications.Projects;
using Bowline.Applications.Reconciling;
using Bowline.Cluster.Requests;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;

namespace Bowline.Applications.Tests.Reconciling;

/// <summary>Syncs in the name of service accounts (<c>application.sync.impersonation.enabled</c>).</summary>
public sealed class ImpersonationTests
{
    private const string Account = "system:serviceaccount:a:deployer";

    [Fact]
    public async Task Everything_of_an_application_is_written_and_deleted_in_its_accounts_name_and_nothing_of_the_records()
    {
        await using FaultBench bench = await FaultBench.StartAsync();
        ConcurrentQueue<(string Path, string User)> writes = [];
        bench.Front.Fault = context =>
        {
            if (context.Request.Method != "GET")
            {
                writes.Enqueue((context.Request.Path.Value!, context.Request.Headers["Impersonate-User"].ToString()));
            }

            return Task.FromResult(false);
        };
        await AllowAsync(bench, "['']", "[configmaps, namespaces]");
        bench.Target.ActsAs = _ => Account;
        string hook = FaultBench.ConfigMap("hook").Replace("name: hook", "name: hook, annotations: {argocd.argoproj.io/hook: PreSync, argocd.argoproj.io/hook-delete-policy: HookSucceeded}", StringComparison.Ordinal);
        ApplicationRunner runner = await bench.DeliverAsync("a", FaultBench.ConfigMap("one") + FaultBench.ConfigMap("two") + hook);
        runner.Update(FaultBench.Render("a", FaultBench.ConfigMap("one")));
        await FaultBench.UntilAsync(() => writes.Any(write => write.Path.EndsWith("/configmaps/two", StringComparison.Ordinal)) && runner.Status.IsDelivered && runner.Settling.IsSettled, () => runner.Status.Message);

        ILookup<bool, string> byRecords = writes.ToLookup(write => write.Path.Contains("bowline-system", StringComparison.Ordinal), write => write.User);
        Assert.Equal([Account], byRecords[false].Distinct());
        Assert.Equal([string.Empty], byRecords[true].Distinct());
        Assert.True(byRecords[false].Count() >= 5, "namespace, two objects, a hook and its deletion, a prune");
    }

    [Fact]
    public async Task An_application_that_leaves_is_deleted_by_the_account_that_wrote_it_or_by_the_one_that_its_project_names_now()
    {
        await using FaultBench bench = await FaultBench.StartAsync();
        ConcurrentQueue<(string Path, string User)> deletions = [];
        bench.Front.Fault = context =>
        {
            if (context.Request.Method == "DELETE" && !context.Request.Path.Value!.Contains("bowline-system", StringComparison.Ordinal))
            {
                deletions.Enqueue((context.Request.Path.Value, context.Request.Headers["Impersonate-User"].ToString()));
            }

            return Task.FromResult(false);
        };
        await AllowAsync(bench, "['']", "[configmaps, namespaces]");
        bench.Target.ActsAs = _ => Account;
        await bench.DeliverAsync("a", FaultBench.ConfigMap("one"));
        ApplicationRemoval removal = new(bench.Target, TimeProvider.System);
        RemovalResult refused = await removal.RemoveAsync("a", new Farewell(true, "Foreground") { Refusal = "nobody may" }, default);
        Assert.Equal((0, "nobody may"), (refused.Pruned, refused.Problem));
        RemovalResult stranger = await removal.RemoveAsync("a", new Farewell(true, "Foreground") { By = "system:serviceaccount:a:stranger" }, default);
        Assert.Contains("User \"system:serviceaccount:a:stranger\" cannot delete", stranger.Problem);
        Assert.DoesNotContain(deletions, deletion => deletion.User is not "system:serviceaccount:a:stranger");

        deletions.Clear();
        RemovalResult done = await removal.RemoveAsync("a", new Farewell(true, string.Empty), default);
        Assert.Equal((1, string.Empty), (done.Pruned, done.Problem));
        Assert.All(deletions, deletion => Assert.Equal(Account, deletion.User));
        Assert.NotEmpty(deletions);
    }

    [Fact]
    public async Task What_the_account_may_not_do_fails_its_application_with_the_servers_own_words()
    {
        await using FaultBench bench = await FaultBench.StartAsync();
        await AllowAsync(bench, "['']", "[namespaces]");
        bench.Target.ActsAs = application => application.Name == "a" ? Account : string.Empty;
        ApplicationRunner runner = bench.Run("a", FaultBench.ConfigMap("one"));
        await FaultBench.UntilAsync(() => runner.Status.Message.Contains("forbidden", StringComparison.Ordinal), () => runner.Status.Message);
        Assert.Contains($"User \"{Account}\" cannot", runner.Status.Message);
        await bench.DeliverAsync("b", FaultBench.ConfigMap("one"));
    }

    [Theory]
    [InlineData("[{server: 'https://kubernetes.default.svc', namespace: web, defaultServiceAccount: deployer}]", "system:serviceaccount:web:deployer")]
    [InlineData("[{server: '*', namespace: other, defaultServiceAccount: no}, {server: 'https://kube*', namespace: 'w*', defaultServiceAccount: 'ops:deployer'}]", "system:serviceaccount:ops:deployer")]
    [InlineData("[{server: '*', namespace: '*', defaultServiceAccount: 'a*'}]", "!is not the name of one")]
    [InlineData("[{server: '*', namespace: '*', defaultServiceAccount: ' '}]", "!is not the name of one")]
    [InlineData("[{server: 'https://elsewhere', namespace: '*', defaultServiceAccount: deployer}]", "!no matching service account found for destination server https://kubernetes.default.svc and namespace web")]
    [InlineData("[]", "!no matching service account found")]
    public void The_first_account_for_the_destination_counts_and_where_there_is_none_nothing_is_synced(string accounts, string expected)
    {
        ApplicationSpec application = new("web") { Destination = new Destination { Server = "https://kubernetes.default.svc", Namespace = "web" } };
        ActingUser user = ActingUser.Of(YamlReader.Read(accounts), application, application.Destination.Server, ImpersonationMode.Required);
        Assert.Equal(expected.StartsWith('!') ? string.Empty : expected, user.User);
        Assert.Contains(expected.StartsWith('!') ? expected[1..] : string.Empty, user.Problem);
        Assert.Equal(expected.StartsWith('!'), user.Problem.Length > 0);
    }

    [Theory]
    [InlineData("{}", ImpersonationMode.Off)]
    [InlineData("{application.sync.impersonation.enabled: 'true'}", ImpersonationMode.Required)]
    [InlineData("{application.sync.impersonation.enabled: 'true', application.sync.impersonation.enforced: 'false'}", ImpersonationMode.Preferred)]
    [InlineData("{application.sync.impersonation.enforced: 'true'}", ImpersonationMode.Off)]
    public void The_settings_say_whether_and_how_strictly(string data, ImpersonationMode expected) =>
        Assert.Equal(expected, ActingUser.ModeOf(new MapNode { ["data"] = YamlReader.Read(data) }));

    private static async Task AllowAsync(FaultBench bench, string groups, string resources)
    {
        foreach (string manifest in (string[])[
            $"{{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {{name: deployer}}, rules: [{{apiGroups: {groups}, resources: {resources}, verbs: ['*']}}]}}",
            "{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRoleBinding, metadata: {name: deployer}, roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: deployer}, subjects: [{kind: ServiceAccount, name: deployer, namespace: a}]}"])
        {
            Resource resource = new((MapNode)YamlReader.Read(manifest));
            KindInfo kind = (await bench.Server.FindKindAsync(resource.Kind, default))!;
            await bench.Server.CreateAsync(kind, string.Empty, resource.Node, new WriteOptions(), default);
        }
    }
}
