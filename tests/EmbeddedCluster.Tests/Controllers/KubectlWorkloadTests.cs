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

    private async Task NamespaceAsync(string name)
    {
        await cluster.RunAsync($"create namespace {name}");
        await cluster.RunAsync($"wait serviceaccount/default -n {name} --for=create --timeout=30s");
    }

    private Task<string> K(string @namespace, string arguments) => cluster.RunAsync($"-n {@namespace} {arguments}");
}
