using Bowline.Applications.Adopting;
using Bowline.Applications.Hub;
using Bowline.Cluster.Requests;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;
using ApplicationException = Bowline.Applications.Model.ApplicationException;

namespace Bowline.Applications.Tests.Adopting;

/// <summary>Installations that are not taken over, each with a sentence that says why, and nothing changed.</summary>
public sealed class AdoptionTests
{
    private const string Controller = """
        apiVersion: apps/v1
        kind: StatefulSet
        metadata: {name: argocd-application-controller, namespace: argocd}
        spec:
          replicas: 1
          serviceName: x
          selector: {matchLabels: {app: controller}}
          template: {metadata: {labels: {app: controller}}, spec: {containers: [{name: c, image: c}]}}
        """;

    public static TheoryData<string, string> Installations() => new()
    {
        { "has no Argo CD application controller", "" },
        { "belongs to ArgoCD argocd, whose operator would start it again", Controller.Replace("namespace: argocd}", "namespace: argocd, ownerReferences: [{apiVersion: argoproj.io/v1beta1, kind: ArgoCD, name: argocd, uid: u}]}", StringComparison.Ordinal) },
        { "is delivered by Application argocd and would be started again", Controller.Replace("namespace: argocd}", "namespace: argocd, annotations: {argocd.argoproj.io/tracking-id: 'argocd:apps/StatefulSet:argocd/argocd-application-controller'}}", StringComparison.Ordinal) },
        { "has several application controllers", Controller + "\n---\n" + Controller.Replace("name: argocd-application-controller,", "name: shard-2, labels: {app.kubernetes.io/name: argocd-application-controller},", StringComparison.Ordinal) },
        { "is scaled by HorizontalPodAutoscaler keeps", Controller + "\n---\n" + "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: keeps, namespace: argocd}\nspec: {maxReplicas: 3, scaleTargetRef: {apiVersion: apps/v1, kind: StatefulSet, name: argocd-application-controller}}" },
        { "delivers to another cluster (https://prod.example.com)", Controller + "\n---\n" + Application("server: https://prod.example.com") },
        { "is being synced by Argo CD", Controller + "\n---\n" + Application("server: https://kubernetes.default.svc") + "\nstatus: {operationState: {operation: {}, phase: Running, startedAt: '2026-01-01T00:00:00Z'}}" },
        { "there are Applications in other namespaces (default)", Controller + "\n---\n" + Application("server: https://kubernetes.default.svc").Replace("namespace: argocd", "namespace: default", StringComparison.Ordinal) },
    };

    [Theory]
    [MemberData(nameof(Installations))]
    public async Task What_could_start_again_or_is_not_understood_is_refused(string reason, string objects)
    {
        await using TestCluster test = await TestCluster.StartAsync();
        await ArgoDefinitions.InstallAsync(test.Cluster, TimeProvider.System, CancellationToken.None);
        await CreateAsync(test.Cluster, "apiVersion: v1\nkind: Namespace\nmetadata: {name: argocd}\n---\n" + objects);
        Adoption adoption = new(new AdoptedClusters(test.Cluster, null, secret => throw new ApplicationException($"{secret} is not to be reached")), "argocd", [], TimeProvider.System);
        AdoptionPlan plan = await adoption.PlanAsync(CancellationToken.None);
        Assert.Contains(reason, Assert.Single(plan.Obstacles));
        ApplicationException refused = await Assert.ThrowsAsync<ApplicationException>(() => adoption.TakeOverAsync(TimeSpan.FromSeconds(1), CancellationToken.None));
        Assert.Contains(reason, refused.Message);
        Assert.All((await adoption.PlanAsync(CancellationToken.None)).Controllers, controller => Assert.Equal((1, null), (controller.Replicas, controller.Former)));
    }

    [Fact]
    public async Task What_Argo_CD_delivered_keeps_its_numbers()
    {
        await using TestCluster test = await TestCluster.StartAsync();
        await ArgoDefinitions.InstallAsync(test.Cluster, TimeProvider.System, CancellationToken.None);
        string history = string.Join(", ", Enumerable.Range(0, 3).Select(id => $"{{id: {id}, revision: r{id}, deployedAt: '2026-01-01T00:00:00Z', source: {{repoURL: u}}}}"));
        await CreateAsync(test.Cluster, $"apiVersion: v1\nkind: Namespace\nmetadata: {{name: argocd}}\n---\n{Controller}\n---\n{Application("server: https://kubernetes.default.svc")}\nstatus: {{history: [{history}]}}");
        Adoption adoption = new(new AdoptedClusters(test.Cluster, null, secret => throw new ApplicationException($"{secret} is not to be reached")), "argocd", [], TimeProvider.System);
        AdoptionPlan plan = await adoption.PlanAsync(CancellationToken.None);
        Assert.Equal(["0 r0", "1 r1", "2 r2"], Assert.Single(plan.Applications).History.Select(delivery => $"{delivery.Id} {Assert.Single(delivery.Sources).Revision}"));
    }

    private static string Application(string destination) => $$"""
        apiVersion: argoproj.io/v1alpha1
        kind: Application
        metadata: {name: shop, namespace: argocd}
        spec:
          project: default
          source: {repoURL: https://git.example.com/shop.git, path: .}
          destination: { {{destination}}, namespace: shop}
        """;

    private static async Task CreateAsync(ICluster cluster, string yaml)
    {
        foreach (MapNode item in YamlReader.ReadAll(yaml, YamlReadOptions.Kubernetes).Select(document => document.Root).OfType<MapNode>())
        {
            KindInfo kind = (await cluster.FindKindAsync(new Resource(item).Kind, CancellationToken.None))!;
            await cluster.CreateAsync(kind, item.At("metadata", "namespace")?.AsString() ?? string.Empty, item, new WriteOptions(), CancellationToken.None);
        }
    }
}
