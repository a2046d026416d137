using Bowline.Rendering.Requests;

namespace Bowline.Tests.Helm;

public sealed class DependencyTests
{
    private const string Sub = "apiVersion: v2\nname: sub\nversion: 1.2.3\n";

    [Fact]
    public void One_chart_serves_under_several_names()
    {
        ChartFiles chart = Parent("[{name: sub, version: 1.x.x, alias: one}, {name: sub, version: ^1.0.0, alias: two}]")
            .With("values.yaml", "one: {x: 1}\ntwo: {x: 2}");
        Assert.Equal(["one 1", "two 2"], Names(chart));
    }

    [Theory]
    [InlineData("sub.enabled=false", "")]
    [InlineData("sub.enabled=true", "sub 0")]
    [InlineData("tags.t=false", "")]
    [InlineData("tags.t=false,sub.enabled=true", "sub 0")]
    [InlineData("unrelated=1", "sub 0")]
    public void Conditions_win_over_tags(string set, string expected)
    {
        ChartFiles chart = Parent("[{name: sub, version: '*', condition: 'no.such, sub.enabled,sub.enabled', tags: [t]}]");
        Assert.Equal(expected, string.Join(',', Names(chart, set)));
    }

    [Fact]
    public void A_chart_of_another_version_takes_part_without_its_entry()
    {
        // Helm keeps a chart that no entry fits, and so its condition does not count.
        ChartFiles chart = Parent("[{name: sub, version: 2.0.0, condition: sub.enabled}]");
        Assert.Equal(["sub 0"], Names(chart, "sub.x=0"));
    }

    [Fact]
    public void Values_are_imported_in_both_forms_and_lose_against_the_parents_own()
    {
        ChartFiles chart = Parent("[{name: sub, version: '*', import-values: [data, {child: inner, parent: outer.place}]}]")
            .With("charts/sub/values.yaml", "x: 0\nexports: {data: {a: exported, b: exported}}\ninner: {k: v}")
            .With("values.yaml", "b: own")
            .Printing("printf \"%s %s %s\" .Values.a .Values.b .Values.outer.place.k");
        Assert.Contains("out: exported own v", chart.Render().Text(), StringComparison.Ordinal);
    }

    [Fact]
    public void Globals_reach_every_chart_and_null_takes_a_default_away()
    {
        ChartFiles chart = Parent("[{name: sub, version: '*'}]")
            .With("values.yaml", "global: {g: {a: 1}}\nsub: {gone: null}")
            .With("charts/sub/values.yaml", "x: 0\ngone: here\nglobal: {g: {b: 2}}")
            .With("charts/sub/templates/g.yaml", "kind: V\nv: {{ toJson .Values }}");
        Assert.Contains("v: {\"global\":{\"g\":{\"a\":1,\"b\":2}},\"x\":0}", chart.Render().Text(), StringComparison.Ordinal);
    }

    [Fact]
    public void What_cannot_be_merged_is_a_warning()
    {
        RenderResult result = new ChartFiles().Printing("toJson .Values").With("values.yaml", "a: {b: {c: 1}}\nd: text")
            .Render(new HelmOptions { Set = ["a.b=text", "d.e=1"] });
        Assert.Equal(["warning: cannot overwrite table with non table for t.a.b", "warning: skipped value for t.d: Not a table."], result.Warnings.Order());
    }

    [Fact]
    public void An_import_without_its_parent_is_an_error_not_a_crash()
    {
        ChartFiles chart = Parent("[{name: sub, version: '*', import-values: [{child: inner}]}]");
        Assert.Contains("must name child and parent", chart.Fails().Reason, StringComparison.Ordinal);
    }

    private static ChartFiles Parent(string dependencies) =>
        new ChartFiles($"apiVersion: v2\nname: t\nversion: 0.1.0\ndependencies: {dependencies}\n")
            .With("charts/sub/Chart.yaml", Sub)
            .With("charts/sub/values.yaml", "x: 0")
            .With("charts/sub/templates/x.yaml", "apiVersion: v1\nkind: Secret\nmetadata: {name: '{{ .Chart.Name }} {{ .Values.x }}'}\n");

    private static string[] Names(ChartFiles chart, string? set = null) =>
        [.. chart.Render(new HelmOptions { Set = set is null ? [] : [set] }).Resources.Select(one => one.Name)];
}
