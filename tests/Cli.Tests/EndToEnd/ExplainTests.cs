using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.Cli.Tests.EndToEnd;

/// <summary>One running <c>up</c> with an application for every cause of trouble.</summary>
public sealed class TroubledCluster : IAsyncLifetime
{
    private readonly Scratch scratch = new();
    private Bowline? up;

    public async Task InitializeAsync()
    {
        Add("image", Pods("web", annotations: "{bowline.dev/fail: ImagePullBackOff}"));
        Add("crash", Pods("web", annotations: "{bowline.dev/fail: CrashLoopBackOff}"));
        Add("secret", Pods("web", env: "[{name: A, valueFrom: {secretKeyRef: {name: token, key: value}}}]"));
        Add("key", Pods("web", env: "[{name: A, valueFrom: {configMapKeyRef: {name: settings, key: missing}}}]") + "\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {present: x}\n");
        Add("node", Pods("web", extra: "nodeSelector: {disk: fast}"));
        Add("volume", Pods("web", extra: "volumes: [{name: d, persistentVolumeClaim: {claimName: data}}]", wave: 1) + "\n---\napiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: data, annotations: {argocd.argoproj.io/sync-wave: \"1\"}}\nspec: {accessModes: [ReadWriteOnce], storageClassName: none-such, resources: {requests: {storage: 1Gi}}}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: late, annotations: {argocd.argoproj.io/sync-wave: \"2\"}}\n");
        Add("quota", "apiVersion: v1\nkind: ResourceQuota\nmetadata: {name: small, annotations: {argocd.argoproj.io/sync-wave: \"-1\"}}\nspec: {hard: {pods: \"0\"}}\n---\n" + Pods("web"));
        Add("hook", "apiVersion: batch/v1\nkind: Job\nmetadata: {name: migrate, annotations: {argocd.argoproj.io/hook: PreSync, argocd.argoproj.io/hook-delete-policy: BeforeHookCreation}}\nspec:\n  backoffLimit: 0\n  template:\n    metadata: {annotations: {bowline.dev/fail: Error}}\n    spec: {restartPolicy: Never, containers: [{name: m, image: busybox}]}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: late}\n");
        Add("definition", "apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: w}\n");
        Add("depends", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n");
        string file = Path.Combine(scratch.Repository, "apps", "depends.yaml");
        File.WriteAllText(file, File.ReadAllText(file).Replace("  name: depends\n", "  name: depends\n  annotations:\n    bowline.dev/depends-on: image\n", StringComparison.Ordinal));
        Add("mistyped", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replica: 1}\n");
        Add("stuck", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, finalizers: [example.com/never]}\n");
        Add("service", "apiVersion: v1\nkind: Service\nmetadata: {name: front}\nspec: {selector: {app: wbe}, ports: [{port: 80}]}\n---\n" + Pods("web"));
        Add("port", "apiVersion: v1\nkind: Service\nmetadata: {name: front}\nspec: {selector: {app: web}, ports: [{port: 80, targetPort: http}]}\n---\n" + Pods("web"));
        Add("ingress", "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: door}\nspec: {ingressClassName: none-such, defaultBackend: {service: {name: missing, port: {number: 80}}}, tls: [{hosts: [a.example.com], secretName: certificate}]}\n");
        Add("pull", Pods("web", annotations: "{bowline.dev/fail: ImagePullBackOff}", extra: "imagePullSecrets: [{name: registry}]"));
        Add("webhook", "apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingWebhookConfiguration\nmetadata: {name: nowhere, annotations: {argocd.argoproj.io/sync-wave: \"-1\"}}\nwebhooks: [{name: a.example.com, sideEffects: None, admissionReviewVersions: [v1], timeoutSeconds: 1, clientConfig: {url: \"https://127.0.0.1:1/x\"}, namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: webhook}}, rules: [{apiGroups: [\"\"], apiVersions: [v1], operations: [CREATE], resources: [pods]}]}]\n---\n" + Pods("web"));
        Add("manual", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n");
        file = Path.Combine(scratch.Repository, "apps", "manual.yaml");
        File.WriteAllText(file, File.ReadAllText(file).Replace("{prune: true, selfHeal: true}", "{enabled: false}", StringComparison.Ordinal));
        Add("fine", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n");
        scratch.Write("broken/a.yaml", "apiVersion: v1\nkind: [\n").WriteApplication("broken", "broken");
        up = Bowline.Start(scratch.Home, "up", scratch.Repository, "--strict", "--timeout", "20s");
        await up.WaitForOutputAsync("Ctrl-C ends it", TimeSpan.FromSeconds(120));
        Kubectl kubectl = new(Directory.EnumerateFiles(scratch.Home, "kubeconfig", SearchOption.AllDirectories).Single());
        await kubectl.RunAsync("-n", "stuck", "delete", "cm", "a", "--wait=false");
    }

    public async Task<(int Exit, string Text, Node Document)> ExplainAsync(string application, string resource = "")
    {
        string[] arguments = ["explain", application, .. resource.Length > 0 ? [resource] : Array.Empty<string>(), "--repo", scratch.Repository];
        (int exit, string text, string errors) = await Bowline.RunAsync(scratch.Home, arguments);
        Assert.True(exit is 0 or 1, text + errors);
        (_, string json, _) = await Bowline.RunAsync(scratch.Home, [.. arguments, "-o", "json"]);
        return (exit, text, JsonReader.Read(json));
    }

    public async Task DisposeAsync()
    {
        if (up is not null)
        {
            await up.DisposeAsync();
        }

        scratch.Dispose();
    }

    private void Add(string name, string manifests) => scratch.WriteApplication(name, name).Write($"{name}/all.yaml", manifests);

    private static string Pods(string name, string annotations = "{}", string env = "[]", string extra = "", int wave = 0) => $$$"""
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: {{{name}}}, annotations: {argocd.argoproj.io/sync-wave: "{{{wave}}}"}}
        spec:
          selector: {matchLabels: {app: {{{name}}}}}
          template:
            metadata: {labels: {app: {{{name}}}}, annotations: {{{annotations}}}}
            spec:
              containers: [{name: main, image: registry.example.com/app:1, env: {{{env}}}}]
              {{{extra}}}
        """;
}

public sealed class ExplainTests(TroubledCluster cluster) : IClassFixture<TroubledCluster>
{
    [Theory]
    [InlineData("image", "Deployment web ← ReplicaSet web-", "image registry.example.com/app:1 cannot be pulled (ImagePullBackOff", "image/all.yaml:1", "registry's credentials")]
    [InlineData("crash", "Deployment web ← ReplicaSet web-", "keeps ending (CrashLoopBackOff, exit code 1", "crash/all.yaml:1", "logs")]
    [InlineData("secret", "Deployment web ← ReplicaSet web-", "Secret token does not exist", "secret/all.yaml:1", "add Secret token")]
    [InlineData("key", "Deployment web ← ReplicaSet web-", "ConfigMap settings has no key missing (it has: present)", "key/all.yaml:1", "add the key missing")]
    [InlineData("node", "Deployment web ← ReplicaSet web-", "no node takes it", "node/all.yaml:1", "nodeSelector")]
    [InlineData("volume", "waiting for wave 1 ← Deployment web ← ReplicaSet web-", "PersistentVolumeClaim data is unbound ← there is no StorageClass \"none-such\"", "volume/all.yaml:1", "add the StorageClass none-such")]
    [InlineData("quota", "Deployment web", "ResourceQuota small is used up", "quota/all.yaml:1", "raise the quota small")]
    [InlineData("hook", "waiting for PreSync wave 0 ← Job migrate", "container m failed, exit code 1", "hook/all.yaml:1", "logs")]
    [InlineData("definition", "Widget w ←", "the cluster serves no example.com/v1 Widget", "definition/all.yaml:1", "add the CustomResourceDefinition of Widget.example.com")]
    [InlineData("depends", "depends-on: waits: image is Synced and Degraded", "", "", "")]
    [InlineData("mistyped", "Deployment web is refused by the API server", ".spec.replica", "mistyped/all.yaml:1", "correct the field's name")]
    [InlineData("pull", "Deployment web ← ReplicaSet web-", "Secret registry does not exist", "pull/all.yaml:1", "add Secret registry")]
    [InlineData("webhook", "Deployment web ← its pods are refused", "ValidatingWebhookConfiguration nowhere asks https://127.0.0.1:1/x, which does not answer", "webhook/all.yaml:1", "see why https://127.0.0.1:1/x does not run")]
    [InlineData("stuck", "ConfigMap a is being deleted and waits for its finalizers: example.com/never", "", "stuck/all.yaml:1", "remove the finalizer")]
    [InlineData("manual", "it has no automation and waits to be synced", "", "apps/manual.yaml:1", "run 'bowline sync manual'")]
    [InlineData("broken", "it cannot be rendered", "at  broken/a.yaml:", "", "correct the file")]
    public async Task A_cause_is_followed_to_its_end(string application, string chain, string end, string file, string fix)
    {
        (int exit, string text, Node document) = await cluster.ExplainAsync(application);
        Assert.Equal(1, exit);
        Assert.Contains(chain, text);
        Assert.Contains(end, text);
        Assert.Contains(file, text);
        Assert.Contains(fix, text);
        Assert.NotEmpty(document["causes"]!.AsList()!);
    }

    [Fact]
    public async Task What_is_well_has_no_causes()
    {
        (int exit, string text, Node document) = await cluster.ExplainAsync("fine");
        Assert.Equal(0, exit);
        Assert.Equal("fine is Synced and Healthy on bowline", text.Trim());
        Assert.Empty(document["causes"]!.AsList()!);
    }

    /// <summary>Services and Ingresses are healthy when they are there, and may lead to nobody all the same.</summary>
    [Theory]
    [InlineData("service", "Service front ← its selector app=wbe matches no pod (pods of its namespace have app=web)", "service/all.yaml:1", "correct spec.selector")]
    [InlineData("port", "Service front ← no pod that it selects has a port named http (there is no named port)", "port/all.yaml:1", "correct targetPort")]
    [InlineData("ingress", "Ingress door ← there is no IngressClass \"none-such\"", "ingress/all.yaml:1", "spec.ingressClassName")]
    [InlineData("ingress", "Ingress door ← Service missing is where it leads, and is not in the cluster", "ingress/all.yaml:1", "add the Service missing")]
    [InlineData("ingress", "Ingress door ← Secret certificate holds its certificate, and does not exist", "ingress/all.yaml:1", "add Secret certificate")]
    public async Task What_leads_to_nobody_is_said_though_all_is_healthy(string application, string chain, string file, string fix)
    {
        (int exit, string text, _) = await cluster.ExplainAsync(application);
        Assert.Equal(0, exit);
        Assert.Contains(chain, text);
        Assert.Contains(file, text);
        Assert.Contains(fix, text);
    }

    [Fact]
    public async Task Explain_and_up_agree_on_kinds_that_up_only_assumes()
    {
        using Scratch scratch = new();
        scratch.WriteApplication("certs", "certs").Write("certs/issuer.yaml", "{apiVersion: cert-manager.io/v1, kind: ClusterIssuer, metadata: {name: x}, spec: {selfSigned: {}}}");
        await using Bowline up = Bowline.Start(scratch.Home, "up", scratch.Repository);
        await up.WaitForOutputAsync("Ctrl-C ends it", TimeSpan.FromSeconds(60));
        (int exit, string output, string errors) = await Bowline.RunAsync(scratch.Home, "explain", "certs", "--repo", scratch.Repository);
        Assert.True((exit, output.Trim()) == (0, "certs is Synced and Healthy on bowline"), output + errors);
        Assert.StartsWith("Looked at the clusters of the running 'bowline up'", errors);
    }

    [Fact]
    public async Task One_object_can_be_asked_for()
    {
        (_, string text, _) = await cluster.ExplainAsync("key", "deployment/web");
        Assert.Contains("ConfigMap settings has no key missing", text);
    }
}
