using Bowline.Applications.ArgoCd;
using Bowline.Sources.Files;

namespace Bowline.Applications.Tests.ArgoCd;

public sealed class ApplicationFinderTests
{
    private const string Application = """
        apiVersion: argoproj.io/v1alpha1
        kind: Application
        metadata: {name: NAME}
        spec:
          source:
            repoURL: https://example.com/r.git
            path: web
            helm:
              valueFiles: [a.yaml, b.yaml]
              parameters:
              - {name: x, value: "1,2"}
              - {name: other, value: "3", forceString: true}
          destination: {server: https://kubernetes.default.svc, namespace: web}
          syncPolicy:
            automated: {prune: true, selfHeal: true}
            syncOptions: [CreateNamespace=true]
        """;

    [Fact]
    public void Applications_are_found_wherever_they_lie_also_in_lists_and_beside_other_documents()
    {
        string item = string.Join("\n", Application.Replace("NAME", "three").Split('\n').Select((line, at) => (at == 0 ? "- " : "  ") + line));
        FoundApplications found = Find(
            ("a/one.yaml", Application.Replace("NAME", "one")),
            ("deep/er/two.yml", $"kind: ConfigMap\napiVersion: v1\n---\n{Application.Replace("NAME", "two")}"),
            ("list.yaml", $"apiVersion: v1\nkind: List\nitems:\n{item}\n"));
        Assert.Empty(found.Faults);
        Assert.Equal(["one", "three", "two"], found.Applications.Select(application => application.Name));
        Assert.Equal(("deep/er/two.yml", 4), (found.Applications[2].Origin.File, found.Applications[2].Origin.Line));
    }

    [Fact]
    public void Every_field_of_a_helm_source_is_read()
    {
        var application = Assert.Single(Find(("a.yaml", Application.Replace("NAME", "one"))).Applications);
        var source = Assert.Single(application.Sources);
        Assert.Equal("web", source.Path);
        Assert.Equal(["a.yaml", "b.yaml"], source.Helm.ValueFiles);
        Assert.Equal(["x=1\\,2"], source.Helm.Set);
        Assert.Equal(["other=3"], source.Helm.SetString);
        Assert.True(application.Policy is { Automated: true, Prune: true, SelfHeal: true, CreateNamespace: true });
        Assert.Equal("web", application.Destination.Namespace);
    }

    [Theory]
    [InlineData("", -1, false)]
    [InlineData("retry: {backoff: {duration: 10s}}", 0, false)]
    [InlineData("retry: {limit: 3, refresh: true}", 3, false)]
    [InlineData("retry: {limit: -1, refresh: false}", -1, true)]
    public void A_retry_block_means_what_it_says_and_without_a_limit_no_retry(string retry, int limit, bool keepsRevision)
    {
        var policy = Assert.Single(Find(("a.yaml", $"{Application.Replace("NAME", "one")}\n    {retry}\n")).Applications).Policy.Retry;
        Assert.Equal((limit, keepsRevision), (policy.Limit, policy.KeepsRevision));
    }

    [Fact]
    public void A_broken_manifest_is_a_fault_with_its_place_and_the_others_are_found()
    {
        FoundApplications found = Find(("good.yaml", Application.Replace("NAME", "good")), ("bad.yaml", "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: [}\n"));
        Assert.Equal("good", Assert.Single(found.Applications).Name);
        Assert.StartsWith("bad.yaml:3:", Assert.Single(found.Faults).Message);
    }

    [Fact]
    public void Chart_templates_are_not_manifests()
    {
        FoundApplications found = Find(("chart/Chart.yaml", "name: c"), ("chart/templates/app.yaml", Application.Replace("NAME", "{{ .Values.name }}")));
        Assert.Empty(found.Applications);
        Assert.Empty(found.Faults);
    }

    [Fact]
    public void A_name_declared_twice_is_a_fault_that_names_both_places()
    {
        FoundApplications found = Find(("a.yaml", Application.Replace("NAME", "one")), ("b.yaml", Application.Replace("NAME", "one")));
        Assert.Single(found.Applications);
        Assert.Contains("a.yaml:1", Assert.Single(found.Faults).Message);
    }

    [Theory]
    [InlineData("spec: {source: {repoURL: x, plugin: {name: p}}}", "plugin")]
    [InlineData("spec: {source: {repoURL: x, directory: {jsonnet: {libs: [a]}}}}", "jsonnet")]
    [InlineData("spec: {source: {path: x}}", "repoURL")]
    [InlineData("spec: {}", "no source")]
    [InlineData("status: {}", "no spec")]
    public void What_cannot_be_delivered_is_refused_with_its_reason(string rest, string reason)
    {
        FoundApplications found = Find(("a.yaml", $"apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: one}}\n{rest}\n"));
        Assert.Contains(reason, Assert.Single(found.Faults).Message);
    }

    private static FoundApplications Find(params (string Path, string Text)[] files) =>
        new ApplicationFinder(new ArgoCdDialect()).Find(MemoryTree.FromText(files.Select(file => KeyValuePair.Create(file.Path, file.Text))), string.Empty, CancellationToken.None);
}
