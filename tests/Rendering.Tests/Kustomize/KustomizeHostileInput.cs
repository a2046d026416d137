using System.Diagnostics;
using System.Text;
using Bowline.Rendering.Kustomize;
using Bowline.Rendering.Requests;
using Bowline.Sources.Files;
using static Bowline.Rendering.Tests.Kustomize.KustomizeCase;

namespace Bowline.Rendering.Tests.Kustomize;

public sealed class KustomizeHostileInput
{
    [Theory]
    [InlineData(".")]
    [InlineData("../a")]
    [InlineData("../b/../a")]
    public void A_base_that_includes_itself_is_a_cycle(string path)
    {
        RenderException error = Refusal(Files("a/kustomization.yaml", $"resources: [{path}]\n", "b/x", ""), "a");
        Assert.Contains("cycle detected", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_bases_that_include_each_other_are_a_cycle()
    {
        FileTree files = Files("a/kustomization.yaml", "resources: [../b]\n", "b/kustomization.yaml", "resources: [../a]\n");
        Assert.Contains("cycle detected", Refusal(files, "a").Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_thousand_nested_bases_build()
    {
        List<string> files = ["b0/kustomization.yaml", "resources: [cm.yaml]\n", "b0/cm.yaml", ConfigMap];
        for (int i = 1; i <= 1000; i++)
        {
            files.AddRange([$"b{i}/kustomization.yaml", $"resources: [../b{i - 1}]\n"]);
        }

        RenderResult? result = null;
        Thread small = new(() => result = Build(Files([.. files]), "b1000"), 1024 * 1024 * 8);
        small.Start();
        small.Join();
        Assert.Single(result!.Resources);
    }

    [Fact]
    public void Bases_nested_beyond_the_stack_are_refused_rather_than_crash()
    {
        List<string> files = ["b0/kustomization.yaml", "resources: [cm.yaml]\n", "b0/cm.yaml", ConfigMap];
        for (int i = 1; i <= 3000; i++)
        {
            files.AddRange([$"b{i}/kustomization.yaml", $"resources: [../b{i - 1}]\n"]);
        }

        FileTree tree = Files([.. files]);
        RenderException? error = null;
        Thread small = new(() => error = Refusal(tree, "b3000"), 512 * 1024);
        small.Start();
        small.Join();
        Assert.NotNull(error);
    }

    [Theory]
    [InlineData("https://user:secret@example.org/org/repo//base?ref=v1")]
    [InlineData("git@example.org:org/repo//base?ref=secret")]
    [InlineData("git::https://token:secret@example.org/org/repo?password=secret")]
    public void A_remote_base_without_a_fetcher_is_named_without_its_credentials(string url)
    {
        RenderException error = Refusal(Files("kustomization.yaml", $"resources: ['{url}']\n"));
        Assert.Contains("example.org", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ssh://-oProxyCommand=touch/org/repo")]
    [InlineData("--upload-pack=touch /tmp/x https://example.org/org/repo")]
    [InlineData("git@-oProxyCommand=x:org/repo")]
    [InlineData("https://example.org/org/repo?ref=--upload-pack=touch")]
    [InlineData("https://example.org/org/repo?ref=-x")]
    [InlineData("ext::sh -c touch% /tmp/x")]
    [InlineData("https://example.org/org/repo//../../etc")]
    [InlineData("https://example.org/org")]
    [InlineData("https://example.org")]
    [InlineData("s3://example.org/org/repo")]
    [InlineData("https://example.org/org/repo?ref=%0a--upload-pack=x")]
    public void A_url_that_smuggles_an_option_or_names_no_repository_never_reaches_the_fetcher(string url)
    {
        bool called = false;
        KustomizeRenderer renderer = new(fetch: (_, _) =>
        {
            called = true;
            return null;
        });
        Refusal(Files("kustomization.yaml", $"resources: ['{url}']\n"), renderer: renderer);
        Assert.False(called);
    }

    [Fact]
    public void Files_over_http_are_refused_by_name()
    {
        string resources = Refusal(Files("kustomization.yaml", "resources: ['https://u:secret@example.org/x.yaml']\n")).Message;
        string patches = Refusal(Files("kustomization.yaml", "resources: [cm.yaml]\npatches: [{path: 'https://u:secret@example.org/p.yaml'}]\n", "cm.yaml", ConfigMap)).Message;
        Assert.All([resources, patches], message =>
        {
            Assert.Contains("https://example.org/", message, StringComparison.Ordinal);
            Assert.DoesNotContain("secret", message, StringComparison.Ordinal);
        });
    }

    [Theory]
    [InlineData("../../etc/passwd")]
    [InlineData("/etc/passwd")]
    [InlineData("../outside.yaml")]
    public void Nothing_outside_the_snapshot_is_read_whatever_the_load_restrictor_says(string path)
    {
        KustomizeOptions free = new() { AllowFilesOutsideRoot = true };
        Refusal(Files("kustomization.yaml", $"resources: ['{path}']\n"), options: free);
        Refusal(Files("kustomization.yaml", $"configMapGenerator: [{{name: x, files: ['{path}']}}]\n"), options: free);
        Refusal(Files("kustomization.yaml", $"components: ['{path}']\n"), options: free);
    }

    [Fact]
    public void A_symlink_out_of_the_root_is_refused()
    {
        string root = Directory.CreateTempSubdirectory("bowline-kustomize").FullName;
        try
        {
            Directory.CreateDirectory(Path.Combine(root, "in"));
            File.WriteAllText(Path.Combine(root, "secret.yaml"), ConfigMap);
            File.CreateSymbolicLink(Path.Combine(root, "in", "link.yaml"), Path.Combine(root, "secret.yaml"));
            File.WriteAllText(Path.Combine(root, "in", "kustomization.yaml"), "resources: [link.yaml]\n");
            Assert.Contains("security", Refusal(new DirectoryTree(root), "in").Message, StringComparison.Ordinal);
            Refusal(new DirectoryTree(Path.Combine(root, "in")), options: new() { AllowFilesOutsideRoot = true });
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    [Fact]
    public void An_anchor_bomb_is_refused_in_time()
    {
        StringBuilder bomb = new("apiVersion: v1\nkind: X\nmetadata: {name: a}\nx0: &x0 [a, a, a, a, a, a, a, a, a, a]\n");
        for (int i = 1; i < 12; i++)
        {
            bomb.Append($"x{i}: &x{i} [{string.Join(", ", Enumerable.Repeat($"*x{i - 1}", 10))}]\n");
        }

        Stopwatch watch = Stopwatch.StartNew();
        Refusal(Files("kustomization.yaml", "resources: [bomb.yaml]\n", "bomb.yaml", bomb.ToString()));
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(10), $"took {watch.Elapsed}");
    }

    [Fact]
    public void A_catastrophic_regular_expression_in_a_selector_costs_nothing()
    {
        string name = new('a', 200);
        FileTree files = Files(
            "kustomization.yaml", "resources: [cm.yaml]\npatches: [{target: {name: '(a+)+b'}, patch: '[]'}]\n",
            "cm.yaml", ConfigMap.Replace("name: cm", $"name: {name}", StringComparison.Ordinal));
        Stopwatch watch = Stopwatch.StartNew();
        Build(files);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(10), $"took {watch.Elapsed}");
    }

    [Fact]
    public void Copying_json_patches_cannot_double_without_bounds()
    {
        StringBuilder patch = new("- {op: add, path: /data/x, value: {a: b}}\n");
        for (int i = 0; i < 60; i++)
        {
            patch.Append($"- {{op: copy, from: /data, path: /data/y{i}}}\n");
        }

        Refusal(Files("kustomization.yaml", "resources: [cm.yaml]\npatches: [{target: {kind: ConfigMap}, path: p.yaml}]\n", "cm.yaml", ConfigMap, "p.yaml", patch.ToString()));
    }

    [Theory]
    [InlineData("apiVersion: example.org/v1\nkind: Plugin\nmetadata:\n  name: x\n  annotations:\n    config.kubernetes.io/function: |\n      exec: {path: ./run.sh}\n")]
    [InlineData("apiVersion: example.org/v1\nkind: Plugin\nmetadata:\n  name: x\n  annotations:\n    config.kubernetes.io/function: |\n      container: {image: example.org/x}\n")]
    [InlineData("apiVersion: example.org/v1\nkind: Plugin\nmetadata:\n  name: x\n")]
    public void Programs_and_containers_are_refused_with_the_reason(string plugin)
    {
        foreach (string field in new[] { "generators", "transformers", "validators" })
        {
            RenderException error = Refusal(Files("kustomization.yaml", $"resources: [cm.yaml]\n{field}: [plugin.yaml]\n", "cm.yaml", ConfigMap, "plugin.yaml", plugin));
            Assert.Equal("plugin.yaml", error.File);
            Assert.Contains("Plugin", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_generator_file_that_is_no_text_becomes_binary_data()
    {
        MemoryTree files = new([
            new("kustomization.yaml", Encoding.UTF8.GetBytes("configMapGenerator: [{name: x, files: [x.bin]}]\n")),
            new("x.bin", new byte[] { 0xff, 0xfe, 0x00 }),
        ]);
        Assert.Equal("//4A", Build(files).Resources[0].Node.At("binaryData", "x.bin")!.AsString());
    }

    [Theory]
    [InlineData("target: {{kind: ConfigMap, name: c{0}}}, patch: '[{{\"op\": \"replace\", \"path\": \"/data/a\", \"value\": \"c\"}}]'")]
    [InlineData("target: {{kind: ConfigMap, name: c{0}}}, patch: '{{\"apiVersion\": v1, \"kind\": ConfigMap, \"metadata\": {{\"name\": x}}, \"data\": {{\"a\": c}}}}'")]
    [InlineData("patch: '{{\"apiVersion\": v1, \"kind\": ConfigMap, \"metadata\": {{\"name\": c{0}}}, \"data\": {{\"a\": c}}}}'")]
    public void Thousands_of_patches_do_not_each_look_at_all_of_thousands_of_objects(string patch)
    {
        StringBuilder objects = new();
        StringBuilder kustomization = new("resources: [all.yaml]\npatches:\n");
        for (int i = 0; i < 20_000; i++)
        {
            objects.Append($"---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c{i}}}\ndata: {{a: b}}\n");
            if (i % 4 == 0)
            {
                kustomization.Append("- {").AppendFormat(System.Globalization.CultureInfo.InvariantCulture, patch, i).Append("}\n");
            }
        }

        Stopwatch watch = Stopwatch.StartNew();
        RenderResult result = Build(Files("kustomization.yaml", kustomization.ToString(), "all.yaml", objects.ToString()));
        Assert.Equal(5000, result.Resources.Count(resource => resource.Node.At("data", "a")!.AsString() == "c"));
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(15), $"took {watch.Elapsed}");
    }

    [Fact]
    public void A_huge_keyed_list_merges_in_linear_time()
    {
        StringBuilder env = new();
        for (int i = 0; i < 20_000; i++)
        {
            env.Append($"        - {{name: V{i}, value: '{i}'}}\n");
        }

        FileTree files = Files(
            "kustomization.yaml", "resources: [d.yaml]\npatches: [{path: p.yaml}]\n",
            "d.yaml", $"apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: d}}\nspec:\n  template:\n    spec:\n      containers:\n      - name: c\n        env:\n{env}",
            "p.yaml", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\nspec: {replicas: 2}\n");
        Stopwatch watch = Stopwatch.StartNew();
        Build(files);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(10), $"took {watch.Elapsed}");
    }
}
