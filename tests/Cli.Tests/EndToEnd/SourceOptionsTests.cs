namespace Bowline.Cli.Tests.EndToEnd;

/// <summary>What an Application says about its source beyond where it is.</summary>
public sealed class SourceOptionsTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Kustomize_patches_components_replicas_and_labels_are_written_into_the_kustomization()
    {
        using Scratch scratch = new();
        scratch.WriteApplication("web", "web", """
                kustomize:
                  patches:
                  - target: {kind: Deployment}
                    patch: |-
                      - {op: add, path: /metadata/annotations, value: {patched: "yes"}}
                  components: [../more, ../missing]
                  ignoreMissingComponents: true
                  replicas: [{name: web, count: 2}]
                  commonLabels: {team: a}
                  labelWithoutSelector: true
                  commonAnnotations: {app: "$ARGOCD_APP_NAME in ${ARGOCD_APP_NAMESPACE}"}
                  commonAnnotationsEnvsubst: true
            """)
            .Write("web/kustomization.yaml", "resources: [deployment.yaml]\nreplicas: [{name: web, count: 7}]\n")
            .Write("web/deployment.yaml", """
                apiVersion: apps/v1
                kind: Deployment
                metadata: {name: web}
                spec:
                  selector: {matchLabels: {app: web}}
                  template:
                    metadata: {labels: {app: web}}
                    spec: {containers: [{name: web, image: nginx}]}
                """)
            .Write("more/kustomization.yaml", "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nresources: [more.yaml]\n")
            .WriteConfigMap("more/more.yaml", "more");
        await using Bowline up = Up(scratch, out Kubectl kubectl);
        await up.WaitForOutputAsync("Ctrl-C ends it", Patience);
        Assert.Equal("yes|web in web|2|a|", await kubectl.RunAsync("-n", "web", "get", "deploy", "web", "-o", "jsonpath={.metadata.annotations.patched}|{.metadata.annotations.app}|{.spec.replicas}|{.metadata.labels.team}|{.spec.selector.matchLabels.team}"));
        Assert.Equal(0, (await kubectl.TryAsync("-n", "web", "get", "cm", "more")).Exit);
    }

    [Fact]
    public async Task Helm_renders_for_the_namespace_and_versions_that_are_asked_for_and_without_its_schema_where_that_is_skipped()
    {
        using Scratch scratch = new();
        scratch.WriteApplication("web", "web", """
                helm:
                  namespace: elsewhere
                  kubeVersion: v1.30.0
                  apiVersions: [example.com/v1/Thing]
                  skipSchemaValidation: true
                  parameters: [{name: who, value: $ARGOCD_APP_NAME}]
            """)
            .Write("web/Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n").Write("web/values.schema.json", """{"required":["never"]}""")
            .Write("web/templates/cm.yaml", """
                apiVersion: v1
                kind: ConfigMap
                metadata: {name: a, namespace: web}
                data:
                  all: {{ .Release.Namespace }} {{ .Capabilities.KubeVersion }} {{ .Capabilities.APIVersions.Has "example.com/v1/Thing" }} {{ .Values.who }}
                """);
        await using Bowline up = Up(scratch, out Kubectl kubectl);
        await up.WaitForOutputAsync("Ctrl-C ends it", Patience);
        Assert.Equal("elsewhere v1.30.0 true web", await kubectl.RunAsync("-n", "web", "get", "cm", "a", "-o", "jsonpath={.data.all}"));
    }

    [Fact]
    public async Task The_namespace_that_is_made_gets_the_labels_and_annotations_that_are_asked_for()
    {
        using Scratch scratch = new();
        scratch.WriteApplication("web", "web").WriteConfigMap("web/a.yaml", "a");
        string manifest = Path.Combine(scratch.Repository, "apps", "web.yaml");
        await File.AppendAllTextAsync(manifest, "\n    managedNamespaceMetadata: {labels: {team: a}, annotations: {note: b}}\n");
        await using Bowline up = Up(scratch, out Kubectl kubectl);
        await up.WaitForOutputAsync("Ctrl-C ends it", Patience);
        Assert.Equal("a b", await kubectl.RunAsync("get", "ns", "web", "-o", "jsonpath={.metadata.labels.team} {.metadata.annotations.note}"));
    }

    [Theory]
    [InlineData("    plugin: {name: mine}", "config management plugin")]
    [InlineData("    directory: {jsonnet: {libs: [vendor]}}", "jsonnet")]
    [InlineData("    helm: {version: v2}", "Helm v2")]
    [InlineData("  sourceHydrator: {drySource: {repoURL: a, targetRevision: b, path: c}, syncSource: {targetBranch: d, path: e}}", "source hydrator")]
    public async Task What_Bowline_does_not_do_is_refused_in_a_sentence(string extra, string sentence)
    {
        using Scratch scratch = new();
        scratch.WriteApplication("web", "web", extra).WriteConfigMap("web/a.yaml", "a");
        (int exit, string output, string errors) = await Bowline.RunAsync(scratch.Home, "up", scratch.Repository, "--once", "-o", "json");
        Assert.True(exit == 1, errors);
        Assert.Contains(sentence, new UpJson(output).Message("web"));
    }

    private static Bowline Up(Scratch scratch, out Kubectl kubectl)
    {
        string kubeconfig = Path.Combine(scratch.Root, "kubeconfig");
        kubectl = new Kubectl(kubeconfig);
        return Bowline.Start(scratch.Home, "up", scratch.Repository, "--write-kubeconfig", kubeconfig);
    }
}
