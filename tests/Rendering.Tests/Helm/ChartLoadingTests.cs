using System.Formats.Tar;
using System.IO.Compression;
using System.Text;
using Bowline.Rendering.Requests;
using Bowline.Rendering.Helm.Charts;
using Bowline.Rendering.Globs;

namespace Bowline.Tests.Helm;

public sealed class ChartLoadingTests
{
    [Theory]
    [InlineData("name: ..", "validation: chart.metadata.name \"..\" is invalid")]
    [InlineData("name: a/b", "validation: chart.metadata.name \"a/b\" is invalid")]
    [InlineData("name: t\nmaintainers: [null]", "validation: maintainers must not contain empty or null nodes")]
    [InlineData("name: t\ndependencies: [null]", "validation: dependencies must not contain empty or null nodes")]
    [InlineData("name: t\ndependencies: [{name: a, alias: \"x\\ny\"}]", "validation: dependency \"a\" has disallowed characters in the alias")]
    [InlineData("name: t\ndependencies: [{name: a}, {name: b, alias: a}]", "validation: more than one dependency with name or alias \"a\"")]
    [InlineData("name: [t]", "cannot load Chart.yaml: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal array into Go struct field Metadata.name of type string")]
    public void A_bad_chart_yaml_is_refused_in_helms_words(string lines, string expected)
    {
        RenderException error = new ChartFiles($"apiVersion: v2\nversion: 0.1.0\n{lines}\n").Printing("1").Fails();
        Assert.Equal(expected, error.Reason);
        Assert.Equal("c/Chart.yaml", error.File);
    }

    [Fact]
    public void A_line_break_in_the_name_becomes_a_space()
    {
        Assert.Equal("a b", new ChartFiles("apiVersion: v2\nversion: 0.1.0\nname: \"a\\nb\"\n").Printing(".Chart.Name").Printed());
    }

    [Fact]
    public void A_chart_that_depends_on_itself_is_missing_and_not_endless()
    {
        RenderException error = new ChartFiles("apiVersion: v2\nname: t\nversion: 0.1.0\ndependencies: [{name: t, version: 0.1.0}]\n").Printing("1").Fails();
        Assert.EndsWith("found in Chart.yaml, but missing in charts/ directory: t", error.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Charts_nested_without_end_are_refused()
    {
        ChartFiles chart = new();
        string path = string.Empty;
        for (int i = 0; i < 70; i++)
        {
            path += "charts/s/";
            chart.With($"{path}Chart.yaml", "apiVersion: v2\nname: s\nversion: 0.1.0\n");
        }

        Assert.Contains("nested", chart.Fails().Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_packed_chart_in_charts_is_read_and_remembers_where_its_templates_are()
    {
        byte[] packed = Pack(("sub/Chart.yaml", "apiVersion: v2\nname: sub\nversion: 1.0.0\n"), ("sub/templates/x.yaml", "\nkind: ConfigMap\napiVersion: v1\nmetadata: {name: x}\n"));
        RenderResult result = new ChartFiles().With("charts/sub-1.0.0.tgz", packed).Render();
        Assert.Equal("c/charts/sub-1.0.0.tgz/templates/x.yaml:2", Assert.Single(result.Resources).Origin.ToString());
    }

    [Fact]
    public void A_packed_chart_can_be_rendered_itself()
    {
        byte[] packed = Pack(("sub/Chart.yaml", "apiVersion: v2\nname: sub\nversion: 1.0.0\n"), ("sub/templates/x.yaml", "kind: ConfigMap\napiVersion: v1\nmetadata: {name: x}\n"));
        RenderRequest request = new ChartFiles().With("sub-1.0.0.tgz", packed).Request() with { Path = "c/sub-1.0.0.tgz" };
        RenderResult result = new Bowline.Rendering.Helm.HelmRenderer().Render(request, CancellationToken.None);
        Assert.StartsWith("---\n# Source: sub/templates/x.yaml\n", result.Text(), StringComparison.Ordinal);
        Assert.Equal(["c/sub-1.0.0.tgz"], result.FilesRead);
    }

    [Theory]
    [InlineData("sub/../../x", "chart illegally references parent directory")]
    [InlineData("sub//etc/passwd", "chart illegally contains absolute paths")]
    [InlineData("Chart.yaml", "chart yaml not in base directory")]
    public void An_archive_that_reaches_outside_is_refused(string name, string expected)
    {
        byte[] packed = Pack(("sub/Chart.yaml", "apiVersion: v2\nname: sub\nversion: 1.0.0\n"), (name, "x"));
        RenderException error = new ChartFiles().With("charts/sub.tgz", packed).Fails();
        Assert.Contains(expected, error.Reason, StringComparison.Ordinal);
        Assert.Equal("c/charts/sub.tgz", error.File);
    }

    [Fact]
    public void Links_in_an_archive_are_refused()
    {
        using MemoryStream packed = new();
        using (GZipStream zip = new(packed, CompressionLevel.Fastest, leaveOpen: true))
        using (TarWriter tar = new(zip))
        {
            tar.WriteEntry(new PaxTarEntry(TarEntryType.SymbolicLink, "sub/Chart.lock") { LinkName = "/etc/passwd" });
        }

        Assert.Contains("neither a file nor a folder", new ChartFiles().With("charts/sub.tgz", packed.ToArray()).Fails().Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void An_archive_bomb_is_refused_before_it_unfolds()
    {
        using MemoryStream packed = new();
        using (GZipStream zip = new(packed, CompressionLevel.SmallestSize, leaveOpen: true))
        using (TarWriter tar = new(zip))
        {
            byte[] zeros = new byte[5 * 1024 * 1024];
            for (int i = 0; i < 21; i++)
            {
                tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, $"sub/{i}") { DataStream = new MemoryStream(zeros) });
            }
        }

        Assert.Contains("larger than the maximum size", new ChartFiles().With("charts/sub.tgz", packed.ToArray()).Fails().Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Garbage_for_an_archive_is_an_error_with_its_file()
    {
        RenderException error = new ChartFiles().With("charts/sub.tgz", Encoding.UTF8.GetBytes("no archive")).Fails();
        Assert.Equal("c/charts/sub.tgz", error.File);
    }

    [Theory]
    [InlineData("*.txt", "a/b.txt", true)]
    [InlineData("/*.txt", "a/b.txt", false)]
    [InlineData("/*.txt", "b.txt", true)]
    [InlineData("a/*.txt", "a/b.txt", true)]
    [InlineData("a/", "a", false)]
    [InlineData("# *", "b.txt", false)]
    [InlineData("!b.txt", "b.txt", false)]
    [InlineData("!b.txt", "c.txt", true)]
    [InlineData("b.txt\n!b.txt", "b.txt", true)]
    [InlineData("[a-c].txt", "b.txt", true)]
    [InlineData(@"\*.txt", "b.txt", false)]
    [InlineData("", "templates/.hidden", true)]
    public void Helmignore_follows_helms_own_rules(string rules, string path, bool ignored) =>
        Assert.Equal(ignored, new HelmIgnore(rules).Ignores(path, isDirectory: false));

    [Fact]
    public void Double_stars_in_helmignore_are_an_error() =>
        Assert.Equal("double-star (**) syntax is not supported", new ChartFiles().With(".helmignore", "a/**").Fails().Reason);

    [Theory]
    [InlineData("a*b*c", "aXbYc", true)]
    [InlineData("a*b*c", "aXbY", false)]
    [InlineData("*", "a/b", false)]
    [InlineData("[^a-c]x", "dx", true)]
    [InlineData("[^a-c]x", "bx", false)]
    [InlineData("a?c", "a/c", false)]
    [InlineData(@"a\*", "a*", true)]
    public void Go_patterns_match(string pattern, string name, bool expected) => Assert.Equal(expected, GoMatch.IsMatch(pattern, name));

    [Theory]
    [InlineData("[")]
    [InlineData("[]a]")]
    [InlineData("[a-]")]
    [InlineData("a\\")]
    public void Malformed_patterns_do_not_compile(string pattern) => Assert.Null(GoMatch.Compile(pattern));

    private static byte[] Pack(params ReadOnlySpan<(string Name, string Text)> files)
    {
        using MemoryStream packed = new();
        using (GZipStream zip = new(packed, CompressionLevel.Fastest, leaveOpen: true))
        using (TarWriter tar = new(zip))
        {
            foreach ((string name, string text) in files)
            {
                tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(Encoding.UTF8.GetBytes(text)) });
            }
        }

        return packed.ToArray();
    }
}
