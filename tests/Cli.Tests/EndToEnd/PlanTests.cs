using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.Cli.Tests.EndToEnd;

/// <summary>A plan says what a sync would do and what would hold it, asking the same that a sync asks.</summary>
public sealed class PlanTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task What_a_project_refuses_or_a_window_holds_back_is_said_by_the_plan()
    {
        using Scratch scratch = new();
        scratch.WriteConfigMap("web/a.yaml", "a").WriteConfigMap("lab/b.yaml", "b");
        scratch.Write("apps/projects.yaml", Project("closed", "syncWindows: [{kind: deny, schedule: '* * * * *', duration: 1h, applications: ['*']}]") + "---\n" + Project("narrow", "namespaceResourceBlacklist: [{group: '', kind: ConfigMap}]"));
        scratch.Write("apps/web.yaml", Application("web", "web", "closed")).Write("apps/lab.yaml", Application("lab", "lab", "narrow"));
        Node plan = await PlanAsync(scratch);
        Assert.Equal("waits", Of(plan, "web")["verdict"]!.AsString());
        Assert.Contains("sync-window wait a deny window of project 'closed' is open", Gates(Of(plan, "web")));
        Assert.Equal("denied", Of(plan, "lab")["verdict"]!.AsString());
        Assert.Contains(Gates(Of(plan, "lab")), gate => gate.StartsWith("project deny ConfigMap lab/b: ", StringComparison.Ordinal));

        (int exit, string text, string errors) = await Bowline.RunAsync(scratch.Home, "plan", "web", "--repo", scratch.Repository);
        Assert.True(exit == 0, errors);
        Assert.Contains("Wait by sync-window: a deny window of project 'closed' is open", text);
    }

    [Fact]
    public async Task What_the_hub_holds_that_no_file_declares_is_planned_too_and_its_projects_count()
    {
        using Scratch scratch = new();
        scratch.WriteApplication("web", "web").WriteConfigMap("web/a.yaml", "a").WriteConfigMap("one/b.yaml", "b");
        await using Bowline up = Bowline.Start(scratch.Home, "up", scratch.Repository);
        await up.WaitForOutputAsync("Ctrl-C ends it", Patience);
        Kubectl kubectl = new(Directory.EnumerateFiles(scratch.Home, "kubeconfig", SearchOption.AllDirectories).Single());
        string byHand = Path.Combine(scratch.Root, "by-hand.yaml");
        await File.WriteAllTextAsync(byHand, Project("closed", "syncWindows: [{kind: deny, schedule: '* * * * *', duration: 1h, applications: ['*']}]") + "---\n" + Application("made", "one", "closed"));
        await kubectl.RunAsync("apply", "-f", byHand);
        Node plan = await PlanAsync(scratch);
        Assert.Equal("waits", Of(plan, "made")["verdict"]!.AsString());
        Assert.Equal("inSync", Of(plan, "web")["verdict"]!.AsString());
        Assert.DoesNotContain("made", (await Bowline.RunAsync(scratch.Home, "plan", "web", "--repo", scratch.Repository)).Output);
    }

    [Fact]
    public async Task Applications_of_a_set_wait_for_what_their_template_says_of_each()
    {
        using Scratch scratch = new();
        scratch.Write("apps/set.yaml", """
            apiVersion: argoproj.io/v1alpha1
            kind: ApplicationSet
            metadata: {name: all, namespace: argocd}
            spec:
              goTemplate: true
              generators: [{list: {elements: [{name: a-web, needs: b-db}, {name: b-db, needs: ''}]}}]
              template:
                metadata: {name: '{{.name}}', annotations: {bowline.dev/depends-on: '{{.needs}}'}}
                spec:
                  project: default
                  source: {repoURL: "https://example.com/repository.git", path: '{{.name}}'}
                  destination: {server: https://kubernetes.default.svc, namespace: '{{.name}}'}
                  syncPolicy: {automated: {}, syncOptions: [CreateNamespace=true]}

            """);
        scratch.WriteConfigMap("a-web/a.yaml", "a").WriteConfigMap("b-db/b.yaml", "b");
        (int exit, string output, string errors) = await Bowline.RunAsync(scratch.Home, "up", scratch.Repository, "--once", "-o", "json", "--timeout", "60s");
        Assert.True(exit == 0, output + errors);
        Assert.True(errors.IndexOf("a-web: Synced", StringComparison.Ordinal) > errors.IndexOf("b-db: Synced", StringComparison.Ordinal), errors);
    }

    [Fact]
    public async Task A_folder_may_stand_in_the_place_of_the_application_whose_name_goes_first()
    {
        using Scratch scratch = new();
        scratch.WriteApplication("web", "web").WriteConfigMap("web/a.yaml", "a").WriteConfigMap("plain/b.yaml", "b");
        (int exit, string output, string errors) = await Bowline.RunInAsync(scratch.Repository, scratch.Home, "plan", "plain");
        Assert.True(exit == 0, errors);
        Assert.Contains("ConfigMap default/b", output);
        (exit, output, errors) = await Bowline.RunInAsync(scratch.Repository, scratch.Home, "plan", "web");
        Assert.True(exit == 0, errors);
        Assert.Contains("ConfigMap web/a", output);
        Assert.Contains("web: the application of the repository here is planned; say ./web for the folder", errors);
        (exit, _, errors) = await Bowline.RunInAsync(scratch.Repository, scratch.Home, "plan", "nothing");
        Assert.Equal(2, exit);
        Assert.Contains("there is no application nothing in .; there are: web", errors);
        (exit, _, errors) = await Bowline.RunInAsync(scratch.Repository, scratch.Home, "plan", "plain", "--repo", ".");
        Assert.Equal(2, exit);
        Assert.Contains("there is no application plain in .; there are: web", errors);
    }

    private static async Task<Node> PlanAsync(Scratch scratch)
    {
        (int exit, string output, string errors) = await Bowline.RunAsync(scratch.Home, "plan", scratch.Repository, "-o", "json");
        Assert.True(exit == 0, output + errors);
        return JsonReader.Read(output);
    }

    private static Node Of(Node plan, string application) => ((ListNode)plan["applications"]!).Single(one => one["name"]!.AsString() == application);

    private static IEnumerable<string> Gates(Node application) => ((ListNode)application["gates"]!).Select(gate => $"{gate["gate"]} {gate["verdict"]} {gate["reason"]}");

    private static string Project(string name, string rules) => $$"""
        apiVersion: argoproj.io/v1alpha1
        kind: AppProject
        metadata: {name: {{name}}, namespace: argocd}
        spec:
          sourceRepos: ['*']
          destinations: [{server: '*', namespace: '*'}]
          clusterResourceWhitelist: [{group: '*', kind: '*'}]
          {{rules}}

        """;

    private static string Application(string name, string path, string project) => $$"""
        apiVersion: argoproj.io/v1alpha1
        kind: Application
        metadata: {name: {{name}}, namespace: argocd}
        spec:
          project: {{project}}
          source: {repoURL: "https://example.com/repository.git", path: {{path}} }
          destination: {server: https://kubernetes.default.svc, namespace: {{name}} }
          syncPolicy: {automated: {}, syncOptions: [CreateNamespace=true]}

        """;
}
