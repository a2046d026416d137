using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Tests.Admission;

/// <summary>The smaller ones of kube-apiserver's default admission plugins.</summary>
public sealed class DefaultPluginTests : AdminTests
{
    private const string Pods = "/api/v1/namespaces/default/pods";
    [Fact]
    public async Task A_runtime_class_gives_overhead_and_a_place_and_must_exist()
    {
        Assert.Equal("pods \"p\" is forbidden: pod rejected: RuntimeClass \"kata\" not found", (await Admin.PostAsync(Pods, "{metadata: {name: p}, spec: {runtimeClassName: kata, containers: [{name: c, image: i}]}}")).Message);
        await Admin.MadeAsync("/apis/node.k8s.io/v1/runtimeclasses", "{metadata: {name: kata}, handler: kata, overhead: {podFixed: {cpu: 250m}}, scheduling: {nodeSelector: {kata: \"yes\"}, tolerations: [{key: kata, operator: Exists}]}}");
        MapNode pod = await Admin.MadeAsync(Pods, "{metadata: {name: p}, spec: {runtimeClassName: kata, containers: [{name: c, image: i}]}}");
        Assert.Equal(("250m", "yes"), (pod.At("spec", "overhead", "cpu")!.AsString(), pod.At("spec", "nodeSelector", "kata")!.AsString()));
        Assert.Contains(pod.At("spec", "tolerations")!.AsList()!, toleration => toleration["key"]?.AsString() == "kata");
        Assert.Contains("conflict: runtimeClass.scheduling.nodeSelector[kata] = yes; pod.spec.nodeSelector[kata] = no", (await Admin.PostAsync(Pods, "{metadata: {name: q}, spec: {runtimeClassName: kata, nodeSelector: {kata: \"no\"}, containers: [{name: c, image: i}]}}")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_claim_grows_only_when_its_class_allows_it()
    {
        const string Claims = "/api/v1/namespaces/default/persistentvolumeclaims";
        foreach ((string name, string more) in new[] { ("fixed", string.Empty), ("growing", ", allowVolumeExpansion: true") })
        {
            await Admin.MadeAsync("/apis/storage.k8s.io/v1/storageclasses", $"{{metadata: {{name: {name}}}, provisioner: x{more}}}");
            await Admin.MadeAsync(Claims, $"{{metadata: {{name: {name}}}, spec: {{storageClassName: {name}, accessModes: [ReadWriteOnce], resources: {{requests: {{storage: 1Gi}}}}}}}}");
            await Admin.MergeAsync($"{Claims}/{name}/status", "{\"status\":{\"phase\":\"Bound\"}}");
        }

        const string Grow = "{\"spec\":{\"resources\":{\"requests\":{\"storage\":\"2Gi\"}}}}";
        Assert.Equal(200, (await Admin.MergeAsync(Claims + "/growing", Grow)).Code);
        RestAnswer refused = await Admin.MergeAsync(Claims + "/fixed", Grow);
        Assert.True(refused.Code is 403 or 422, refused.Message);
    }

    [Fact]
    public async Task A_bound_pod_takes_over_the_zone_of_its_node()
    {
        await Admin.MadeAsync("/api/v1/nodes", "{metadata: {name: node-1, labels: {topology.kubernetes.io/zone: a, topology.kubernetes.io/region: r, other: x}}}");
        await Admin.MadeAsync(Pods, "{metadata: {name: p}, spec: {containers: [{name: c, image: i}]}}");
        await Admin.MadeAsync(Pods + "/p/binding", "{metadata: {name: p}, target: {kind: Node, name: node-1}}");
        MapNode labels = (MapNode)(await Admin.GetAsync(Pods + "/p")).Body.At("metadata", "labels")!;
        Assert.Equal("{\"topology.kubernetes.io/zone\":\"a\",\"topology.kubernetes.io/region\":\"r\"}", JsonWriter.ToText(labels));
    }

    [Fact]
    public async Task Nobody_asks_for_a_certificate_of_the_masters_and_approving_takes_a_right_on_the_signer()
    {
        const string Requests = "/apis/certificates.k8s.io/v1/certificatesigningrequests";
        string Body(string name, string subject) => $"{{metadata: {{name: {name}}}, spec: {{signerName: kubernetes.io/kube-apiserver-client, usages: [client auth], request: {Request(subject)}}}}}";
        Assert.Contains("use of kubernetes.io/kube-apiserver-client signer with system:masters group is not allowed", (await Admin.PostAsync(Requests, Body("m", "CN=eve,O=system:masters"))).Message, StringComparison.Ordinal);
        await Admin.MadeAsync(Requests, Body("ok", "CN=eve,O=devs"));
        await Admin.MadeAsync("/apis/rbac.authorization.k8s.io/v1/clusterroles", "{metadata: {name: approver}, rules: [{apiGroups: [certificates.k8s.io], resources: [certificatesigningrequests, certificatesigningrequests/approval], verbs: [get, update, patch]}]}");
        await Admin.MadeAsync("/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", "{metadata: {name: approver}, subjects: [{kind: User, name: ann, apiGroup: rbac.authorization.k8s.io}], roleRef: {kind: ClusterRole, name: approver, apiGroup: rbac.authorization.k8s.io}}");
        using Rest ann = Rest.As(Host, "ann");
        const string Approve = "{\"status\":{\"conditions\":[{\"type\":\"Approved\",\"status\":\"True\",\"reason\":\"r\"}]}}";
        Assert.Contains("user not permitted to approve requests with signerName \"kubernetes.io/kube-apiserver-client\"", (await ann.MergeAsync(Requests + "/ok/approval", Approve)).Message, StringComparison.Ordinal);
        await Admin.MergeAsync("/apis/rbac.authorization.k8s.io/v1/clusterroles/approver", "{\"rules\":[{\"apiGroups\":[\"certificates.k8s.io\"],\"resources\":[\"certificatesigningrequests\",\"certificatesigningrequests/approval\"],\"verbs\":[\"get\",\"update\",\"patch\"]},{\"apiGroups\":[\"certificates.k8s.io\"],\"resources\":[\"signers\"],\"resourceNames\":[\"kubernetes.io/*\"],\"verbs\":[\"approve\"]}]}");
        RestAnswer approved = await ann.MergeAsync(Requests + "/ok/approval", Approve);
        Assert.True(approved.Code == 200, approved.Message);
    }

    [Fact]
    public async Task Limits_hold_for_init_containers_and_for_the_pod_as_a_whole()
    {
        await Admin.MadeAsync("/api/v1/namespaces/default/limitranges", "{metadata: {name: l}, spec: {limits: [{type: Container, max: {cpu: 1}}, {type: Pod, max: {memory: 1Gi}}]}}");
        RestAnswer init = await Admin.PostAsync(Pods, "{metadata: {name: p}, spec: {initContainers: [{name: i, image: i, resources: {limits: {cpu: 2, memory: 1Mi}}}], containers: [{name: c, image: i, resources: {limits: {cpu: 1, memory: 1Mi}}}]}}");
        Assert.Equal("pods \"p\" is forbidden: maximum cpu usage per Container is 1, but limit is 2", init.Message);
        RestAnswer whole = await Admin.PostAsync(Pods, "{metadata: {name: p}, spec: {containers: [{name: a, image: i, resources: {limits: {cpu: 1, memory: 600Mi}}}, {name: b, image: i, resources: {limits: {cpu: 1, memory: 600Mi}}}]}}");
        Assert.StartsWith("pods \"p\" is forbidden: maximum memory usage per Pod is 1Gi, but limit is 12", whole.Message, StringComparison.Ordinal);
    }

    private static string Request(string subject)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return Convert.ToBase64String(Encoding.UTF8.GetBytes(new CertificateRequest(subject, key, HashAlgorithmName.SHA256).CreateSigningRequestPem()));
    }
}
