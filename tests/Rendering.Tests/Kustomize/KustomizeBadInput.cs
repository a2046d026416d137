using System.Diagnostics;
using System.Text;
using Bowline.Rendering.Requests;
using Bowline.Sources.Files;
using static Bowline.Rendering.Tests.Kustomize.KustomizeCase;

namespace Bowline.Rendering.Tests.Kustomize;

/// <summary>Mistakes that people make: each is refused with the file and the reason, or has no effect where the original lets it pass.</summary>
public sealed class KustomizeBadInput
{
    private const string Pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c, image: a}]}\n";

    [Theory]
    [InlineData("resources: [../b/cm.yaml]\n")]
    [InlineData("configMapGenerator: [{name: x, files: [../b/cm.yaml]}]\n")]
    [InlineData("secretGenerator: [{name: x, envs: [../b/cm.yaml]}]\n")]
    [InlineData("resources: [own.yaml]\npatches: [{path: ../b/cm.yaml}]\n")]
    [InlineData("resources: [own.yaml]\nreplacements: [{path: ../b/cm.yaml}]\n")]
    [InlineData("resources: [own.yaml]\nconfigurations: [../b/cm.yaml]\n")]
    public void A_file_outside_the_root_is_refused_unless_it_is_allowed(string kustomization)
    {
        FileTree files = Files("a/kustomization.yaml", kustomization, "a/own.yaml", ConfigMap, "b/cm.yaml", ConfigMap);
        Assert.Contains("security", Refusal(files, "a").Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_diamond_builds_when_its_sides_rename_and_is_refused_when_they_do_not()
    {
        string[] files = ["base/kustomization.yaml", "resources: [cm.yaml]\n", "base/cm.yaml", ConfigMap, "top/kustomization.yaml", "resources: [../left, ../right]\n"];
        FileTree renaming = Files([.. files, "left/kustomization.yaml", "resources: [../base]\nnamePrefix: l-\n", "right/kustomization.yaml", "resources: [../base]\nnamePrefix: r-\n"]);
        Assert.Equal(["l-cm", "r-cm"], Build(renaming, "top").Resources.Select(resource => resource.Name));
        FileTree same = Files([.. files, "left/kustomization.yaml", "resources: [../base]\n", "right/kustomization.yaml", "resources: [../base]\n"]);
        RenderException error = Refusal(same, "top");
        Assert.Equal("base/cm.yaml", error.File);
        Assert.Contains("may not add resource with an already registered id", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("resources: [cm.yaml, copy.yaml]\n")]
    [InlineData("resources: [two.yaml]\n")]
    [InlineData("resources: [cm.yaml, base]\n")]
    [InlineData("configMapGenerator: [{name: x, literals: [a=b]}, {name: x, literals: [a=c]}]\n")]
    public void Two_objects_of_one_identity_are_refused(string kustomization)
    {
        FileTree files = Files(
            "kustomization.yaml", kustomization, "cm.yaml", ConfigMap, "copy.yaml", ConfigMap, "two.yaml", $"{ConfigMap}---\n{ConfigMap}",
            "base/kustomization.yaml", "resources: [cm.yaml]\n", "base/cm.yaml", ConfigMap);
        RenderException error = Refusal(files);
        Assert.NotEmpty(error.File);
        Assert.Contains("ConfigMap.v1.[noGrp]/", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("namePrefx: a\n", "namePrefx")]
    [InlineData("images: [{name: a, tag: b}]\n", "tag")]
    [InlineData("configMapGenerator: [{name: a, literal: [a=b]}]\n", "literal")]
    [InlineData("replacements: [{source: {kind: Pod, nme: x}, targets: []}]\n", "nme")]
    public void An_unknown_field_is_named(string kustomization, string field)
    {
        RenderException error = Refusal(Files("kustomization.yaml", kustomization));
        Assert.Equal("kustomization.yaml", error.File);
        Assert.Contains($"{field}\"", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_kustomization_files_in_one_directory_are_refused_with_both_names()
    {
        string message = Refusal(Files("a/kustomization.yaml", "resources: []\n", "a/Kustomization", "resources: []\n"), "a").Message;
        Assert.Contains("multiple kustomization files", message, StringComparison.Ordinal);
        Assert.Contains("kustomization.yaml, Kustomization", message, StringComparison.Ordinal);
        Assert.Contains("unable to find one of", Refusal(Files("a/x.yaml", ConfigMap), "a").Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_patch_that_matches_nothing_is_an_error_unless_it_selects()
    {
        FileTree byName = Files("kustomization.yaml", "resources: [cm.yaml]\npatches: [{path: p.yaml}]\n", "cm.yaml", ConfigMap, "p.yaml", ConfigMap.Replace("name: cm", "name: other", StringComparison.Ordinal));
        RenderException error = Refusal(byName);
        Assert.Contains("no matches for Id ConfigMap.v1.[noGrp]/other.[noNs]", error.Message, StringComparison.Ordinal);
        FileTree selecting = Files("kustomization.yaml", "resources: [cm.yaml]\npatches: [{target: {kind: Pod}, patch: '[{\"op\": \"remove\", \"path\": \"/x\"}]'}]\n", "cm.yaml", ConfigMap);
        Assert.Equal(ConfigMap, Build(selecting).Text().Replace("data:\n  a: b\n", string.Empty, StringComparison.Ordinal) + "data:\n  a: b\n");
    }

    [Theory]
    [InlineData("source: {kind: Pod, fieldPath: spec.nowhere}, targets: [{select: {kind: ConfigMap}, fieldPaths: [data.a]}]", "spec.nowhere")]
    [InlineData("source: {kind: Pod, name: absent}, targets: [{select: {kind: ConfigMap}, fieldPaths: [data.a]}]", "absent")]
    [InlineData("source: {kind: Pod, name: p}, targets: [{select: {kind: ConfigMap}, fieldPaths: [data.missing]}]", "data.missing")]
    [InlineData("source: {kind: Pod, name: p}, targets: [{select: {kind: Pod}, fieldPaths: ['spec.containers.[name=zzz].image']}]", "zzz")]
    [InlineData("source: {kind: Pod, name: p, options: {delimiter: ':', index: 7}}, targets: [{select: {kind: ConfigMap}, fieldPaths: [data.a]}]", "index")]
    [InlineData("targets: [{select: {kind: ConfigMap}, fieldPaths: [data.a]}]", "source")]
    public void A_replacement_with_a_bad_path_names_it(string replacement, string reason)
    {
        RenderException error = Refusal(Files("kustomization.yaml", $"resources: [cm.yaml, pod.yaml]\nreplacements: [{{{replacement}}}]\n", "cm.yaml", ConfigMap, "pod.yaml", Pod));
        Assert.NotEmpty(error.File);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_of_fifty_megabytes_becomes_a_config_map_in_time()
    {
        byte[] content = new byte[50 * 1024 * 1024];
        Array.Fill(content, (byte)'a');
        for (int at = 99; at < content.Length; at += 100)
        {
            content[at] = (byte)'\n';
        }

        MemoryTree files = new([
            new("kustomization.yaml", Encoding.UTF8.GetBytes("configMapGenerator: [{name: x, files: [big.txt]}]\n")),
            new("big.txt", content),
        ]);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Stopwatch watch = Stopwatch.StartNew();
        RenderResult result = Build(files);
        Assert.Equal(content.Length, result.Resources[0].Node.At("data", "big.txt")!.AsString()!.Length);
        Assert.True(result.Text().Length > content.Length);
        // A second of processor time; the limit is for a machine that does much else.
        Assert.True(watch.Elapsed < TimeSpan.FromMinutes(1), $"took {watch.Elapsed}");
        long allocated = (GC.GetAllocatedBytesForCurrentThread() - before) / content.Length;
        Assert.True(allocated < 24, $"allocated {allocated} times the file");
    }

    [Fact]
    public void Aliases_of_a_manifest_are_unfolded()
    {
        FileTree files = Files("kustomization.yaml", "resources: [cm.yaml]\n", "cm.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: &n cm}\ndata: {a: &v x, b: *v, c: *n}\n");
        Assert.Equal("cm", Build(files).Resources[0].Node.At("data", "c")!.AsString());
    }
}
