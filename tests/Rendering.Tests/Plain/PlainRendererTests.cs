using Bowline.Rendering.Plain;
using Bowline.Rendering.Requests;
using Bowline.Sources.Files;

namespace Bowline.Tests.Plain;

public sealed class PlainRendererTests
{
    private const string Secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: %}\n";

    private static readonly MemoryTree Tree = MemoryTree.FromText(new Dictionary<string, string>
    {
        ["m/a.yaml"] = "# first\n---\n" + Secret.Replace('%', 'a') + "---\n---\n# only a comment\n---\n" + Secret.Replace('%', 'b'),
        ["m/b.yml"] = Secret.Replace('%', 'c'),
        ["m/c.json"] = """{"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "d"}}""",
        ["m/d.txt"] = "not a manifest",
        ["m/deep/e.yaml"] = "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Secret, metadata: {name: e}}\n- {apiVersion: v1, kind: Secret, metadata: {name: f}}\n",
        ["m/deep/skip.yaml"] = "# +argocd:skip-file-rendering\nno: object\n",
        ["bad/x.yaml"] = "\n\nkind: Secret\n",
        ["bad/y.yaml"] = "- 1\n",
    });

    [Theory]
    [InlineData(false, "", "", "a b c d")]
    [InlineData(true, "", "", "a b c d e f")]
    [InlineData(true, "deep/*", "", "e f")]
    [InlineData(true, "*.yaml", "deep*", "a b")]
    [InlineData(true, "{b.yml,c.json}", "", "c d")]
    [InlineData(true, "", "{*.yml,*.json}", "a b e f")]
    public void A_directory_yields_its_manifests(bool recurse, string include, string exclude, string expected)
    {
        RenderResult result = Render("m", new PlainOptions { Recurse = recurse, Include = include, Exclude = exclude });
        Assert.Equal(expected, string.Join(' ', result.Resources.Select(one => one.Name)));
    }

    [Fact]
    public void Each_resource_knows_file_and_line()
    {
        RenderResult result = Render("m", new PlainOptions { Recurse = true });
        Assert.Equal(["m/a.yaml:3", "m/a.yaml:10", "m/b.yml:1", "m/c.json:1", "m/deep/e.yaml:4", "m/deep/e.yaml:5"], result.Resources.Select(one => one.Origin.ToString()));
    }

    [Fact]
    public void A_single_file_will_do() => Assert.Equal("c", Assert.Single(Render("m/b.yml").Resources).Name);

    [Fact]
    public void The_text_is_the_documents_between_dashes() =>
        Assert.Equal("apiVersion: v1\nkind: Secret\nmetadata:\n  name: c\n---\napiVersion: v1\nkind: Secret\nmetadata:\n  name: d\n", Render("m", new PlainOptions { Include = "{b,c}.*" }).Text());

    [Theory]
    [InlineData("bad/x.yaml", 3, "it has no apiVersion")]
    [InlineData("bad/y.yaml", 1, "must be an object")]
    public void What_is_no_object_is_an_error_with_file_and_line(string path, int line, string reason)
    {
        RenderException error = Assert.Throws<RenderException>(() => Render(path));
        Assert.Equal((path, line), (error.File, error.Line));
        Assert.Contains(reason, error.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nowhere")]
    [InlineData("../x")]
    public void A_path_that_is_not_there_is_an_error(string path) => Assert.Throws<RenderException>(() => Render(path));

    private static RenderResult Render(string path, PlainOptions? options = null) =>
        new PlainRenderer().Render(new RenderRequest { Files = Tree, Path = path, Plain = options ?? new PlainOptions() }, CancellationToken.None);
}
