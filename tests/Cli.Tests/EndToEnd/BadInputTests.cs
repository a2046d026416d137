using System.Diagnostics;
using System.Text;

namespace Bowline.Cli.Tests.EndToEnd;

/// <summary>Bad input is normal input: a clear error, the others unharmed, bounded time and memory.</summary>
public sealed class BadInputTests
{
    [Theory]
    [InlineData("up", "/no/such/folder")]
    [InlineData("up", ".", "--nonsense")]
    [InlineData("up", ".", "--output", "xml")]
    [InlineData("up", ".", "--timeout", "soon")]
    [InlineData("up", ".", "--cluster", "nameless")]
    [InlineData("up", ".", "--repo-map", "https://x=/no/such/folder")]
    [InlineData("diff", "/no/such/folder")]
    [InlineData("render", "/no/such/folder")]
    [InlineData("render", "--nonsense")]
    [InlineData("frobnicate")]
    public async Task Wrong_usage_is_one_line_and_exit_code_2(params string[] arguments)
    {
        using Scratch scratch = new();
        (int exit, string output, string errors) = await Bowline.RunAsync(scratch.Home, arguments);
        Assert.Equal(2, exit);
        Assert.StartsWith("error: ", errors.Trim());
        Assert.DoesNotContain("   at ", errors);
        Assert.Equal(string.Empty, output.Trim());
    }

    [Theory]
    [InlineData("explain")]
    [InlineData("sync")]
    [InlineData("rollback")]
    [InlineData("notifications", "trigger", "run")]
    public async Task Help_is_shown_without_the_arguments_that_a_command_needs(params string[] command)
    {
        using Scratch scratch = new();
        (int exit, string output, string errors) = await Bowline.RunAsync(scratch.Home, [.. command, "--help"]);
        Assert.Equal((0, string.Empty), (exit, errors.Trim()));
        Assert.Contains($"bowline {string.Join(' ', command)} ", output);
    }

    [Fact]
    public async Task A_folder_without_manifests_is_named_as_such()
    {
        using Scratch scratch = new();
        scratch.Write("notes.txt", "nothing to deliver");
        (int exit, _, string errors) = await Bowline.RunAsync(scratch.Home, "up", scratch.Repository, "--once");
        Assert.Equal(2, exit);
        Assert.Contains("neither Application manifests nor", errors);
        Assert.DoesNotContain("these folders do", errors);

        scratch.Write("web/chart/Chart.yaml", "apiVersion: v2\nname: chart\nversion: 1.0.0\n").Write("db/all.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n").Write(".github/a.yaml", "a: b\n");
        (exit, _, errors) = await Bowline.RunAsync(scratch.Home, "up", scratch.Repository, "--once");
        Assert.Equal(2, exit);
        Assert.Contains($"these folders do: db, web/chart ('bowline up {scratch.Repository}/db')", errors);
    }

    [Fact]
    public async Task Broken_yaml_is_placed_exactly_and_the_others_are_delivered()
    {
        using Scratch scratch = new();
        scratch.WriteApplication("good", "good").WriteApplication("bad", "bad")
            .WriteConfigMap("good/a.yaml", "a").Write("bad/b.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: [b\n");
        UpJson report = await FailAsync(scratch);
        Assert.Equal("Synced Healthy", report.State("good"));
        Assert.Equal("Unknown Unknown", report.State("bad"));
        Assert.Matches(@"bad/b\.yaml:\d+:\d+: ", report.Message("bad"));
    }

    [Fact]
    public async Task A_failing_template_is_named_with_file_and_line()
    {
        using Scratch scratch = new();
        scratch.WriteApplication("good", "good").WriteApplication("bad", "chart").WriteConfigMap("good/a.yaml", "a")
            .Write("chart/Chart.yaml", "apiVersion: v2\nname: chart\nversion: 1.0.0\n").Write("chart/templates/x.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ fail \"on purpose\" }}\n");
        UpJson report = await FailAsync(scratch);
        Assert.Equal("Synced Healthy", report.State("good"));
        Assert.Contains("templates/x.yaml:4", report.Message("bad"));
        Assert.Contains("on purpose", report.Message("bad"));
    }

    [Theory]
    [InlineData("../../outside.yaml")]
    [InlineData("/etc/hostname")]
    [InlineData("link.yaml")]
    public async Task A_value_file_outside_the_repository_is_refused(string file)
    {
        using Scratch scratch = new();
        File.WriteAllText(Path.Combine(scratch.Root, "outside.yaml"), "leaked: secret-of-the-machine\n");
        scratch.WriteApplication("good", "good").WriteConfigMap("good/a.yaml", "a")
            .WriteApplication("bad", "chart", $"    helm: {{valueFiles: [\"{file}\"]}}")
            .Write("chart/Chart.yaml", "apiVersion: v2\nname: chart\nversion: 1.0.0\n").Write("chart/values.yaml", "leaked: no\n")
            .Write("chart/templates/x.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x\ndata:\n  v: {{ .Values.leaked | quote }}\n");
        File.CreateSymbolicLink(Path.Combine(scratch.Repository, "chart", "link.yaml"), Path.Combine(scratch.Root, "outside.yaml"));
        UpJson report = await FailAsync(scratch);
        Assert.Equal("Synced Healthy", report.State("good"));
        Assert.Equal("Unknown Unknown", report.State("bad"));
        Assert.Contains(Path.GetFileName(file), report.Message("bad"));
        Assert.DoesNotContain("secret-of-the-machine", report.Message("bad"));
    }

    [Fact]
    public async Task An_anchor_bomb_is_refused_quickly_and_the_others_are_delivered()
    {
        StringBuilder bomb = new("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
        for (int level = 1; level < 12; level++)
        {
            bomb.Append($"a{level}: &a{level} [{string.Join(',', Enumerable.Repeat($"*a{level - 1}", 10))}]\n");
        }

        await RefuseAsync(bomb.ToString());
    }

    [Theory]
    [InlineData('[')]
    [InlineData('{')]
    public async Task Nesting_of_a_hundred_thousand_is_refused_quickly(char open) => await RefuseAsync("a: " + new string(open, 100_000));

    [Fact]
    public async Task Block_nesting_of_a_hundred_thousand_is_refused_quickly() => await RefuseAsync(string.Concat(Enumerable.Repeat("- ", 100_000)) + "x");

    [Fact]
    public async Task A_file_of_200_megabytes_is_refused_without_reading_it_into_memory()
    {
        using Scratch scratch = new();
        scratch.WriteApplication("good", "good").WriteApplication("bad", "bad").WriteConfigMap("good/a.yaml", "a").Write("bad/b.yaml", "kind: x\n");
        using (FileStream file = File.OpenWrite(Path.Combine(scratch.Repository, "bad", "b.yaml")))
        {
            file.SetLength(200L * 1024 * 1024);
        }

        UpJson report = await FailAsync(scratch);
        Assert.Equal("Synced Healthy", report.State("good"));
        Assert.Contains("b.yaml", report.Message("bad"));
    }

    [Fact]
    public async Task A_mistyped_field_is_named_with_its_file_nothing_of_its_application_is_changed_and_the_others_are_delivered()
    {
        using Scratch scratch = new();
        scratch.WriteApplication("good", "good").WriteConfigMap("good/a.yaml", "a").WriteApplication("bad", "bad").WriteConfigMap("bad/a.yaml", "a").Write("bad/b.yaml", """
            apiVersion: apps/v1
            kind: Deployment
            metadata: {name: web}
            spec:
              replica: 3
              selector: {matchLabels: {app: web}}
              template:
                metadata: {labels: {app: web}}
                spec: {containers: [{name: web, image: nginx}]}
            """);
        UpJson report = await FailAsync(scratch);
        Assert.Equal("Synced Healthy", report.State("good"));
        Assert.StartsWith("OutOfSync", report.State("bad"));
        Assert.Contains("bad/b.yaml:1", report.Message("bad"));
        Assert.Contains(".spec.replica", report.Message("bad"));
        Assert.Contains("nothing was changed", report.Message("bad"));
    }

    [Fact]
    public async Task A_dead_api_server_is_a_clear_error_within_ten_seconds()
    {
        using Scratch scratch = new();
        scratch.WriteConfigMap("a.yaml", "a");
        string kubeconfig = Path.Combine(scratch.Root, "kubeconfig");
        File.WriteAllText(kubeconfig, """
            apiVersion: v1
            kind: Config
            clusters: [{name: dead, cluster: {server: "https://127.0.0.1:9"}}]
            users: [{name: dead, user: {token: not-to-be-printed}}]
            contexts: [{name: dead, context: {cluster: dead, user: dead}}]
            current-context: dead
            """);
        Stopwatch watch = Stopwatch.StartNew();
        (int exit, string output, string errors) = await Bowline.RunAsync(scratch.Home, "up", scratch.Repository, "--once", "--kubeconfig", kubeconfig);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(10), $"took {watch.Elapsed}");
        Assert.Equal(1, exit);
        Assert.Contains("127.0.0.1:9", output + errors);
        Assert.DoesNotContain("   at ", output + errors);
        Assert.DoesNotContain("not-to-be-printed", output + errors);
    }

    private static async Task RefuseAsync(string manifest)
    {
        using Scratch scratch = new();
        scratch.WriteApplication("good", "good").WriteApplication("bad", "bad").WriteConfigMap("good/a.yaml", "a").Write("bad/b.yaml", manifest);
        Stopwatch watch = Stopwatch.StartNew();
        UpJson report = await FailAsync(scratch);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(20), $"took {watch.Elapsed}");
        Assert.Equal("Synced Healthy", report.State("good"));
        Assert.Contains("b.yaml", report.Message("bad"));
    }

    private static async Task<UpJson> FailAsync(Scratch scratch)
    {
        (int exit, string output, string errors) = await Bowline.RunAsync(scratch.Home, "up", scratch.Repository, "--once", "-o", "json", "--timeout", "30s");
        Assert.True(exit == 1, output + errors);
        return new UpJson(output);
    }
}
