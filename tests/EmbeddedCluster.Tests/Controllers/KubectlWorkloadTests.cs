using System.Diagnostics;
using Bowline.EmbeddedCluster.Tests.Hosting;

namespace Bowline.Tests.Controllers;

/// <summary>One running cluster with three simulated nodes, and the real kubectl before it.</summary>
public sealed class KubectlCluster : IAsyncLifetime
{
    private readonly string directory = Directory.CreateTempSubdirectory("bowline-workloads").FullName;
    private RunningCluster cluster = null!;

    public async Task InitializeAsync()
    {
        cluster = await RunningCluster.StartAsync();
        await File.WriteAllTextAsync(Path.Combine(directory, "config"), cluster.Host.Kubeconfig);
    }

    public async Task DisposeAsync()
    {
        await cluster.DisposeAsync();
        Directory.Delete(directory, recursive: true);
    }

    /// <summary>Runs kubectl and returns all it said.</summary>
    public async Task<string> RunAsync(string arguments, string? input = null, int expected = 0)
    {
        ProcessStartInfo start = new(Kubectl.File!, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = directory };
        start.Environment["KUBECONFIG"] = Path.Combine(directory, "config");
        start.Environment["HOME"] = directory;
        using Process process = Process.Start(start)!;
        if (input is not null)
        {
            await process.StandardInput.WriteAsync(input);
        }

        process.StandardInput.Close();
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> error = process.StandardError.ReadToEndAsync();
        using CancellationTokenSource patience = new(TimeSpan.FromSeconds(90), TimeProvider.System);
        await process.WaitForExitAsync(patience.Token);
        string all = await output + await error;
        Assert.True(process.ExitCode == expected, $"kubectl {arguments} ended with {process.ExitCode}:\n{all}");
        return all;
    }
}

/// <summary>What people do with workloads, by kubectl; every test has a namespace of its own in one cluster.</summary>
public sealed class KubectlWorkloadTests(KubectlCluster cluster) : IClassFixture<KubectlCluster>
{
    [KubectlFact]
    public async Task A_rollout_is_watched_undone_restarted_paused_and_resumed()
    {
        await NamespaceAsync("rollout");
        await K("rollout", "create deployment web --image=nginx:1 --replicas=3");
        Assert.Contains("successfully rolled out", await K("rollout", "rollout status deploy/web --timeout=60s"), StringComparison.Ordinal);
        await K("rollout", "set image deploy/web nginx=nginx:2");
        await K("rollout", "annotate deploy/web kubernetes.io/change-cause=second");
        Assert.Contains("successfully rolled out", await K("rollout", "rollout status deploy/web --timeout=60s"), StringComparison.Ordinal);
        string history = await K("rollout", "rollout history deploy/web");
        Assert.Matches("(?m)^1 +<none>", history);
        Assert.Matches("(?m)^2 +second", history);
        Assert.Contains("nginx:1", await K("rollout", "rollout history deploy/web --revision=1"), StringComparison.Ordinal);
        await K("rollout", "rollout undo deploy/web");
        await K("rollout", "rollout status deploy/web --timeout=60s");
        Assert.Equal("nginx:1", await K("rollout", "get deploy web -o jsonpath={.spec.template.spec.containers[0].image}"));
        Assert.Matches("(?m)^3 ", await K("rollout", "rollout history deploy/web"));
        await K("rollout", "rollout restart deploy/web");
        await K("rollout", "rollout status deploy/web --timeout=60s");
        await K("rollout", "rollout pause deploy/web");
        await K("rollout", "set image deploy/web nginx=nginx:3");
        Assert.DoesNotContain("nginx:3", await K("rollout", "get rs -o wide"), StringComparison.Ordinal);
        await K("rollout", "rollout resume deploy/web");
        await K("rollout", "rollout status deploy/web --timeout=60s");
        Assert.Contains("nginx:3", await K("rollout", "get rs -o wide"), StringComparison.Ordinal);
        Assert.Contains("ScalingReplicaSet", await K("rollout", "describe deploy web"), StringComparison.Ordinal);
    }

    [KubectlFact]
    public async Task Workloads_are_scaled_autoscaled_exposed_and_waited_for()
    {
        await NamespaceAsync("scaled");
        await K("scaled", "create deployment web --image=nginx:1 --port=80");
        await K("scaled", "set resources deploy/web --requests=cpu=100m");
        await K("scaled", "scale deploy/web --replicas=4");
        await K("scaled", "rollout status deploy/web --timeout=60s");
        await K("scaled", "wait deploy/web --for=jsonpath={.status.availableReplicas}=4 --timeout=60s");
        await K("scaled", "autoscale deploy/web --min=2 --max=3 --cpu-percent=50");
        await K("scaled", "wait deploy/web --for=jsonpath={.status.replicas}=3 --timeout=60s");
        await K("scaled", "wait hpa/web --for=condition=ScalingActive --timeout=60s");
        Assert.Contains("Deployment/web", await K("scaled", "get hpa web"), StringComparison.Ordinal);
        await K("scaled", "expose deploy/web --port=8080 --target-port=80");
        await K("scaled", "wait endpointslice -l kubernetes.io/service-name=web --for=jsonpath={.endpoints[2].conditions.ready}=true --timeout=60s");
        Assert.Contains("Endpoints:", await K("scaled", "describe svc web"), StringComparison.Ordinal);
    }

    [KubectlFact]
    public async Task Nodes_are_cordoned_drained_tainted_and_taken_back()
    {
        await NamespaceAsync("drained");
        await K("drained", "create deployment web --image=nginx:1 --replicas=6");
        await K("drained", "rollout status deploy/web --timeout=60s");
        string node = await K("drained", "get pods -o jsonpath={.items[0].spec.nodeName}");
        await cluster.RunAsync($"cordon {node}");
        Assert.Contains("SchedulingDisabled", await cluster.RunAsync($"get node {node}"), StringComparison.Ordinal);
        Assert.Contains("drained", await cluster.RunAsync($"drain {node} --ignore-daemonsets --delete-emptydir-data --force --timeout=80s"), StringComparison.Ordinal);
        await K("drained", "rollout status deploy/web --timeout=60s");
        Assert.DoesNotContain(node, await K("drained", "get pods -o jsonpath={.items[*].spec.nodeName}"), StringComparison.Ordinal);
        await cluster.RunAsync($"uncordon {node}");
        await cluster.RunAsync($"taint node {node} maintenance=now:NoExecute");
        Assert.Contains("maintenance=now:NoExecute", await cluster.RunAsync($"describe node {node}"), StringComparison.Ordinal);
        await cluster.RunAsync($"taint node {node} maintenance-");
    }

    [KubectlFact]
    public async Task Certificates_are_approved_denied_and_collected()
    {
        using System.Security.Cryptography.ECDsa key = System.Security.Cryptography.ECDsa.Create(System.Security.Cryptography.ECCurve.NamedCurves.nistP256);
        string pem = new System.Security.Cryptography.X509Certificates.CertificateRequest("CN=jane", key, System.Security.Cryptography.HashAlgorithmName.SHA256).CreateSigningRequestPem();
        string Request(string name) => $$"""
            apiVersion: certificates.k8s.io/v1
            kind: CertificateSigningRequest
            metadata: {name: {{name}}}
            spec:
              request: {{Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(pem))}}
              signerName: kubernetes.io/kube-apiserver-client
              usages: [client auth]
            """;
        await cluster.RunAsync("apply -f -", Request("jane"));
        await cluster.RunAsync("apply -f -", Request("joe"));
        Assert.Matches("(?m)^jane .* Pending", await cluster.RunAsync("get csr"));
        Assert.Contains("certificatesigningrequest.certificates.k8s.io/jane approved", await cluster.RunAsync("certificate approve jane"), StringComparison.Ordinal);
        Assert.Contains("certificatesigningrequest.certificates.k8s.io/joe denied", await cluster.RunAsync("certificate deny joe"), StringComparison.Ordinal);
        await cluster.RunAsync("wait csr/jane --for=jsonpath={.status.certificate} --timeout=30s");
        Assert.Matches("(?m)^jane .* Approved,Issued", await cluster.RunAsync("get csr"));
        Assert.Matches("(?m)^joe .* Denied", await cluster.RunAsync("get csr"));
    }

    [KubectlFact]
    public async Task A_budget_stops_a_drain()
    {
        await NamespaceAsync("guarded");
        await K("guarded", "create deployment web --image=nginx:1 --replicas=2");
        await K("guarded", "create pdb web --selector=app=web --max-unavailable=0");
        await K("guarded", "rollout status deploy/web --timeout=60s");
        await K("guarded", "wait pdb/web --for=jsonpath={.status.currentHealthy}=2 --timeout=30s");
        string node = await K("guarded", "get pods -o jsonpath={.items[0].spec.nodeName}");
        string refused = await cluster.RunAsync($"drain {node} --ignore-daemonsets --delete-emptydir-data --force --timeout=6s --pod-selector=app=web --skip-wait-for-delete-timeout=1", expected: 1);
        Assert.Contains("Cannot evict pod as it would violate the pod's disruption budget.", refused, StringComparison.Ordinal);
        await cluster.RunAsync($"uncordon {node}");
        await K("guarded", "delete pdb web");
    }

    [KubectlFact]
    public async Task Pods_and_jobs_are_run_by_hand()
    {
        await NamespaceAsync("byhand");
        await K("byhand", "run once --image=busybox");
        await K("byhand", "wait pod/once --for=condition=Ready --timeout=60s");
        await K("byhand", "create cronjob nightly --image=busybox --schedule=\"0 3 * * *\" -- true");
        await K("byhand", "create job now --from=cronjob/nightly");
        await K("byhand", "wait job/now --for=condition=Complete --timeout=60s");
        Assert.Contains("nightly", await K("byhand", "get job now -o jsonpath={.metadata.ownerReferences[0].name}"), StringComparison.Ordinal);
    }

    [KubectlFact]
    public async Task Deletion_cascades_as_it_is_told_to()
    {
        await NamespaceAsync("cascade");
        foreach (string name in (string[])["fore", "back", "orphan"])
        {
            await K("cascade", $"create deployment {name} --image=nginx:1");
            await K("cascade", $"rollout status deploy/{name} --timeout=60s");
        }

        await K("cascade", "delete deploy fore --cascade=foreground --timeout=60s");
        Assert.DoesNotContain("fore-", await K("cascade", "get rs,pods -o name"), StringComparison.Ordinal);
        await K("cascade", "delete deploy back --cascade=background --timeout=60s");
        await K("cascade", "wait pod -l app=back --for=delete --timeout=60s");
        await K("cascade", "delete deploy orphan --cascade=orphan --timeout=60s");
        Assert.Contains("replicaset.apps/orphan-", await K("cascade", "get rs,pods -o name"), StringComparison.Ordinal);
        Assert.Empty(await K("cascade", "get rs -l app=orphan -o jsonpath={.items[0].metadata.ownerReferences}"));
        await K("cascade", "create deployment orphan --image=nginx:1");
        await K("cascade", "rollout status deploy/orphan --timeout=60s");
        Assert.Contains("orphan", await K("cascade", "get rs -l app=orphan -o jsonpath={.items[*].metadata.ownerReferences[0].name}"), StringComparison.Ordinal);
        Assert.Single((await K("cascade", "get rs -l app=orphan -o name")).Trim().Split('\n'));
        await cluster.RunAsync("delete namespace cascade --timeout=60s");
    }

    [KubectlFact]
    public async Task Stateful_sets_and_daemon_sets_roll_out_and_back()
    {
        await NamespaceAsync("sets");
        await cluster.RunAsync("apply -f -", """
            apiVersion: apps/v1
            kind: StatefulSet
            metadata: {name: db, namespace: sets}
            spec:
              serviceName: db
              replicas: 3
              selector: {matchLabels: {app: db}}
              template: {metadata: {labels: {app: db}}, spec: {containers: [{name: c, image: "db:1"}]}}
            ---
            apiVersion: apps/v1
            kind: DaemonSet
            metadata: {name: agent, namespace: sets}
            spec:
              selector: {matchLabels: {app: agent}}
              template: {metadata: {labels: {app: agent}}, spec: {containers: [{name: c, image: "agent:1"}]}}
            """);
        foreach (string set in (string[])["sts/db", "ds/agent"])
        {
            await K("sets", $"rollout status {set} --timeout=60s");
            await K("sets", $"set image {set} c=new:2");
            await K("sets", $"rollout status {set} --timeout=60s");
            Assert.Matches("(?m)^2 ", await K("sets", $"rollout history {set}"));
            await K("sets", $"rollout undo {set}");
            await K("sets", $"rollout status {set} --timeout=60s");
            Assert.DoesNotContain("new:2", await K("sets", $"get {set} -o jsonpath={{.spec.template.spec.containers[0].image}}"), StringComparison.Ordinal);
        }
    }

    [KubectlFact]
    public async Task Rollouts_go_to_a_revision_and_sizes_are_checked_first()
    {
        await NamespaceAsync("flags");
        await K("flags", "create deployment web --image=nginx:1 --replicas=2");
        await K("flags", "create deployment api --image=nginx:1");
        foreach (string image in (string[])["nginx:2", "nginx:3"])
        {
            await K("flags", "rollout status deploy/web --timeout=60s");
            await K("flags", $"set image deploy/web nginx={image}");
        }

        await K("flags", "rollout status deploy/web --timeout=60s");
        await K("flags", "rollout undo deploy/web --to-revision=1");
        await K("flags", "rollout status deploy/web --timeout=60s");
        Assert.Equal("nginx:1", await K("flags", "get deploy web -o jsonpath={.spec.template.spec.containers[0].image}"));
        Assert.Matches("^deployment.apps/web \\nREVISION +CHANGE-CAUSE\\n2 .*\\n3 .*\\n4 ", await K("flags", "rollout history deploy/web"));
        Assert.Contains("unable to find specified revision 9 in history", await K("flags", "rollout undo deploy/web --to-revision=9", expected: 1), StringComparison.Ordinal);
        await K("flags", "rollout pause deploy/web");
        Assert.Contains("you cannot rollback a paused deployment", await K("flags", "rollout undo deploy/web", expected: 1), StringComparison.Ordinal);
        await K("flags", "rollout resume deploy/web");
        Assert.Contains("xpected replicas to be 5, was 2", await K("flags", "scale deploy/web --replicas=3 --current-replicas=5", expected: 1), StringComparison.Ordinal);
        await K("flags", "scale deploy/web deploy/api --replicas=3");
        Assert.Equal("3 3", await K("flags", "get deploy -o jsonpath={.items[*].spec.replicas}"));
    }

    [KubectlFact]
    public async Task Logs_are_those_that_are_asked_for_and_figures_are_shown_by_container()
    {
        await NamespaceAsync("logs");
        await cluster.RunAsync("apply -f -", """
            apiVersion: v1
            kind: Pod
            metadata: {name: two, namespace: logs, labels: {app: two}, annotations: {bowline.dev/logs.a: "one\ntwo\nthree\n", bowline.dev/logs.b: "bee\n"}}
            spec: {containers: [{name: a, image: nginx}, {name: b, image: busybox}]}
            """);
        await K("logs", "wait pod/two --for=condition=Ready --timeout=60s");
        Assert.Equal("bee\n", await K("logs", "logs two -c b"));
        Assert.Equal("three\n", await K("logs", "logs two -c a --tail=1"));
        Assert.Matches("^20..-.*Z one\n", await K("logs", "logs two -c a --timestamps --since=1h"));
        string all = await K("logs", "logs -l app=two --all-containers --prefix --tail=1");
        Assert.Contains("[pod/two/a] three", all, StringComparison.Ordinal);
        Assert.Contains("[pod/two/b] bee", all, StringComparison.Ordinal);
        Assert.Contains("previous terminated container \"a\" in pod \"two\" not found", await K("logs", "logs two -c a --previous", expected: 1), StringComparison.Ordinal);
        Assert.Contains("container nope is not valid for pod two", await K("logs", "logs two -c nope", expected: 1), StringComparison.Ordinal);
        Assert.Matches("(?m)^two +a +.*\n?two +b ", await K("logs", "top pods --containers --sort-by=memory --no-headers"));
        Assert.Contains("pod \"once\" deleted", await K("logs", "run once --image=busybox --restart=Never --rm --attach -- true"), StringComparison.Ordinal);
    }

    [KubectlFact]
    public async Task Drains_and_taints_refuse_what_was_not_asked_for()
    {
        await NamespaceAsync("refusals");
        await cluster.RunAsync("apply -f -", """
            apiVersion: v1
            kind: Pod
            metadata: {name: bare, namespace: refusals}
            spec: {nodeName: bowline-1, containers: [{name: c, image: nginx}], volumes: [{name: v, emptyDir: {}}]}
            """);
        await K("refusals", "wait pod/bare --for=condition=Ready --timeout=60s");
        Assert.Contains("cannot delete Pods with local storage", await cluster.RunAsync("drain bowline-1 --ignore-daemonsets --force --timeout=20s", expected: 1), StringComparison.Ordinal);
        Assert.Contains("declare no controller", await cluster.RunAsync("drain bowline-1 --ignore-daemonsets --delete-emptydir-data --timeout=20s", expected: 1), StringComparison.Ordinal);
        await cluster.RunAsync("uncordon bowline-1");
        await cluster.RunAsync("taint node bowline-1 colour=red:PreferNoSchedule");
        Assert.Contains("--overwrite is false", await cluster.RunAsync("taint node bowline-1 colour=blue:PreferNoSchedule", expected: 1), StringComparison.Ordinal);
        await cluster.RunAsync("taint node bowline-1 colour=blue:PreferNoSchedule --overwrite");
        Assert.Contains("colour=blue:PreferNoSchedule", await cluster.RunAsync("describe node bowline-1"), StringComparison.Ordinal);
        await cluster.RunAsync("taint node bowline-1 colour:PreferNoSchedule-");
        Assert.Contains("not found", await cluster.RunAsync("taint node bowline-1 colour-", expected: 1), StringComparison.Ordinal);
    }

    private async Task NamespaceAsync(string name)
    {
        await cluster.RunAsync($"create namespace {name}");
        await cluster.RunAsync($"wait serviceaccount/default -n {name} --for=create --timeout=30s");
    }

    private Task<string> K(string @namespace, string arguments, int expected = 0) => cluster.RunAsync($"-n {@namespace} {arguments}", expected: expected);
}
