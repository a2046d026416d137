using Bowline.Applications.ArgoCd;
using Bowline.Delivery.Desired;
using Bowline.Delivery.Diffing;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;

namespace Bowline.Applications.Tests.ArgoCd;

public sealed class InstallationSettingsTests
{
    private const string Config = "argocd-cm";
    private const string Parameters = "argocd-cmd-params-cm";

    [Fact]
    public void Nothing_said_is_the_usual_and_what_says_the_same_is_the_same_instance()
    {
        ArgoCdSettings first = KnownSettingsTests.Settings((Config, "installationID", "one"));
        Assert.Same(InstallationSettings.Usual, ArgoCdSettings.Read([]).Installation);
        Assert.NotSame(InstallationSettings.Usual, first.Installation);
        Assert.Same(first.Installation, ArgoCdSettings.Read([(MapNode)first.Config!.DeepClone()], first).Installation);
        Assert.Empty(first.Installation.Problems);
    }

    [Theory]
    [InlineData(Config, "resource.exclusions", "- apiGroups: [", "argocd-cm: resource.exclusions cannot be read, so it does not count")]
    [InlineData(Config, "resource.customizations.ignoreDifferences.apps_Deployment", "jqPathExpressions: ['.spec | foo(']", "argocd-cm: resource.customizations of apps/Deployment: ")]
    [InlineData(Config, "resource.customizations.knownTypeFields.example.com_Rollout", "- {field: spec.x, type: core/v1/Unheard}", "argocd-cm: resource.customizations of example.com/Rollout: knownTypeFields: spec.x is of no type that is known (core/v1/Unheard)")]
    [InlineData(Config, "application.resourceTrackingMethod", "colour", "is not annotation, label or annotation+label")]
    [InlineData(Config, "timeout.reconciliation", "soon", "argocd-cm: timeout.reconciliation is not a duration such as 180s, so it does not count")]
    [InlineData(Config, "kustomize.buildOptions", "--enable-alpha-plugins --load-restrictor LoadRestrictionsNone", "kustomize.buildOptions: --enable-alpha-plugins is not done: Bowline runs no plugins of Kustomize")]
    [InlineData(Config, "resource.respectRBAC", "loud", "resource.respectRBAC is not normal or strict")]
    [InlineData(Config, "globalProjects", "a: [", "argocd-cm: globalProjects cannot be read")]
    [InlineData(Parameters, "controller.sync.timeout.seconds", "-1", "controller.sync.timeout.seconds is not a number of seconds")]
    [InlineData(Parameters, "controller.self.heal.backoff.factor", "0.5", "is not a number of 1 or more")]
    [InlineData(Parameters, "applicationsetcontroller.policy", "all", "applicationsetcontroller.policy is not sync, create-only")]
    [InlineData(Parameters, "reposerver.git.request.timeout", "x", "reposerver.git.request.timeout is not a duration such as 15s")]
    public void A_value_that_cannot_be_read_is_told_of_and_does_not_count(string configMap, string key, string value, string problem) =>
        Assert.Contains(problem, Assert.Single(KnownSettingsTests.Settings((configMap, key, value)).Installation.Problems));

    [Fact]
    public void Known_types_of_fields_are_read_in_both_spellings()
    {
        IReadOnlyList<IgnoreRule> rules = KnownSettingsTests.Settings(
            (Config, "resource.customizations", "example.com/Rollout:\n  knownTypeFields: [{field: spec.template.spec, type: core/v1/PodSpec}]\n"),
            (Config, "resource.customizations.knownTypeFields.example.com_Disk", "- {field: spec.size, type: core/Quantity}\n- {field: spec.wait, type: meta/v1/Duration}\n")).Installation.Ignored;
        Assert.Equal(["example.com/Rollout 1", "example.com/Disk 2"], rules.Select(rule => $"{rule.Group}/{rule.Kind} {rule.Known.Count}"));
    }

    [Fact]
    public void Exclusions_go_before_inclusions_by_group_kind_and_cluster()
    {
        ResourceFilter filter = KnownSettingsTests.Settings(
            (Config, "resource.exclusions", "- apiGroups: ['*.crossplane.io']\n- kinds: [Secret]\n  clusters: ['https://east*']\n"),
            (Config, "resource.inclusions", "- apiGroups: ['', apps]\n")).Installation.Filter;
        bool Excludes(string group, string kind, string server = ClusterSecret.LocalServer) => filter.Excludes(new ResourceId(group, kind, "ns", "x"), server);
        Assert.Equal([false, false, true, true, false, true, true, true], [
            Excludes("", "ConfigMap"), Excludes("apps", "Deployment"), Excludes("batch", "Job"), Excludes("pkg.crossplane.io", "Provider"),
            Excludes("", "Secret"), Excludes("", "Secret", "https://east.example.com"), Excludes("", "Event"), Excludes("coordination.k8s.io", "Lease")]);
        Assert.True(ResourceFilter.Usual.Excludes(new ResourceId("events.k8s.io", "Event", "ns", "x"), ""));
        Assert.False(ResourceFilter.Usual.Excludes(new ResourceId("batch", "Job", "ns", "x"), ""));
    }

    [Fact]
    public void Differences_are_ignored_in_both_spellings_for_all_kinds_and_in_aggregated_roles()
    {
        IReadOnlyList<IgnoreRule> rules = KnownSettingsTests.Settings(
            (Config, "resource.customizations", "apps/Deployment:\n  ignoreDifferences: |\n    jsonPointers: [/spec/paused]\n"),
            (Config, "resource.customizations.ignoreDifferences.all", "managedFieldsManagers: [vpa]\n"),
            (Config, "resource.customizations.ignoreDifferences.admissionregistration.k8s.io_MutatingWebhookConfiguration", "jqPathExpressions: ['.webhooks[]?.clientConfig.caBundle']\n"),
            (Config, "resource.customizations.ignoreDifferences.Secret", "jsonPointers: [/data]\n"),
            (Config, "resource.compareoptions", "ignoreAggregatedRoles: true\n")).Installation.Ignored;
        string[] Of(string group, string kind) => [.. rules.Where(rule => rule.Matches(new ResourceId(group, kind, "", "x"))).SelectMany(rule => rule.JsonPointers.Concat(rule.Managers).Concat(rule.Paths.Select(_ => "jq")))];
        Assert.Equal(["/spec/paused", "vpa"], Of("apps", "Deployment"));
        Assert.Equal(["vpa", "jq"], Of("admissionregistration.k8s.io", "MutatingWebhookConfiguration"));
        Assert.Equal(["vpa", "/data"], Of("", "Secret"));
        Assert.Equal(["vpa", "/rules"], Of("rbac.authorization.k8s.io", "ClusterRole"));

        IgnoreRule roles = rules.Single(rule => rule.OnlyWith.Length > 0);
        MapNode aggregated = (MapNode)YamlReader.Read("{aggregationRule: {}, rules: [{verbs: [get]}]}");
        MapNode plain = (MapNode)YamlReader.Read("{rules: [{verbs: [get]}]}");
        MapNode other = (MapNode)YamlReader.Read("{aggregationRule: {}, rules: []}");
        roles.Strip(ref aggregated, ref other, other, null);
        Assert.True(aggregated.DeepEquals(other));
        MapNode same = (MapNode)plain.DeepClone();
        roles.Strip(ref plain, ref same, same, null);
        Assert.NotNull(plain["rules"]);
    }

    [Fact]
    public void Tracking_by_label_is_read_where_the_annotation_is_missing_and_other_installations_are_not_ours()
    {
        ResourceId id = new("", "ConfigMap", "ns", "x");
        TrackingMethod Method(string method, string installation = "") => KnownSettingsTests.Settings((Config, "application.resourceTrackingMethod", method), (Config, "application.instanceLabelKey", "acme.com/app"), (Config, "installationID", installation)).Installation.Tracking;
        MapNode Marked(TrackingMethod method, string owner)
        {
            MapNode metadata = new();
            method.Mark(metadata, owner, id);
            return new MapNode { ["metadata"] = metadata };
        }

        MapNode labelled = new() { ["metadata"] = new MapNode { ["labels"] = new MapNode { ["acme.com/app"] = "web" } } };
        Assert.Equal(("web", null, null), (Method("label").Owner(id, labelled), Method("annotation+label").Owner(id, labelled), Method("annotation").Owner(id, labelled)));
        Assert.Equal("web", Marked(Method("annotation+label"), "web").At("metadata", "labels", "acme.com/app")!.AsString());
        Assert.Null(Marked(Method("annotation"), "web").At("metadata", "labels"));
        string longest = new('a', 200);
        Assert.Equal(63, Marked(Method("label"), longest).At("metadata", "labels", "acme.com/app")!.AsString()!.Length);
        Assert.Equal(longest, Method("label").Owner(id, Marked(Method("label"), longest)));
        MapNode theirs = Marked(Method("annotation", "two"), "web");
        Assert.Equal((null, "web", "web"), (Method("annotation", "one").Owner(id, theirs), Method("annotation", "two").Owner(id, theirs), Method("annotation", "one").Owner(id, Marked(Method("annotation"), "web"))));
    }

    [Fact]
    public void Build_options_may_differ_by_version()
    {
        InstallationSettings settings = KnownSettingsTests.Settings((Config, "kustomize.buildOptions", "--enable-helm"), (Config, "kustomize.buildOptions.v5.4.3", "--load-restrictor=LoadRestrictionsNone --helm-command helm")).Installation;
        Assert.Equal([false, true, true, false], [.. new[] { "", "5.4.3", "v5.4.3", "v5.0.0" }.Select(version => settings.BuildOptionsOf(version).AllowFilesOutsideRoot)]);
        Assert.Empty(settings.Problems);
    }
}
