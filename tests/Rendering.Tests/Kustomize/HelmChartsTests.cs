using Bowline.Rendering.Helm;
using Bowline.Rendering.Kustomize;
using Bowline.Rendering.Requests;
using Bowline.Resources.Model;
using Bowline.Sources.Files;
using static Bowline.Rendering.Tests.Kustomize.KustomizeCase;

namespace Bowline.Rendering.Tests.Kustomize;

/// <summary>helmCharts with charts of the source, through the real Helm engine.</summary>
public sealed class HelmChartsTests
{
    private const string Template = """
        apiVersion: v1
        kind: ConfigMap
        metadata:
          name: {{ .Release.Name }}
          namespace: {{ .Release.Namespace }}
        data:
          a: {{ .Values.a | quote }}
          b: {{ .Values.b | quote }}
          c: {{ .Values.c | quote }}
          list: {{ .Values.list | join "," | quote }}
          nested: {{ .Values.nested | toJson | quote }}
          kube: {{ .Capabilities.KubeVersion.Version }}
          api: {{ .Capabilities.APIVersions.Has "example.org/v1" | quote }}
          mode: 0755
        """;

    private const string Values = "a: chart\nb: chart\nc: chart\nlist: [1, 2]\nnested: {x: chart, z: chart}\n";

    [Theory]
    [InlineData("", "chart", "chart", "1,2")]
    [InlineData("valuesInline: {a: inline, list: [9]}", "inline", "chart", "9")]
    [InlineData("valuesMerge: override, valuesInline: {a: inline, list: [9]}", "inline", "chart", "9")]
    [InlineData("valuesMerge: merge, valuesInline: {a: inline, list: [9]}", "chart", "chart", "1,2")]
    [InlineData("valuesMerge: replace, valuesInline: {a: inline}", "inline", "chart", "1,2")]
    [InlineData("valuesFile: v.yaml", "file", "file", "1,2")]
    [InlineData("valuesFile: v.yaml, valuesInline: {a: inline}", "inline", "file", "1,2")]
    [InlineData("valuesFile: v.yaml, valuesMerge: merge, valuesInline: {a: inline, list: [9]}", "file", "file", "9")]
    [InlineData("valuesFile: v.yaml, valuesMerge: replace, valuesInline: {a: inline}", "inline", "chart", "1,2")]
    [InlineData("additionalValuesFiles: [more.yaml]", "more", "chart", "1,2")]
    [InlineData("additionalValuesFiles: [more.yaml, v.yaml]", "file", "file", "1,2")]
    [InlineData("valuesFile: v.yaml, additionalValuesFiles: [more.yaml], valuesInline: {a: inline, b: inline}", "more", "inline", "1,2")]
    [InlineData("valuesInline: {a: null}", "chart", "chart", "1,2")]
    public void Values_of_files_and_in_place_meet_as_kustomize_merges_them(string fields, string a, string b, string list)
    {
        Node data = Inflate(fields).Resources[0].Node["data"]!;
        Assert.Equal((a, b, list), (data["a"]!.AsString(), data["b"]!.AsString(), data["list"]!.AsString()));
    }

    /// <summary>As kubectl 1.36 with a helm command that prints its arguments: charts place their objects themselves.</summary>
    [Theory]
    [InlineData("", "kustomization", "kustomization")]
    [InlineData("namespace: chart", "kustomization", "chart")]
    [InlineData("", "", "default")]
    public void A_kustomization_gives_its_namespace_to_the_release_and_moves_none_of_its_objects(string fields, string ns, string release)
    {
        Resource made = Inflate(fields, ns.Length == 0 ? string.Empty : $"namespace: {ns}\ntransformers: ['{{apiVersion: builtin, kind: NamespaceTransformer, metadata: {{name: x, namespace: other}}, fieldSpecs: [{{path: metadata/namespace, create: true}}]}}']\n").Resources[0];
        Assert.Equal(release, made.Namespace);
    }

    [Fact]
    public void Maps_merge_member_by_member() =>
        Assert.Equal("{\"x\":\"inline\",\"z\":\"chart\"}", Inflate("valuesInline: {nested: {x: inline}}").Resources[0].Node.At("data", "nested")!.AsString());

    [Theory]
    [InlineData("", "release-name", "default")]
    [InlineData("releaseName: web, namespace: apps", "web", "apps")]
    [InlineData("nameTemplate: '{{ \"Web\" | lower }}-1'", "web-1", "default")]
    public void The_release_has_the_name_and_the_namespace_that_were_asked_for(string fields, string name, string ns)
    {
        Resource made = Inflate(fields).Resources[0];
        Assert.Equal((name, ns), (made.Name, made.Namespace));
    }

    [Theory]
    [InlineData("nameTemplate: x, releaseName: web", "nameTemplate")]
    [InlineData("nameTemplate: '{{ .x'", "nameTemplate")]
    [InlineData("nameTemplate: '{{ env \"HOME\" }}'", "nameTemplate")]
    [InlineData("releaseName: Not_Valid", "release name")]
    [InlineData("valuesMerge: sometimes", "valuesMerge must be one of")]
    [InlineData("valuesFile: missing.yaml", "missing.yaml")]
    [InlineData("valuesFile: ../outside.yaml", "outside.yaml")]
    [InlineData("additionalValuesFiles: [../outside.yaml]", "outside.yaml")]
    [InlineData("valuesInline: {list: {a: b}}", "wrong node kind")]
    [InlineData("unknownField: x", "unknownField")]
    public void What_cannot_be_done_is_said(string fields, string reason) =>
        Assert.Contains(reason, Assert.Throws<RenderException>(() => Inflate(fields)).Message, StringComparison.Ordinal);

    [Fact]
    public void Capabilities_are_those_that_were_asked_for()
    {
        Node data = Inflate("kubeVersion: 1.29.3, apiVersions: [example.org/v1]").Resources[0].Node["data"]!;
        Assert.Equal(("v1.29.3", "true"), (data["kube"]!.AsString(), data["api"]!.AsString()));
        Assert.Equal("false", Inflate("").Resources[0].Node.At("data", "api")!.AsString());
    }

    [Theory]
    [InlineData("", "release-name,hook,probe")]
    [InlineData("includeCRDs: true", "things.example.org,release-name,hook,probe")]
    [InlineData("skipTests: true", "release-name,hook")]
    [InlineData("skipHooks: true", "release-name")]
    public void Definitions_hooks_and_tests_are_in_or_out(string fields, string names) =>
        Assert.Equal(names, string.Join(',', Inflate(fields).Resources.Select(resource => resource.Name)));

    [Fact]
    public void A_charts_output_is_read_as_a_manifest_and_its_objects_know_their_template()
    {
        RenderResult result = Inflate("");
        Assert.Contains("mode: 493", result.Text(), StringComparison.Ordinal);
        Assert.Equal("charts/web/templates/cm.yaml", result.Resources[0].Origin.File);
        Assert.Contains("charts/web/values.yaml", result.FilesRead);
    }

    [Fact]
    public void A_kustomization_transforms_what_its_charts_make()
    {
        RenderResult result = Inflate("skipHooks: true", "namePrefix: p-\nnamespace: ns\n");
        Assert.Equal(("p-release-name", "ns"), (result.Resources[0].Name, result.Resources[0].Namespace));
        Assert.Equal(string.Empty, Inflate("includeCRDs: false", "namespace: ns\n").Resources.Single(resource => resource.Name == "hook").Namespace);
    }

    [Theory]
    [InlineData("web-1.2.3/web", "1.2.3", true)]
    [InlineData("web", "1.2.3", true)]
    [InlineData("web", "9.9.9", false)]
    public void A_pinned_chart_is_taken_from_the_source_in_that_version_only(string folder, string version, bool found)
    {
        FileTree files = Files(
            "kustomization.yaml", $"helmCharts: [{{name: web, version: {version}, repo: 'https://charts.example.org'}}]\n",
            $"charts/{folder}/Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.2.3\n",
            $"charts/{folder}/templates/cm.yaml", ConfigMap);
        KustomizeRenderer renderer = new(new HelmRenderer());
        if (found)
        {
            Assert.Equal("cm", Build(files, renderer: renderer).Resources[0].Name);
            return;
        }

        Assert.Contains("'web' version 9.9.9 of https://charts.example.org", Refusal(files, renderer: renderer).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_generator_object_and_the_old_field_inflate_the_same_chart()
    {
        string plain = Inflate("releaseName: web").Text();
        Assert.Equal(plain, Chart("generators: [g.yaml]\n", "g.yaml", "apiVersion: builtin\nkind: HelmChartInflationGenerator\nmetadata: {name: g}\nname: web\nreleaseName: web\n").Text());
        Assert.Equal(plain, Chart("helmChartInflationGenerator: [{chartName: web, releaseName: web}]\n", "x", "").Text());
    }

    private static RenderResult Inflate(string fields, string more = "") =>
        Chart($"{more}helmCharts: [{{name: web{(fields.Length == 0 ? "" : ", ")}{fields}}}]\n", "v.yaml", "a: file\nb: file\n");

    private static RenderResult Chart(string kustomization, string file, string text)
    {
        FileTree files = Files(
            "kustomization.yaml", kustomization,
            file, text,
            "more.yaml", "a: more\n",
            "charts/web/Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.2.3\n",
            "charts/web/values.yaml", Values,
            "charts/web/crds/thing.yaml", "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: things.example.org}\n",
            "charts/web/templates/cm.yaml", Template,
            "charts/web/templates/hook.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: hook\n  annotations: {helm.sh/hook: pre-install}\n",
            "charts/web/templates/tests/probe.yaml", "apiVersion: v1\nkind: Pod\nmetadata:\n  name: probe\n  annotations: {helm.sh/hook: test}\n");
        return Build(files, renderer: new KustomizeRenderer(new HelmRenderer()));
    }
}
