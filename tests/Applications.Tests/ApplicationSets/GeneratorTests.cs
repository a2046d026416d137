using Bowline.Applications.ApplicationSets;
using Bowline.Applications.ApplicationSets.Generators;
using Bowline.Resources.Model;

namespace Bowline.Applications.Tests.ApplicationSets;

public sealed class GeneratorTests
{
    private const string Template = """

        template:
          metadata: {name: NAME}
          spec: {project: default, source: {repoURL: https://example.com/r.git, path: '{{path}}'}, destination: {server: https://kubernetes.default.svc}}
        """;

    private readonly SetBench bench = new SetBench()
        .File("apps/web/a.yaml").File("apps/db/b.yaml").File("apps/db/deep/c.yaml").File("apps/.hidden/x.yaml").File("apps/Old_One/d.yaml").File("top/e.yaml")
        .Object("""
            kind: Secret
            metadata: {name: one, labels: {argocd.argoproj.io/secret-type: cluster, env: prod}, annotations: {note: hi}}
            stringData: {name: Prod_EU, server: https://eu.example.com, project: p}
            """)
        .Object("""
            kind: Secret
            metadata: {name: two, labels: {argocd.argoproj.io/secret-type: cluster, env: dev}}
            data: {name: ZGV2, server: aHR0cHM6Ly9kZXYuZXhhbXBsZS5jb20=}
            """)
        .Object("{kind: Secret, metadata: {name: other}, stringData: {name: no}}");

    [Fact]
    public async Task A_list_gives_its_elements_and_those_of_its_yaml()
    {
        Assert.Equal(["a-1", "b-2"], await bench.NamesAsync("generators: [{list: {elements: [{id: a, values: {v: '1'}}, {id: b, values: {v: '2'}}]}}]" + Named("{{id}}-{{values.v}}")));
        Assert.Equal(["x-1", "z-2"], await bench.NamesAsync("goTemplate: true\ngenerators: [{list: {elements: [], elementsYaml: \"- {id: x, deep: {v: 1}}\\n- {id: z, deep: {v: 2}}\"}}]" + Named("{{.id}}-{{.deep.v}}", "{{.id}}")));
        Assert.Contains("parsing value as string: id", await bench.ProblemAsync("generators: [{list: {elements: [{id: 1}]}}]" + Named("x")));
        Assert.Contains("elementsYaml:2:1", await bench.ProblemAsync("generators: [{list: {elementsYaml: '[['}}]" + Named("x")));
    }

    [Fact]
    public async Task Clusters_are_the_secrets_that_match_and_the_hubs_own_when_nothing_is_selected_by()
    {
        Assert.Equal(["in-cluster", "prod-eu", "dev"], await bench.NamesAsync("generators: [{clusters: {}}]" + Named("{{nameNormalized}}")));
        Assert.Equal(["prod-eu-prod-hi-p-prod.eu"], await bench.NamesAsync(
            "generators: [{clusters: {selector: {matchLabels: {env: prod}}, values: {zone: '{{metadata.labels.env}}.eu'}}}]" + Named("{{nameNormalized}}-{{metadata.labels.env}}-{{metadata.annotations.note}}-{{project}}-{{values.zone}}")));
        Assert.Equal(["dev"], await bench.NamesAsync("goTemplate: true\ngenerators: [{clusters: {selector: {matchExpressions: [{key: env, operator: NotIn, values: [prod]}]}}}]" + Named("{{.metadata.labels.env}}", "x")));
        Assert.Equal(["all-3-in-cluster"], await bench.NamesAsync("goTemplate: true\ngenerators: [{clusters: {flatList: true}}]" + Named("all-{{len .clusters}}-{{(index .clusters 0).name}}", "x")));
    }

    [Fact]
    public async Task Folders_of_a_repository_match_by_globs_without_hidden_ones_and_what_is_excluded()
    {
        Assert.Equal(["old-one", "db", "web"], await bench.NamesAsync(Git("directories: [{path: apps/*}]") + Named("{{path.basenameNormalized}}")));
        Assert.Equal(["db"], await bench.NamesAsync(Git("directories: [{path: 'apps/*'}, {path: apps/web, exclude: true}, {path: 'apps/[A-Z]*', exclude: true}]") + Named("{{path.basename}}")));
        Assert.Equal(["apps-db-deep"], await bench.NamesAsync(Git("directories: [{path: 'apps/*/*'}]") + Named("{{path[0]}}-{{path[1]}}-{{path[2]}}")));
        Assert.Equal(["deep-3-apps"], await bench.NamesAsync("goTemplate: true\n" + Git("directories: [{path: 'apps/*/*'}]") + Named("{{.path.basename}}-{{len .path.segments}}-{{index .path.segments 0}}", "{{.path.path}}")));
        Assert.Equal(["top-v"], await bench.NamesAsync(Git("directories: [{path: top}], pathParamPrefix: my, values: {v: 'v'}") + Named("{{my.path.basename}}-{{values.v}}")));
        Assert.Empty(await bench.NamesAsync(Git("directories: [{path: nothing/*}]") + Named("x")));
        Assert.Contains("neither directories nor files", await bench.ProblemAsync(Git("directories: []") + Named("x")));
    }

    [Fact]
    public async Task Files_of_a_repository_give_their_objects_flat_or_nested()
    {
        bench.File("cfg/one.json", """{"name": "one", "size": {"cpu": 2}, "tags": ["a", "b"], "on": true}""").File("cfg/deep/two.yaml", "- {name: two}\n- {name: three}").File("cfg/skip.yaml", "name: skip").File("cfg/empty.yaml");
        Assert.Equal(["one-2-b-true-one.json-cfg"], await bench.NamesAsync(Git("files: [{path: cfg/one.json}]") + Named("{{name}}-{{size.cpu}}-{{tags.1}}-{{on}}-{{path.filename}}-{{path}}")));
        Assert.Equal(["three", "two"], (await bench.NamesAsync("goTemplate: true\n" + Git("files: [{path: 'cfg/*.yaml'}, {path: 'cfg/[es]*.yaml', exclude: true}]") + Named("{{.name}}", "{{.path.path}}"))).Order());
        Assert.Equal(["deep-two.yaml"], (await bench.NamesAsync("goTemplate: true\n" + Git("files: [{path: cfg/deep}]") + Named("{{.path.basename}}-{{.path.filename}}{{if eq .name \"three\"}}.3{{end}}", "x"))).Take(1));
        bench.File("cfg/bad.yaml", "a: [");
        Assert.Contains("cfg/bad.yaml:2", await bench.ProblemAsync(Git("files: [{path: cfg/bad.yaml}]") + Named("x")));
        bench.File("cfg/scalar.yaml", "just text");
        Assert.Contains("neither an object nor a list", await bench.ProblemAsync(Git("files: [{path: cfg/scalar.yaml}]") + Named("x")));
    }

    [Fact]
    public async Task A_repository_that_cannot_be_had_is_told_of_and_the_other_generators_go_on()
    {
        bench.GitFault = "https://example.com/r.git: no answer";
        Expansion expansion = await bench.ExpandAsync("generators: [{git: {repoURL: u, directories: [{path: '*'}]}}, {list: {elements: [{id: a}]}}]" + Named("{{id}}"));
        Assert.Equal("a", Assert.Single(expansion.Applications).At("metadata", "name")!.AsString());
        Assert.Equal((ExpansionStage.Generating, "error generating params from git: https://example.com/r.git: no answer"), Assert.Single(expansion.Problems) is var problem ? (problem.Stage, problem.Message) : default);
        Assert.False(expansion.IsComplete || expansion.IsGenerated);
    }

    [Fact]
    public async Task A_matrix_combines_two_generators_and_the_second_sees_the_first()
    {
        string matrix = "generators: [{matrix: {generators: [{list: {elements: [{dir: web}, {dir: db}]}}, {git: {repoURL: u, revision: main, directories: [{path: 'apps/DIR'}]}}]}}]";
        Assert.Equal(["web", "db"], await bench.NamesAsync(matrix.Replace("DIR", "{{dir}}") + Named("{{path.basename}}")));
        Assert.Equal(1, bench.Opened);
        Assert.Equal(["web-web", "db-db"], await bench.NamesAsync("goTemplate: true\n" + matrix.Replace("DIR", "{{.dir}}") + Named("{{.dir}}-{{.path.basename}}", "x")));
        Assert.Contains("duplicate key id", await bench.ProblemAsync("generators: [{matrix: {generators: [{list: {elements: [{id: a}]}}, {list: {elements: [{id: b}]}}]}}]" + Named("x")));
        Assert.Contains("exactly two", await bench.ProblemAsync("generators: [{matrix: {generators: [{list: {elements: [{id: a}]}}]}}]" + Named("x")));
    }

    [Fact]
    public async Task A_merge_overrides_by_its_keys_and_keeps_the_order_of_the_first()
    {
        string merge = "generators: [{merge: {mergeKeys: [id], generators: [{list: {elements: [{id: a, v: '1'}, {id: b, v: '1'}]}}, {list: {elements: [{id: b, v: '2'}, {id: c, v: '3'}]}}]}}]";
        Assert.Equal(["a-1", "b-2"], await bench.NamesAsync(merge + Named("{{id}}-{{v}}")));
        Assert.Equal(["a-1", "b-2"], await bench.NamesAsync("goTemplate: true\n" + merge + Named("{{.id}}-{{.v}}", "x")));
        Assert.Contains("""not unique by the given mergeKeys, Merge requires all param sets to be unique. Duplicate key was {"id":"b"}""", await bench.ProblemAsync(merge.Replace("{id: c", "{id: b") + Named("x")));
        Assert.Contains("no merge keys", await bench.ProblemAsync(merge.Replace("[id]", "[]") + Named("x")));
    }

    [Fact]
    public async Task Matrix_and_merge_nest_once_and_not_twice()
    {
        const string Inner = "{matrix: {generators: [{list: {elements: [{a: x}, {a: z}]}, selector: {matchLabels: {a: z}}}, {list: {elements: [{b: '1'}, {b: '2'}]}}]}}";
        Assert.Equal(["z1k", "z2k"], await bench.NamesAsync($"generators: [{{matrix: {{generators: [{Inner}, {{list: {{elements: [{{c: k}}]}}}}]}}}}]" + Named("{{a}}{{b}}{{c}}")));
        string twice = $"{{matrix: {{generators: [{Inner}, {{list: {{elements: [{{c: k}}]}}}}]}}}}";
        Assert.Contains("cannot hold a third", await bench.ProblemAsync($"generators: [{{merge: {{mergeKeys: [a], generators: [{twice}, {twice}]}}}}]" + Named("x")));
    }

    [Fact]
    public async Task A_selector_filters_whatever_a_generator_gives()
    {
        Assert.Equal(["b"], await bench.NamesAsync("generators: [{list: {elements: [{id: a, url: 'https://a/b?c'}, {id: b, url: 'https://x'}]}, selector: {matchExpressions: [{key: url, operator: In, values: ['https://x']}]}}]" + Named("{{id}}")));
        Assert.Equal(["b"], await bench.NamesAsync("goTemplate: true\ngenerators: [{list: {elements: [{id: a, d: {size: 1}}, {id: b, d: {size: 7}}]}, selector: {matchExpressions: [{key: d.size, operator: Gt, values: ['5']}]}}]" + Named("{{.id}}", "x")));
        Assert.Contains("not a valid label selector operator", await bench.ProblemAsync("generators: [{list: {elements: [{id: a}]}, selector: {matchExpressions: [{key: id, operator: Like, values: [a]}]}}]" + Named("x")));
    }

    [Fact]
    public async Task A_generators_own_template_counts_before_the_sets()
    {
        Expansion expansion = await bench.ExpandAsync("""
            generators:
            - list:
                elements: [{id: a}]
                template: {metadata: {labels: {own: '{{id}}'}}, spec: {destination: {namespace: own}, project: ''}}
            - list: {elements: [{id: b}]}
            template: {metadata: {name: '{{id}}', labels: {all: x}}, spec: {project: shared, destination: {namespace: all, server: s}}}
            """);
        MapNode own = expansion.Applications[0];
        Assert.Equal(["own", "shared"], [own.At("spec", "destination", "namespace")!.AsString()!, own.At("spec", "project")!.AsString()!]);
        Assert.Equal("s", own.At("spec", "destination", "server")!.AsString());
        Assert.Equal(["all=x", "own=a"], own.At("metadata", "labels")!.AsMap()!.Select(label => $"{label.Key}={label.Value}").Order());
        Assert.Equal("all", expansion.Applications[1].At("spec", "destination", "namespace")!.AsString());
        Assert.Single(expansion.Applications[1].At("metadata", "labels")!.AsMap()!);
    }

    [Fact]
    public async Task Requeueing_is_the_generators_wish_or_what_is_usual_for_its_kind()
    {
        Assert.Null((await bench.ExpandAsync("generators: [{list: {elements: [{id: a}]}}]" + Named("x"))).RequeueAfter);
        Assert.Equal(TimeSpan.FromMinutes(3), (await bench.ExpandAsync(Git("directories: [{path: '*'}]") + Named("{{path}}"))).RequeueAfter);
        Assert.Equal(TimeSpan.FromSeconds(20), (await bench.ExpandAsync("generators: [{matrix: {generators: [{list: {elements: [{id: a}]}}, {git: {repoURL: u, requeueAfterSeconds: 20, directories: [{path: top}]}}]}}]" + Named("x"))).RequeueAfter);
    }

    [Fact]
    public async Task A_generator_that_there_is_not_is_named()
    {
        Assert.Equal("there is no generator \"teapots\"", await bench.ProblemAsync("generators: [{teapots: {}}]" + Named("x")));
        Assert.Equal("an entry of generators names none", await bench.ProblemAsync("generators: [{}]" + Named("x")));
    }

    [Fact]
    public async Task A_matrix_that_multiplies_without_end_is_refused()
    {
        string Elements(string key) => $"{{list: {{elements: [{string.Join(", ", Enumerable.Range(0, 200).Select(number => $"{{{key}: '{number}'}}"))}]}}}}";
        Expansion expansion = await bench.ExpandAsync($"generators: [{{matrix: {{generators: [{Elements("a")}, {Elements("b")}]}}}}]" + Named("{{a}}-{{b}}"));
        Assert.Empty(expansion.Applications);
        Assert.Equal("generates more than 10000 sets of parameters", Assert.Single(expansion.Problems).Message);
    }

    [Fact]
    public async Task Files_that_are_bombs_are_refused()
    {
        bench.File("cfg/laughs.yaml", "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + string.Concat(Enumerable.Range(0, 8).Select(level => $"{(char)('b' + level)}: &{(char)('b' + level)} [{string.Join(", ", Enumerable.Repeat($"*{(char)('a' + level)}", 10))}]\n")));
        Assert.Contains("cfg/laughs.yaml", await bench.ProblemAsync(Git("files: [{path: cfg/laughs.yaml}]") + Named("x")));
        bench.File("cfg/large.yaml", "a: " + new string('x', 9 * 1024 * 1024));
        Assert.Contains("cfg/large.yaml: larger than", await bench.ProblemAsync(Git("files: [{path: cfg/large.yaml}]") + Named("x")));
    }

    [Theory]
    [InlineData("a/*/c.json", "a/b/c.json", true)]
    [InlineData("a/*/c.json", "a/b/b/c.json", true)]
    [InlineData("a/**/c.json", "a/c.json", false)]
    [InlineData("a/?.json", "a/b.json", true)]
    [InlineData("a/[!b].json", "a/b.json", false)]
    [InlineData("a/[]b].json", "a/].json", true)]
    [InlineData("a/\\*.json", "a/*.json", true)]
    [InlineData("a/\\*.json", "a/b.json", false)]
    [InlineData("a", "a/b/c", true)]
    [InlineData("a", "ab/c", false)]
    [InlineData("a/[", "a/[", true)]
    public void Paths_of_files_match_as_git_has_it(string pattern, string path, bool matches) =>
        Assert.Equal(matches, new PathspecGlob(pattern).IsMatch(path));

    private static string Git(string body) => $"generators: [{{git: {{repoURL: https://example.com/r.git, revision: main, {body}}}}}]";

    private static string Named(string name, string path = "p") => Template.Replace("{{path}}", path).Replace("NAME", $"'{name}'");
}
