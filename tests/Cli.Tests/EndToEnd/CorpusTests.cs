using Bowline.Tests;

namespace Bowline.Cli.Tests.EndToEnd;

/// <summary>The main job, on real repositories.</summary>
public sealed class CorpusTests
{
    [SharedFact]
    public async Task Echo_gitops_is_delivered_to_three_clusters_and_its_missing_path_is_an_error_of_its_own()
    {
        using Scratch scratch = new();
        (int exit, string output, string errors) = await Bowline.RunAsync(scratch.Home, "up", SharedFolder.Corpus("echo-gitops"), "--once", "--output", "json");
        UpJson report = new(output);
        Assert.True(exit == 1, errors);
        Dictionary<string, string> clusters = new() { ["echo-dev"] = "dev", ["echo-prod"] = "prod", ["echo-testing"] = "testing", ["echo-monitoring-dev"] = "dev", ["echo-monitoring-prod"] = "prod" };
        foreach ((string name, string cluster) in clusters)
        {
            Assert.True(report.State(name) == "Synced Healthy", $"{name}: {report.State(name)}: {report.Message(name)}");
            Assert.Equal(cluster, report.Application(name)["cluster"]!.AsString());
            Assert.Equal(string.Empty, report.Message(name));
        }

        Assert.Equal("Unknown Unknown", report.State("ai-infra-secrets-dev"));
        Assert.Contains("ai-infra/k8s is not in the repository", report.Message("ai-infra-secrets-dev"));
        Assert.Equal(6, report.Applications.Count);
        Assert.Equal(["dev", "prod", "testing"], report.Assumed.Where(item => item["kind"]!.AsString() == "ClusterPlacement").Select(item => item["cluster"]!.AsString()!).Order());
        Assert.Equal(3, report.Assumptions("CustomResourceDefinition").Count(text => text.Contains("cert-manager.io ClusterIssuer")));
        Assert.Contains(report.Assumptions("Secret"), text => text.StartsWith("prod: ") && text.Contains("echo-prod/echo-backend-secrets") && text.Contains("DATABASE_URL") && text.Contains("Deployment/echo-api"));
        Assert.Contains(report.Assumptions("StorageClass"), text => text.StartsWith("dev: do-block-storage"));
        Assert.True(File.Exists(report.Kubeconfig));
    }

    [SharedTheory]
    [InlineData("guestbook")]
    [InlineData("kustomize-guestbook")]
    [InlineData("helm-guestbook")]
    [InlineData("sock-shop")]
    [InlineData("blue-green")]
    [InlineData("helm-hooks")]
    [InlineData("pre-post-sync")]
    [InlineData("sync-waves")]
    public async Task A_path_without_application_manifests_is_one_application(string name)
    {
        using Scratch scratch = new();
        (int exit, string output, string errors) = await Bowline.RunAsync(scratch.Home, "up", Path.Combine(SharedFolder.Corpus("argocd-example-apps"), name), "--once", "-o", "json");
        Assert.True(exit == 0, output + errors);
        Assert.Equal("Synced Healthy", new UpJson(output).State(name));
    }

    [SharedFact]
    public async Task A_chart_whose_dependencies_cannot_be_had_says_which_repository_does_not_answer()
    {
        using Scratch scratch = new();
        (int exit, string output, string errors) = await Bowline.RunAsync(scratch.Home, "up", Path.Combine(SharedFolder.Corpus("argocd-example-apps"), "helm-dependency"), "--once", "-o", "json");
        Assert.True(exit == 1, output + errors);
        Assert.StartsWith("dependencies of the chart: https://charts.helm.sh/stable/index.yaml", new UpJson(output).Message("helm-dependency"));
    }

    [SharedFact]
    public async Task On_one_cluster_the_first_owner_keeps_what_others_claim_too()
    {
        using Scratch scratch = new();
        (int exit, string output, string errors) = await Bowline.RunAsync(scratch.Home, "up", SharedFolder.Corpus("echo-gitops"), "--once", "-o", "json", "--one-cluster");
        Assert.True(exit == 1, errors);
        UpJson report = new(output);
        Assert.Single(report.Applications.Select(application => application["cluster"]!.AsString()).Where(name => name!.Length > 0).Distinct());
        Assert.Equal("Synced Healthy", report.State("echo-dev"));
        Assert.StartsWith("OutOfSync", report.State("echo-prod"));
        Assert.Contains("SharedResource", report.Message("echo-prod"));
        Assert.Contains("belongs to application echo-dev", report.Message("echo-prod"));
    }

    [SharedFact]
    public async Task The_user_places_applications_by_name_and_glob()
    {
        using Scratch scratch = new();
        (_, string output, _) = await Bowline.RunAsync(
            scratch.Home, "up", SharedFolder.Corpus("echo-gitops"), "--once", "-o", "json", "--cluster", "live=*-prod", "--cluster", "lab=*-dev,*-testing", "--timeout", "60s");
        UpJson report = new(output);
        Assert.Equal("live", report.Application("echo-prod")["cluster"]!.AsString());
        Assert.Equal("live", report.Application("echo-monitoring-prod")["cluster"]!.AsString());
        Assert.Equal("lab", report.Application("echo-dev")["cluster"]!.AsString());
        Assert.Equal("Synced Healthy", report.State("echo-prod"));
        Assert.Contains("SharedResource", report.Message("echo-testing"));
    }

    [SharedFact]
    public async Task Strict_assumes_nothing()
    {
        using Scratch scratch = new();
        (int exit, string output, string errors) = await Bowline.RunAsync(scratch.Home, "up", SharedFolder.Corpus("echo-gitops"), "--once", "-o", "json", "--strict", "--cluster", "prod=*-prod", "--timeout", "60s");
        Assert.True(exit == 1, errors);
        UpJson report = new(output);
        Assert.Equal("Degraded", report.Application("echo-prod")["health"]!.AsString());
        Assert.StartsWith("OutOfSync", report.State("echo-prod"));
        Assert.Contains("CustomResourceDefinition", report.Message("echo-prod"));
        Assert.Empty(report.Assumptions("CustomResourceDefinition"));
        Assert.Empty(report.Assumptions("Secret"));
    }

    [Fact]
    public async Task Another_repository_is_taken_from_the_folder_it_is_mapped_to_and_a_path_of_this_machine_is_not_read_without()
    {
        using Scratch scratch = new();
        scratch.WriteConfigMap("web/a.yaml", "a").WriteApplication("home", "web")
            .Write("apps/other.yaml", Application("other", "https://git.example.com/team/other.git")).Write("apps/local.yaml", Application("local", scratch.Root + "/other"));
        Directory.CreateDirectory(Path.Combine(scratch.Root, "other", "manifests"));
        File.WriteAllText(Path.Combine(scratch.Root, "other", "manifests", "b.yaml"), "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\n");
        (int exit, string output, string errors) = await Bowline.RunAsync(
            scratch.Home, "up", scratch.Repository, "--once", "-o", "json", "--repo-map", $"https://git.example.com/team/other={scratch.Root}/other");
        Assert.True(exit == 1, output + errors);
        UpJson report = new(output);
        Assert.Equal("Synced Healthy", report.State("other"));
        Assert.Equal("Synced Healthy", report.State("home"));
        Assert.Contains("--repo-map", report.Message("local"));
    }

    private static string Application(string name, string url) => $$"""
        apiVersion: argoproj.io/v1alpha1
        kind: Application
        metadata: {name: {{name}}}
        spec:
          source: {repoURL: "{{url}}", path: manifests}
          destination: {server: "https://kubernetes.default.svc", namespace: default}
        """;
}
