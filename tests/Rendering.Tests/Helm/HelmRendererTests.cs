using Bowline.Rendering.Helm;
using Bowline.Rendering.Requests;
using Bowline.Resources.Model;
using Bowline.Sources.Files;

namespace Bowline.Tests.Helm;

public sealed class HelmRendererTests
{
    [Fact]
    public void A_resource_knows_its_template_and_line()
    {
        RenderResult result = new ChartFiles()
            .With("templates/two.yaml", "{{- if true }}\napiVersion: v1\nkind: Secret\nmetadata: {name: a}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\n{{- end }}\n")
            .Render();
        Assert.Equal(["Secret a c/templates/two.yaml:3", "ConfigMap b c/templates/two.yaml:7"], result.Resources.Select(one => $"{one} {one.Origin}"));
        Assert.Contains("c/templates/two.yaml", result.FilesRead);
        Assert.Contains("c/Chart.yaml", result.FilesRead);
    }

    [Fact]
    public void Hooks_come_last_and_as_data()
    {
        RenderResult result = new ChartFiles()
            .With("templates/a.yaml", "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n  annotations:\n    helm.sh/hook: pre-install, test-success\n    helm.sh/hook-weight: \"-5\"\n    helm.sh/hook-delete-policy: hook-succeeded\n")
            .With("templates/b.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: b}\n")
            .Render();
        Assert.Equal(["b", "a"], result.Resources.Select(one => one.Name));
        HelmHook hook = Assert.Single(result.Hooks);
        Assert.Same(result.Resources[1], hook.Resource);
        Assert.Equal(-5, hook.Weight);
        Assert.Equal(["pre-install", "test"], hook.Events);
        Assert.Equal(["hook-succeeded"], hook.DeletePolicies);
    }

    [Fact]
    public void Lists_count_as_their_items()
    {
        RenderResult result = new ChartFiles()
            .With("templates/l.yaml", "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Secret, metadata: {name: a}}\n- {apiVersion: v1, kind: Secret, metadata: {name: b}}\n")
            .Render();
        Assert.Equal(["a", "b"], result.Resources.Select(one => one.Name));
        Assert.Contains("kind: List", result.Text(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_of_crds_that_is_no_yaml_is_printed_as_it_is_and_refused_by_whoever_delivers()
    {
        RenderResult result = new ChartFiles()
            .With("crds/a.yaml", "kind: CustomResourceDefinition\nmetadata: {name: a}\n")
            .With("crds/b.yaml", "a: {{ if }}\n  b: [\n")
            .Render(new HelmOptions { IncludeCrds = true });
        Assert.Equal("---\n# Source: t/crds/a.yaml\nkind: CustomResourceDefinition\nmetadata: {name: a}\n\n---\n# Source: t/crds/b.yaml\na: {{ if }}\n  b: [\n", result.Text());
        Assert.Equal("c/crds/b.yaml", result.Unreadable!.File);
        Assert.Equal("a", Assert.Single(result.Resources).Name);
    }

    [Fact]
    public void An_error_names_file_line_template_stack_and_the_line_itself()
    {
        RenderException error = new ChartFiles()
            .With("templates/_h.tpl", "{{ define \"inner\" }}\nx: {{ .Values.a.b.c }}\n{{ end }}")
            .With("templates/out.yaml", "a: 1\nb: {{ include \"inner\" . }}\n")
            .Fails();
        Assert.Equal("c/templates/_h.tpl", error.File);
        Assert.Equal(2, error.Line);
        Assert.Equal("x: {{ .Values.a.b.c }}", error.SourceLine);
        Assert.Equal(["t/templates/_h.tpl:2", "t/templates/out.yaml:2"], error.TemplateStack);
        Assert.StartsWith("template: t/templates/out.yaml:2:", error.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Output_that_is_no_yaml_names_the_template_and_shows_the_line()
    {
        RenderException error = new ChartFiles().With("templates/x.yaml", "a: 1\nb: {{ \"x: y\" }}\n").Fails();
        Assert.Equal("c/templates/x.yaml", error.File);
        Assert.Equal("b: x: y", error.SourceLine);
    }

    [Theory]
    [InlineData("/outer.yaml", "from-root")]
    [InlineData("../outer.yaml", "from-root")]
    [InlineData("values-x.yaml", "from-chart")]
    public void Value_files_may_lie_anywhere_in_the_snapshot(string file, string expected)
    {
        ChartFiles chart = new ChartFiles().Printing(".Values.x").With("../outer.yaml", "x: from-root").With("values-x.yaml", "x: from-chart");
        Assert.Equal(expected, chart.Printed(new HelmOptions { ValueFiles = [file] }));
    }

    [Theory]
    [InlineData("../../outside.yaml")]
    [InlineData("/../outside.yaml")]
    [InlineData("https://example.com/values.yaml")]
    [InlineData("/.git/config")]
    public void Value_files_outside_the_snapshot_are_refused(string file)
    {
        ChartFiles chart = new ChartFiles().Printing("1");
        RenderException error = chart.Fails(new HelmOptions { ValueFiles = [file], IgnoreMissingValueFiles = true });
        Assert.Contains(file.TrimStart('/'), error.Message, StringComparison.Ordinal);
        Assert.Throws<RenderException>(() => chart.Render(new HelmOptions { SetFile = [$"a={file}"] }));
    }

    [Fact]
    public void A_missing_value_file_is_an_error_unless_it_may_be_missing()
    {
        ChartFiles chart = new ChartFiles().Printing(".Release.Name");
        Assert.Equal("open no.yaml: no such file or directory", chart.Fails(new HelmOptions { ValueFiles = ["no.yaml"] }).Reason);
        Assert.Equal("rel", chart.Printed(new HelmOptions { ValueFiles = ["no.yaml"], IgnoreMissingValueFiles = true }));
    }

    [Fact]
    public void Values_in_place_win_over_files_and_lose_against_set()
    {
        ChartFiles chart = new ChartFiles().Printing("printf \"%v %v %v\" .Values.a .Values.b .Values.c").With("f.yaml", "{a: file, b: file, c: file}");
        HelmOptions options = new() { ValueFiles = ["f.yaml"], Values = new MapNode { ["b"] = "place", ["c"] = "place" }, Set = ["c=set"] };
        Assert.Equal("file place set", chart.Printed(options));
        Assert.Equal(["b", "c"], options.Values.Keys);
    }

    [Fact]
    public void Lookup_is_the_callers_and_otherwise_finds_nothing()
    {
        ChartFiles chart = new ChartFiles().Printing("(lookup \"v1\" \"Secret\" \"ns\" \"s\").data | default \"none\"");
        Assert.Equal("none", chart.Printed());
        RenderRequest request = chart.Request() with { Lookup = (version, kind, space, name) => new MapNode { ["data"] = $"{version}/{kind}/{space}/{name}" } };
        Assert.Contains("v1/Secret/ns/s", new HelmRenderer().Render(request, CancellationToken.None).Text(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{{ define \"a\" }}{{ include \"a\" . }}{{ end }}{{ include \"a\" . }}")]
    [InlineData("{{ define \"a\" }}{{ template \"a\" . }}{{ end }}{{ template \"a\" . }}")]
    [InlineData("{{ define \"a\" }}{{ tpl \"{{ include \\\"a\\\" . }}\" . }}{{ end }}{{ include \"a\" . }}")]
    [InlineData("{{ tpl .Values.self . }}")]
    [InlineData("{{ range $i := until 1000000000 }}x{{ end }}")]
    [InlineData("{{ repeat 2000000000 \"x\" }}")]
    [InlineData("{{ range 100000000 }}{{ range 100000000 }}{{ end }}{{ end }}")]
    public void Templates_without_end_end_in_an_error(string template)
    {
        ChartFiles chart = new ChartFiles().With("values.yaml", "self: '{{ tpl .Values.self . }}'").With("templates/x.yaml", template);
        Assert.NotEmpty(chart.Fails().Reason);
    }

    [Fact]
    public void A_cancelled_render_stops()
    {
        RenderRequest request = new ChartFiles().With("templates/x.yaml", "{{ range 100000000 }}{{ range 100000000 }}{{ end }}{{ end }}").Request();
        using CancellationTokenSource cancellation = new(TimeSpan.FromMilliseconds(100));
        Assert.ThrowsAny<OperationCanceledException>(() => new HelmRenderer().Render(request, cancellation.Token));
    }

    [Fact]
    public void Tpl_of_a_blank_text_is_that_text_even_inside_another_tpl() =>
        Assert.Equal("[ ]", new ChartFiles().With("values.yaml", "t: '[{{ tpl \" \" . }}]'").Printing("tpl .Values.t . | quote").Printed().Trim('"'));

    [Fact]
    public void What_tpl_defines_is_known_to_its_own_includes_only()
    {
        ChartFiles chart = new ChartFiles().Printing("tpl .Values.t .").With("values.yaml", "t: '{{ define \"x\" }}inner{{ end }}{{ include \"x\" . }}'");
        Assert.Equal("inner", chart.Printed());
        chart.Printing("tpl .Values.t . }}{{ include \"x\" .");
        Assert.Contains("no template \"x\" associated with template \"gotpl\"", chart.Fails().Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Templates_change_values_of_their_own_render_only()
    {
        ChartFiles chart = new ChartFiles().With("values.yaml", "m: {a: 1}").Printing("set .Values.m \"a\" 2 | toJson");
        HelmRenderer renderer = new();
        RenderRequest request = chart.Request();
        string first = renderer.Render(request, CancellationToken.None).Text();
        Assert.Equal(first, renderer.Render(request, CancellationToken.None).Text());
        RenderResult other = renderer.Render(chart.Printing(".Values.m | toJson").Request(), CancellationToken.None);
        Assert.Contains("{\"a\":1}", other.Text(), StringComparison.Ordinal);
    }

    [Fact]
    public void One_renderer_serves_many_threads()
    {
        HelmRenderer renderer = new();
        RenderRequest[] requests = [.. Enumerable.Range(0, 8).Select(i => new ChartFiles().With("values.yaml", $"x: v{i}").Printing("tpl \"{{ .Values.x }}\" .").Request())];
        Parallel.For(0, 200, i => Assert.Contains($"out: v{i % 8}\n", renderer.Render(requests[i % 8], CancellationToken.None).Text(), StringComparison.Ordinal));
    }

    [Fact]
    public void Show_only_of_a_missing_template_fails_the_render() =>
        Assert.Equal("could not find template templates/no.yaml in chart", new ChartFiles().Printing("1").Fails(new HelmOptions { ShowOnly = ["templates/no.yaml"] }).Reason);

    [Fact]
    public void Show_only_limits_resources_too()
    {
        RenderResult result = new ChartFiles().Printing("1").With("templates/b.yaml", "apiVersion: v1\nkind: Secret\nmetadata: {name: b}\n").Render(new HelmOptions { ShowOnly = ["templates/b*"] });
        Assert.Equal("b", Assert.Single(result.Resources).Name);
    }

    [Fact]
    public void Files_keep_bytes_that_are_no_text()
    {
        byte[] bytes = [0, 0xff, 0xfe, (byte)'a', 0xc3];
        Assert.Equal(Convert.ToBase64String(bytes), new ChartFiles().With("bin", bytes).Printing(".Files.Get \"bin\" | b64enc").Printed());
    }

    [Theory]
    [InlineData("*.txt", "a.txt")]
    [InlineData("**.txt", "a.txt d/b.txt")]
    [InlineData("d/*", "d/b.txt")]
    [InlineData("{a,c}.*", "a.txt c.json")]
    public void Files_are_globbed(string pattern, string expected)
    {
        ChartFiles chart = new ChartFiles().With("a.txt", "1").With("c.json", "2").With("d/b.txt", "3");
        Assert.Equal(expected, chart.Printing($"range $n, $_ := .Files.Glob \"{pattern}\" }}}}{{{{ $n }}}} {{{{ end").Printed());
    }

    [Fact]
    public void Notes_are_rendered_and_kept_out_of_the_output()
    {
        RenderResult result = new ChartFiles().Printing("1").With("templates/NOTES.txt", "Hello {{ .Release.Name }}").Render();
        Assert.Equal("Hello rel", result.Notes);
        Assert.DoesNotContain("Hello", result.Text(), StringComparison.Ordinal);
    }

    [SharedFact]
    public void The_chart_of_a_real_repository_renders_from_its_working_tree()
    {
        RenderRequest request = new()
        {
            Files = new DirectoryTree(SharedFolder.Corpus("echo-gitops")),
            Path = "helm/echo",
            ReleaseName = "echo",
            Namespace = "echo-dev",
            Helm = new HelmOptions { ValueFiles = ["values.yaml", "/helm/echo/values-testing.yaml"] },
        };
        RenderResult result = new HelmRenderer().Render(request, CancellationToken.None);
        Assert.All(result.Resources, resource => Assert.StartsWith("helm/echo/templates/", resource.Origin.File, StringComparison.Ordinal));
        Assert.Contains(result.Resources, resource => resource.Kind.Kind == "Deployment" && resource.Origin.Line > 0);
        Assert.Contains("helm/echo/values-testing.yaml", result.FilesRead);
    }
}
