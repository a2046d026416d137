using System.Diagnostics;
using Bowline.Rendering.Kustomize;
using Bowline.Rendering.Requests;
using Bowline.Sources.Files;
using Bowline.Sources.Git;
using Bowline.Tests;
using static Bowline.Rendering.Tests.Kustomize.KustomizeCase;

namespace Bowline.Rendering.Tests.Kustomize;

/// <summary>Bases in submodules of repositories that a real Git server has.</summary>
public sealed class SubmoduleBaseTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("bowline-submodules").FullName;
    private readonly GitHttpServer server;
    private readonly GitFetcher fetcher;
    private readonly List<SourceRef> asked = [];

    public SubmoduleBaseTests()
    {
        server = new GitHttpServer(folder);
        fetcher = new GitFetcher(Path.Combine(folder, "cache"), TimeProvider.System);
    }

    public void Dispose()
    {
        fetcher.Dispose();
        server.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void A_base_in_a_submodule_of_a_submodule_is_read_at_the_commits_that_are_recorded()
    {
        Repository("inner", "base/kustomization.yaml", "resources: [cm.yaml]\n", "base/cm.yaml", ConfigMap);
        Repository("middle", "kustomization.yaml", "resources: [deep/inner/base]\nnamePrefix: middle-\n");
        Submodule("middle", "deep/inner", "../inner");
        Repository("outer", "kustomization.yaml", "resources: [lib/middle]\nnameSuffix: -outer\n");
        Submodule("outer", "lib/middle", "./../middle");
        Repository("inner", "base/cm.yaml", ConfigMap.Replace("name: cm", "name: later", StringComparison.Ordinal));
        Assert.Equal("middle-cm-outer", Name("outer"));
        Assert.Equal("middle-cm", Name("outer//lib/middle"));
        Assert.Equal("cm", Name("outer//lib/middle/deep/inner/base"));
        Assert.Equal(3, asked.Select(reference => reference.Url).Distinct().Count());
    }

    [Fact]
    public void A_symlink_leads_into_a_submodule_and_out_of_it_as_in_a_working_tree()
    {
        Repository("inner", "cm.yaml", ConfigMap, "kustomization.yaml", "resources: [up]\n");
        Link("inner", "up", "../shared");
        Repository("outer", "shared/kustomization.yaml", "resources: [cm.yaml]\n", "shared/cm.yaml", ConfigMap);
        Link("outer", "alias", "lib/inner");
        Submodule("outer", "inner", "../inner");
        Link("outer", "direct", "inner");
        Assert.Equal("cm", Name("outer//direct"));
    }

    [Fact]
    public void A_submodule_that_cannot_be_had_is_in_nobodys_way_until_something_below_it_is_read()
    {
        Repository("outer", "kustomization.yaml", "resources: [cm.yaml]\n", "cm.yaml", ConfigMap, "other/kustomization.yaml", "resources: [../lib/gone/base]\n");
        Submodule("outer", "lib/gone", "../gone", new string('1', 40));
        Submodule("outer", "lib/unnamed", null, new string('2', 40));
        Assert.Equal("cm", Name("outer"));
        Assert.Single(asked);
        string message = Assert.Throws<RenderException>(() => Name("outer//other")).Message;
        Assert.Contains($"needs the submodule 'lib/gone', {server.Address}gone, which cannot be fetched", message, StringComparison.Ordinal);
        message = Assert.Throws<RenderException>(() => Name("outer//lib/unnamed/base")).Message;
        Assert.Contains(".gitmodules has no address", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("?submodules=false")]
    [InlineData("?submodules=0")]
    [InlineData("?ref=main&submodules=F")]
    public void A_url_may_leave_submodules_out(string query)
    {
        Repository("inner", "kustomization.yaml", "resources: [cm.yaml]\n", "cm.yaml", ConfigMap);
        Repository("outer", "kustomization.yaml", "resources: [inner]\n");
        Submodule("outer", "inner", "../inner");
        Assert.Contains("submodules=false", Assert.Throws<RenderException>(() => Name($"outer{query}")).Message, StringComparison.Ordinal);
        Assert.Single(asked);
        Assert.Equal("cm", Name("outer?submodules=true"));
        Assert.Equal("cm", Name("outer?submodules=perhaps"));
    }

    [Theory]
    [InlineData("file:///etc")]
    [InlineData("/etc")]
    [InlineData("ext::sh -c touch% /tmp/x")]
    [InlineData("--upload-pack=touch /tmp/x")]
    [InlineData("ssh://-oProxyCommand=touch/org/repo")]
    [InlineData("git@-oProxyCommand=x:org/repo")]
    [InlineData("../../../elsewhere")]
    [InlineData("..\\\\..\\\\x")]
    public void An_address_that_must_not_be_fetched_reaches_no_fetcher(string url)
    {
        Repository("outer", "kustomization.yaml", "resources: [inner]\n");
        Submodule("outer", "inner", url, new string('1', 40));
        Assert.Throws<RenderException>(() => Name("outer"));
        Assert.Single(asked);
    }

    [Fact]
    public void Credentials_of_a_repository_go_with_relative_addresses_and_to_no_other_server()
    {
        string login = "Basic " + Convert.ToBase64String("deploy:t0p-s3cret"u8);
        using GitHttpServer closed = new(folder) { Required = login };
        Repository("inner", "kustomization.yaml", "resources: [cm.yaml]\n", "cm.yaml", ConfigMap);
        Repository("outer", "near/kustomization.yaml", "resources: [../own]\n", "far/kustomization.yaml", "resources: [../other]\n");
        Submodule("outer", "own", "../inner");
        Submodule("outer", "other", $"{server.Address}inner");
        string url = closed.Address.Replace("://", "://deploy:t0p-s3cret@", StringComparison.Ordinal);
        Assert.Equal("cm", Name("outer//near", url));
        Assert.Empty(server.Authorizations);
        Assert.Equal("cm", Name("outer//far", url));
        Assert.NotEmpty(server.Authorizations);
        Assert.All(server.Authorizations, Assert.Null);
    }

    [Fact]
    public void A_chain_of_submodules_without_end_is_refused()
    {
        Repository("r0", "kustomization.yaml", "resources: [cm.yaml]\n", "cm.yaml", ConfigMap);
        for (int i = 1; i <= 20; i++)
        {
            Repository($"r{i}", "kustomization.yaml", "resources: [x]\n");
            Submodule($"r{i}", "x", $"../r{i - 1}");
        }

        Assert.Equal("cm", Name("r10"));
        Assert.Contains("nested deeper", Assert.Throws<RenderException>(() => Name("r20")).Message, StringComparison.Ordinal);
    }

    private string Name(string reference, string? address = null)
    {
        asked.Clear();
        KustomizeRenderer renderer = new(fetch: (source, cancellationToken) =>
        {
            asked.Add(source);
            return fetcher.FetchAsync(source, cancellationToken).GetAwaiter().GetResult().Files;
        });
        // A repository of this server has no organisation; the marker ends its path.
        string url = (address ?? server.Address) + (reference.Contains("//", StringComparison.Ordinal) ? reference : reference.Contains('?', StringComparison.Ordinal) ? reference.Replace("?", "//?", StringComparison.Ordinal) : $"{reference}//");
        return Assert.Single(Build(Files("kustomization.yaml", $"resources: ['{url}']\n"), renderer: renderer).Resources).Name;
    }

    private void Repository(string name, params string[] pathsAndTexts)
    {
        string root = Path.Combine(folder, name);
        if (!Directory.Exists(root))
        {
            Directory.CreateDirectory(root);
            Git(root, "init", "-q", "-b", "main");
        }

        foreach (string[] file in pathsAndTexts.Chunk(2))
        {
            string path = Path.Combine(root, file[0]);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, file[1]);
            Git(root, "add", "--", file[0]);
        }

        Commit(root);
    }

    private void Link(string repository, string path, string target)
    {
        string root = Path.Combine(folder, repository);
        File.CreateSymbolicLink(Path.Combine(root, path), target);
        Git(root, "add", "--", path);
        Commit(root);
    }

    /// <summary>Records the commit that the other repository is at, without a working tree of it.</summary>
    private void Submodule(string repository, string path, string? url, string? commit = null)
    {
        string root = Path.Combine(folder, repository);
        commit ??= Git(Path.Combine(folder, url!.Split('/')[^1]), "rev-parse", "HEAD").Trim();
        if (url is not null)
        {
            File.AppendAllText(Path.Combine(root, ".gitmodules"), $"# one\n[submodule \"the {path}\"]\n\tpath = {path}\n\turl = \"{url}\" ; here\n[other]\n\turl = x\n");
            Git(root, "add", ".gitmodules");
        }

        Git(root, "update-index", "--add", "--cacheinfo", $"160000,{commit},{path}");
        Commit(root);
    }

    private static void Commit(string root) =>
        Git(root, "-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false", "commit", "-q", "-m", "x");

    private static string Git(string root, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo("git", arguments) { WorkingDirectory = root, RedirectStandardOutput = true })!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
        return output;
    }
}
