using Bowline.Applications.ApplicationSets;
using Bowline.Applications.ApplicationSets.Templates;
using Bowline.Resources.Model;

namespace Bowline.Applications.Tests.ApplicationSets;

public sealed class TemplateTests
{
    private const string Spec = "project: '{{project}}', source: {repoURL: 'https://example.com/{{id}}', path: '{{ id }}', helm: {parameters: [{name: a, value: '{{id}}{{missing}}'}]}}, destination: {server: s}, revisionHistoryLimit: 3";
    private readonly SetBench bench = new();

    [Fact]
    public async Task Every_text_of_a_template_is_one_and_keys_are_texts_too()
    {
        MapNode application = await bench.SingleAsync("""
            generators: [{list: {elements: [{id: a, project: p}]}}]
            template: {metadata: {name: '{{id}}', annotations: {'{{id}}-key': '{{id}}'}, ownerReferences: [{name: x}], generateName: g}, spec: {SPEC}}
            """.Replace("SPEC", Spec));
        Assert.Equal("p", application.At("spec", "project")!.AsString());
        Assert.Equal("https://example.com/a", application.At("spec", "source", "repoURL")!.AsString());
        Assert.Equal("a", application.At("spec", "source", "path")!.AsString());
        Assert.Equal("a{{missing}}", application.At("spec", "source", "helm", "parameters")!.AsList()![0]["value"]!.AsString());
        Assert.Equal("a", application.At("metadata", "annotations", "a-key")!.AsString());
        Assert.Equal(3, application.At("spec", "revisionHistoryLimit")!.AsInteger());
        Assert.Equal(["name", "namespace", "annotations", "finalizers"], application["metadata"]!.AsMap()!.Keys);
        Assert.Equal("argocd", application.At("metadata", "namespace")!.AsString());
    }

    [Theory]
    [InlineData("{{a}}-{{ a }}", "x-x")]
    [InlineData("{{b}} {{}} {{a", "{{b}} {{}} {{a")]
    [InlineData("{{a", "{{a")]
    [InlineData("{{\na\n}}", "{{\na\n}}")]
    [InlineData("{{\na\n}} {{a}}", "x x")]
    [InlineData("plain", "plain")]
    public void The_plain_language_replaces_what_it_knows(string text, string expected) =>
        Assert.Equal(expected, new FastTemplate().With(new MapNode { ["a"] = "x" }, CancellationToken.None)(text));

    [Theory]
    [InlineData("{{ .id | upper }}", "A")]
    [InlineData("{{ normalize \"Ab_c/D\" }}", "ab-c-d")]
    [InlineData("{{ slugify .long }}", "a-very-long-name-that-goes-on-and-on-until-it-is-m")]
    [InlineData("{{ slugify 10 true .long }}", "a-very")]
    [InlineData("{{ slugify 23 \"Ünïcode & more\" }}", "n-code---more")]
    [InlineData("{{ .tree | toYaml }}", "b: 1\nc:\n- d")]
    [InlineData("{{ (fromYaml \"a: {b: 2}\").a.b }}", "2")]
    [InlineData("{{ index (fromYamlArray \"[x, z]\") 1 }}", "z")]
    [InlineData("{{ .big }}", "1e+06")]
    [InlineData("{{ .missing }}", "<no value>")]
    [InlineData("{{ dig \"c\" \"none\" .tree | first }}", "d")]
    public async Task Go_templates_have_sprig_and_argos_own(string text, string expected)
    {
        MapNode application = await bench.SingleAsync($$$"""
            goTemplate: true
            generators: [{list: {elements: [{id: a, long: A Very Long Name That Goes On And On Until It Is More Than Fifty, tree: {b: 1, c: [d]}, big: 1000000}]}}]
            template: {metadata: {name: x}, spec: {info: [{name: v, value: {{{Quote(text)}}}}]}}
            """);
        Assert.Equal(expected.Replace("---", "-"), application.At("spec", "info")!.AsList()![0]["value"]!.AsString());
    }

    [Theory]
    [InlineData("{{ env \"HOME\" }}", "function \"env\" not defined")]
    [InlineData("{{ expandenv \"$HOME\" }}", "function \"expandenv\" not defined")]
    [InlineData("{{ getHostByName \"example.com\" }}", "function \"getHostByName\" not defined")]
    [InlineData("{{ .id", "unclosed action")]
    [InlineData("{{ .missing.deep }}", "map has no entry for key \"missing\"")]
    [InlineData("{{ fail \"no\" }}", "error calling fail: no")]
    [InlineData("{{ fromYaml \"[\" }}", "error converting YAML to JSON")]
    [InlineData("{{ template \"a\" }}{{ define \"a\" }}{{ template \"a\" }}{{ end }}", "exceeded maximum template depth")]
    [InlineData("{{ range until 1000000 }}{{ range until 1000000 }}x{{ end }}{{ end }}", "failed to execute go template")]
    public async Task What_templates_may_not_do_is_an_error_that_names_them(string text, string reason)
    {
        string problem = await bench.ProblemAsync($$$"""
            goTemplate: true
            goTemplateOptions: [missingkey=error]
            generators: [{list: {elements: [{id: a}]}}]
            template: {metadata: {name: x}, spec: {project: {{{Quote(text)}}}}}
            """);
        Assert.Contains(reason, problem);
        Assert.Contains(text.Length > 200 ? text[..200] : text, problem);
    }

    [Fact]
    public async Task An_option_that_there_is_not_is_refused() =>
        Assert.Equal("goTemplateOptions: unrecognized option: color=blue", await bench.ProblemAsync("goTemplate: true\ngoTemplateOptions: [color=blue]\ngenerators: [{list: {elements: [{id: a}]}}]\ntemplate: {metadata: {name: x}}"));

    [Fact]
    public async Task One_element_that_fails_leaves_the_others()
    {
        Expansion expansion = await bench.ExpandAsync("goTemplate: true\ngoTemplateOptions: [missingkey=error]\ngenerators: [{list: {elements: [{id: a}, {m: b}, {id: c}]}}]\ntemplate: {metadata: {name: '{{.id}}'}, spec: {}}");
        Assert.Equal(["a", "c"], expansion.Applications.Select(application => application.At("metadata", "name")!.AsString()));
        Assert.Equal(ExpansionStage.Rendering, Assert.Single(expansion.Problems).Stage);
        Assert.True(expansion.IsGenerated && !expansion.IsComplete);
    }

    [Fact]
    public async Task Names_that_kubernetes_would_not_take_and_those_given_twice_are_refused()
    {
        string long253 = new('a', 253);
        Expansion expansion = await bench.ExpandAsync($"generators: [{{list: {{elements: [{{id: {long253}}}, {{id: {long253}a}}, {{id: Web_1}}, {{id: '../x'}}, {{id: ok}}, {{id: ok}}, {{id: ''}}]}}}}]\ntemplate: {{metadata: {{name: '{{{{id}}}}'}}, spec: {{}}}}");
        Assert.Equal([long253, "ok"], expansion.Applications.Select(application => application.At("metadata", "name")!.AsString()));
        Assert.Equal(5, expansion.Problems.Count);
        Assert.All(expansion.Problems, problem => Assert.Equal(ExpansionStage.Validating, problem.Stage));
        Assert.Contains(expansion.Problems, problem => problem.Message == "ApplicationSet demo contains applications with duplicate name: ok");
        Assert.Contains(expansion.Problems, problem => problem.Message.Contains("\"Web_1\" is no DNS subdomain"));
    }

    [Fact]
    public async Task Applications_take_their_objects_along_unless_the_set_or_its_template_says_otherwise()
    {
        const string Generators = "generators: [{list: {elements: [{id: a}]}}]\n";
        Assert.Equal("[\"resources-finalizer.argocd.argoproj.io\"]", Finalizers(await bench.SingleAsync(Generators + "template: {metadata: {name: x}}")));
        Assert.Equal("[\"own/{{}}\"]", Finalizers(await bench.SingleAsync(Generators + "template: {metadata: {name: x, finalizers: ['own/{{}}']}}")));
        Assert.Equal("none", Finalizers(await bench.SingleAsync(Generators + "syncPolicy: {preserveResourcesOnDeletion: true}\ntemplate: {metadata: {name: x}}")));
    }

    [Fact]
    public async Task A_patch_is_a_template_and_merged_and_cannot_change_the_project()
    {
        MapNode application = await bench.SingleAsync("""
            goTemplate: true
            generators: [{list: {elements: [{id: a, auto: true, files: [x.yaml, y.yaml]}]}}]
            template:
              metadata: {name: '{{.id}}', labels: {keep: me}}
              spec: {project: mine, source: {repoURL: u, helm: {valueFiles: [base.yaml], releaseName: r}}, destination: {server: s, namespace: ns}}
            templatePatch: |
              metadata: {labels: {more: '{{.id}}'}, finalizers: [own/finalizer]}
              status: {health: {status: Healthy}}
              operation: {sync: {}}
              spec:
                project: admin
                destination: {namespace: null}
                {{- if .auto }}
                syncPolicy: {automated: {prune: {{ .auto }}}}
                {{- end }}
                source:
                  helm:
                    valueFiles:
                    {{- range .files }}
                    - {{ . }}
                    {{- end }}
            """);
        Assert.Equal("mine", application.At("spec", "project")!.AsString());
        Assert.True(application.At("spec", "syncPolicy", "automated", "prune")!.AsBool());
        Assert.Equal("[\"x.yaml\",\"y.yaml\"]", Json(application.At("spec", "source", "helm", "valueFiles")!));
        Assert.Equal("r", application.At("spec", "source", "helm", "releaseName")!.AsString());
        Assert.Equal("{\"server\":\"s\"}", Json(application.At("spec", "destination")!));
        Assert.Equal("{\"keep\":\"me\",\"more\":\"a\"}", Json(application.At("metadata", "labels")!));
        Assert.Equal("[\"resources-finalizer.argocd.argoproj.io\",\"own/finalizer\"]", Finalizers(application));
        Assert.Equal(["apiVersion", "kind", "metadata", "spec"], application.Keys);
    }

    [Theory]
    [InlineData("[1, 2]", "something that is no map")]
    [InlineData("a: [", "invalid templatePatch: templatePatch:")]
    [InlineData("$patch: burn", "unknown patch type: burn")]
    public async Task A_patch_that_cannot_be_applied_is_named(string patch, string reason) =>
        Assert.Contains(reason, await bench.ProblemAsync($"generators: [{{list: {{elements: [{{id: a}}]}}}}]\ntemplate: {{metadata: {{name: x}}}}\ntemplatePatch: '{patch}'"));

    private static string Finalizers(MapNode application) => application.At("metadata", "finalizers") is { } list ? Json(list) : "none";

    private static string Json(Node node) => Bowline.Resources.Json.JsonWriter.ToText(node);

    private static string Quote(string text) => $"'{text.Replace("'", "''")}'";
}
