using Bowline.Applications.ArgoCd;
using Bowline.Applications.Model;
using Bowline.Applications.Projects;
using Bowline.Delivery.Inventories;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;

namespace Bowline.Applications.Tests.Model;

public sealed class ApplicationNamespacesTests
{
    private static readonly ApplicationNamespaces Several = new("argocd", ["team-*", "/^ops-[0-9]+$/", "exact"]);

    [Theory]
    [InlineData("argocd", true)]
    [InlineData("team-a", true)]
    [InlineData("my-team-a", false)]
    [InlineData("ops-12", true)]
    [InlineData("ops-x", false)]
    [InlineData("exact", true)]
    [InlineData("exactly", false)]
    [InlineData("", false)]
    public void Names_globs_and_expressions_between_slashes_allow_namespaces(string @namespace, bool allowed) => Assert.Equal(allowed, Several.Allows(@namespace));

    [Fact]
    public void An_expression_that_cannot_be_read_allows_nothing() => Assert.False(new ApplicationNamespaces("argocd", ["/(/", "/"]).Allows("("));

    [Fact]
    public void What_lies_elsewhere_is_known_by_its_namespace_too_and_is_found_again()
    {
        Assert.Equal("team-a_web", Several.NameOf("team-a", "web"));
        Assert.Equal("web", Several.NameOf("argocd", "web"));
        Assert.Equal("web", Several.NameOf(string.Empty, "web"));
        Assert.Equal(("team-a", "web"), Several.Find("team-a_web"));
        Assert.Equal(("argocd", "web"), Several.Find("web"));
        Assert.Equal("web", ApplicationNamespaces.Any.NameOf("team-a", "web"));
        Assert.Equal("team-a/web", ApplicationNamespaces.Show("team-a_web"));
        Assert.Equal("team-a_web", ApplicationNamespaces.Read("team-a/web"));
    }

    [Theory]
    [InlineData("[]", false)]
    [InlineData("[team-a]", true)]
    [InlineData("['/^team-.$/']", true)]
    [InlineData("['other-*']", false)]
    public void A_project_says_whose_applications_of_other_namespaces_may_use_it(string sourceNamespaces, bool allowed)
    {
        MapNode project = (MapNode)YamlReader.Read($"{{apiVersion: argoproj.io/v1alpha1, kind: AppProject, metadata: {{name: team}}, spec: {{sourceRepos: ['*'], destinations: [{{server: '*', namespace: '*'}}], sourceNamespaces: {sourceNamespaces}}}}}");
        MapNode manifest = (MapNode)YamlReader.Read("{apiVersion: argoproj.io/v1alpha1, kind: Application, metadata: {name: web, namespace: team-a}, spec: {project: team, source: {repoURL: u}, destination: {server: s, namespace: n}}}");
        ApplicationSpec application = new ArgoCdDialect(Several).Read(new Resource(manifest));
        Assert.Equal(("team-a_web", "web", "team-a"), (application.Name, application.Title, application.Namespace));
        string refusal = new ProjectRules(ArgoCdSettings.Read([project]), assume: false).Find("team")!.Refuses(application);
        Assert.Equal(allowed ? string.Empty : "application 'web' in namespace 'team-a' is not permitted to use project 'team' (sourceNamespaces)", refusal);
        Assert.Empty(new ProjectRules(ArgoCdSettings.Read([project]), assume: false).Find("team")!.Refuses(new ArgoCdDialect().Read(new Resource(manifest))));
    }

    [Fact]
    public void The_default_project_that_nobody_made_is_for_the_own_namespace_unless_everything_is_assumed()
    {
        ApplicationSpec elsewhere = new("team-a_web") { Title = "web", Namespace = "team-a", Sources = [new ApplicationSource { RepoUrl = "u" }] };
        Assert.Contains("sourceNamespaces", new ProjectRules(ArgoCdSettings.Empty, assume: false).Find("default")!.Refuses(elsewhere));
        Assert.Empty(new ProjectRules(ArgoCdSettings.Empty, assume: true).Find("default")!.Refuses(elsewhere));
    }

    [Fact]
    public void Records_have_names_that_a_cluster_takes_and_that_no_two_applications_share()
    {
        string label = new('a', 63);
        string longest = string.Join('.', label, label, label, new string('b', 61));
        string[] owners = ["web", "team-a_web", "team-a.web", "team_a.web", longest, longest[..^1] + "c", longest[..243], longest[..244]];
        string[] names = [.. owners.Select(owner => InventoryStore.IdOf(owner).Name)];
        Assert.Equal("inventory-web", names[0]);
        Assert.Equal(owners.Length, names.Distinct().Count());
        Assert.All(names, name => Assert.Matches(@"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$", name));
        Assert.All(names, name => Assert.True(name.Length <= 253, name));
    }
}
