using System.Globalization;
using Bowline.Applications.Model;
using Bowline.Delivery.Desired;
using Bowline.Delivery.Diffing;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;

namespace Bowline.Applications.ArgoCd;

/// <summary>
/// What <c>argocd-cm</c> and <c>argocd-cmd-params-cm</c> say of how applications are delivered. A value that cannot be read counts as not said, and
/// is told of in <see cref="Problems"/>.
/// </summary>
public sealed class InstallationSettings
{
    public static readonly InstallationSettings Usual = new([], []);

    private const string Customizations = "resource.customizations";
    private readonly List<string> problems = [];
    private readonly MapNode config;
    private readonly MapNode parameters;

    private InstallationSettings(MapNode config, MapNode parameters)
    {
        this.config = config;
        this.parameters = parameters;
        Filter = ResourceFilter.Read(Yaml("resource.exclusions") as ListNode, Yaml("resource.inclusions") as ListNode);
        Ignored = [.. ReadIgnored(), .. ReadCompareOptions()];
        Tracking = ReadTracking();
        PollInterval = Duration("timeout.reconciliation");
        PollJitter = Duration("timeout.reconciliation.jitter");
        SyncTimeout = Seconds("controller.sync.timeout.seconds") is { } limit && limit > TimeSpan.Zero ? limit : null;
        GitTimeout = Parameter("reposerver.git.request.timeout") is { Length: > 0 } patience ? Parsed(PolicyReader.ParseDuration(patience), "argocd-cmd-params-cm", "reposerver.git.request.timeout", "a duration such as 15s") : null;
        HealPace = ReadHealPace();
        BuildOptions = ReadBuildOptions();
        ValueFileSchemes = config.ContainsKey("helm.valuesFileSchemes") ? List(Setting("helm.valuesFileSchemes")) : ["https", "http"];
        ApplicationNamespaces = List(Parameter("application.namespaces"));
        MaskedAnnotations = List(Setting("resource.sensitive.mask.annotations"));
        Sets = ReadSets();
        IsNotificationSelfService = Parameter("notificationscontroller.selfservice.enabled") == "true";
        GlobalProjects = Yaml("globalProjects") as ListNode ?? [];
        if (Setting("resource.respectRBAC") is not ("" or "normal" or "strict"))
        {
            Wrong("argocd-cm", "resource.respectRBAC", "normal or strict");
        }
    }

    /// <summary>Kinds that are neither delivered nor pruned.</summary>
    public ResourceFilter Filter { get; }

    /// <summary>Differences that do not count in any application.</summary>
    public IReadOnlyList<IgnoreRule> Ignored { get; }

    public TrackingMethod Tracking { get; }

    /// <summary>How often repositories are looked at; zero for never, null where nothing is said.</summary>
    public TimeSpan? PollInterval { get; }

    public TimeSpan? PollJitter { get; }

    /// <summary>How long a sync may take; null for as long as it takes.</summary>
    public TimeSpan? SyncTimeout { get; }

    /// <summary>How long a Git server may take to answer; null where nothing is said.</summary>
    public TimeSpan? GitTimeout { get; }

    /// <summary>How drift that keeps coming back is undone; null where nothing is said.</summary>
    public HealPace? HealPace { get; }

    /// <summary><c>kustomize.buildOptions</c> by Kustomize version, as <c>v5.4.3</c>; under the empty one those of every other version.</summary>
    public IReadOnlyDictionary<string, BuildOptions> BuildOptions { get; }

    /// <summary>Schemes of addresses that value files may have.</summary>
    public IReadOnlyList<string> ValueFileSchemes { get; }

    /// <summary>Where Applications may be beside the controller's own namespace: names, globs, regular expressions between slashes.</summary>
    public IReadOnlyList<string> ApplicationNamespaces { get; }

    /// <summary>Annotations of Secrets whose values are never shown.</summary>
    public IReadOnlyList<string> MaskedAnnotations { get; }

    public SetSettings Sets { get; }

    /// <summary>Whether Applications may bring a configuration of notifications in their own namespaces.</summary>
    public bool IsNotificationSelfService { get; }

    /// <summary>Which projects (<c>projectName</c>) others inherit from, by their labels (<c>labelSelector</c>).</summary>
    public IReadOnlyList<Node> GlobalProjects { get; }

    /// <summary>What could not be read, a sentence each.</summary>
    public IReadOnlyList<string> Problems => problems;

    /// <summary>The options of a Kustomize version, as a source names it (<c>5.4.3</c> or <c>v5.4.3</c>).</summary>
    public BuildOptions BuildOptionsOf(string version) =>
        (version.Length > 0 ? BuildOptions.GetValueOrDefault(version.StartsWith('v') ? version : $"v{version}") : null) ?? BuildOptions[string.Empty];

    /// <param name="before">What was read last: it is given again when neither ConfigMap says anything else.</param>
    public static InstallationSettings Read(MapNode? config, MapNode? parameters, InstallationSettings before)
    {
        MapNode said = config?["data"] as MapNode ?? [];
        MapNode parametersSaid = parameters?["data"] as MapNode ?? [];
        return said.DeepEquals(before.config) && parametersSaid.DeepEquals(before.parameters) ? before : new InstallationSettings(said, parametersSaid);
    }

    private IEnumerable<IgnoreRule> ReadIgnored()
    {
        foreach ((string kind, Node said) in Yaml(Customizations) as MapNode ?? [])
        {
            if (said["ignoreDifferences"]?.AsString() is { Length: > 0 } text && Parse($"{Customizations} of {kind}", text) is { } body)
            {
                yield return Rule(kind, body);
            }

            if (said["knownTypeFields"] is ListNode fields)
            {
                yield return Known(kind, fields);
            }
        }

        const string differences = Customizations + ".ignoreDifferences.";
        const string known = Customizations + ".knownTypeFields.";
        foreach ((string key, Node said) in config)
        {
            if (key.StartsWith(differences, StringComparison.Ordinal) && Parse(key, said.AsString() ?? string.Empty) is { } body)
            {
                yield return Rule(key[differences.Length..].Replace('_', '/'), body);
            }
            else if (key.StartsWith(known, StringComparison.Ordinal) && Parse(key, said.AsString() ?? string.Empty) is ListNode fields)
            {
                yield return Known(key[known.Length..].Replace('_', '/'), fields);
            }
        }
    }

    private IgnoreRule Known(string kind, ListNode fields)
    {
        List<KnownField> known = [];
        foreach (Node field in fields)
        {
            (string path, string type) = (ArgoCdDialect.Text(field["field"]), ArgoCdDialect.Text(field["type"]));
            if (KnownField.Parse(path, type) is { } read)
            {
                known.Add(read);
            }
            else
            {
                problems.Add($"argocd-cm: {Customizations} of {kind}: knownTypeFields: {path} is of no type that is known ({type}), so it does not count");
            }
        }

        (string group, string name) = Named(kind);
        return new IgnoreRule(group, name) { Known = known };
    }

    /// <param name="kind"><c>group/Kind</c>, <c>Kind</c> of the core group, or <c>all</c>; globs.</param>
    private static (string Group, string Kind) Named(string kind) =>
        kind == "all" ? ("*", "*") : kind.Split('/', 2) is [var group, var name] ? (group, name) : (string.Empty, kind);

    private IgnoreRule Rule(string kind, Node body)
    {
        (string group, string name) = Named(kind);
        List<JqPath> paths = [];
        foreach (string expression in ArgoCdDialect.Texts(body["jqPathExpressions"]))
        {
            try
            {
                paths.Add(JqPath.Parse(expression));
            }
            catch (PathException unreadable)
            {
                problems.Add($"argocd-cm: {Customizations} of {kind}: {unreadable.Message}");
            }
        }

        return new IgnoreRule(group, name) { JsonPointers = ArgoCdDialect.Texts(body["jsonPointers"]), Paths = paths, Managers = ArgoCdDialect.Texts(body["managedFieldsManagers"]) };
    }

    private IEnumerable<IgnoreRule> ReadCompareOptions()
    {
        if (Yaml("resource.compareoptions")?["ignoreAggregatedRoles"]?.AsBool() == true)
        {
            yield return new IgnoreRule("rbac.authorization.k8s.io", "ClusterRole") { JsonPointers = ["/rules"], OnlyWith = "aggregationRule" };
        }
    }

    private TrackingMethod ReadTracking()
    {
        string method = Setting("application.resourceTrackingMethod");
        if (method is not ("" or "annotation" or "label" or "annotation+label"))
        {
            Wrong("argocd-cm", "application.resourceTrackingMethod", "annotation, label or annotation+label");
        }

        string label = Setting("application.instanceLabelKey") is { Length: > 0 } key ? key : TrackingMethod.UsualLabel;
        return new TrackingMethod { Label = method is "label" or "annotation+label" ? label : string.Empty, ReadsLabel = method == "label", InstallationId = Setting("installationID") };
    }

    private HealPace? ReadHealPace()
    {
        TimeSpan? least = Seconds("controller.self.heal.timeout.seconds");
        TimeSpan? first = Seconds("controller.self.heal.backoff.timeout.seconds");
        TimeSpan? longest = Seconds("controller.self.heal.backoff.cap.seconds");
        double? factor = null;
        if (Parameter("controller.self.heal.backoff.factor") is { Length: > 0 } text)
        {
            factor = double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double read) && read >= 1 ? read : null;
            if (factor is null)
            {
                Wrong("argocd-cmd-params-cm", "controller.self.heal.backoff.factor", "a number of 1 or more");
            }
        }

        HealPace usual = HealPace.Usual;
        return least is null && first is null && longest is null && factor is null ? null
            : new HealPace(least ?? usual.Least, first ?? usual.First, factor ?? usual.Factor, longest ?? usual.Longest);
    }

    private Dictionary<string, BuildOptions> ReadBuildOptions()
    {
        const string key = "kustomize.buildOptions";
        Dictionary<string, BuildOptions> read = new(StringComparer.Ordinal) { [string.Empty] = ArgoCd.BuildOptions.None };
        foreach ((string name, Node said) in config)
        {
            string version = name == key ? string.Empty : name.StartsWith(key + ".", StringComparison.Ordinal) ? name[(key.Length + 1)..] : "-";
            if (version != "-")
            {
                read[version] = ArgoCd.BuildOptions.Parse(said.AsString() ?? string.Empty, problem => problems.Add($"argocd-cm: {name}: {problem}"));
            }
        }

        return read;
    }

    private SetSettings ReadSets()
    {
        string policy = SetParameter("policy");
        if (policy is not ("" or "sync" or "create-only" or "create-update" or "create-delete"))
        {
            Wrong("argocd-cmd-params-cm", "applicationsetcontroller.policy", "sync, create-only, create-update or create-delete");
            policy = string.Empty;
        }

        return new SetSettings
        {
            Policy = policy,
            Namespaces = List(SetParameter("namespaces")),
            AllowsPolicyOverride = SetParameter("enable.policy.override") == "true",
            RollsOut = SetParameter("enable.progressive.syncs") != "false",
            RequeueAfter = SetParameter("requeue.after") is { Length: > 0 } pace ? Parsed(PolicyReader.ParseDuration(pace), "argocd-cmd-params-cm", "applicationsetcontroller.requeue.after", "a duration such as 3m") : null,
            AsksForges = SetParameter("enable.scm.providers") != "false",
            AllowedForges = List(SetParameter("allowed.scm.providers")),
            WantsLabelledTokens = SetParameter("enable.tokenref.strict.mode") == "true",
            IsDryRun = SetParameter("dryrun") == "true",
        };
    }

    private string Setting(string key) => config[key]?.AsString()?.Trim() ?? string.Empty;

    private string Parameter(string key) => parameters[key]?.AsString()?.Trim() ?? string.Empty;

    private string SetParameter(string key) => Parameter($"applicationsetcontroller.{key}");

    private static IReadOnlyList<string> List(string text) => text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private TimeSpan? Duration(string key) => Setting(key) is { Length: > 0 } text ? Parsed(PolicyReader.ParseDuration(text), "argocd-cm", key, "a duration such as 180s") : null;

    private TimeSpan? Seconds(string key) => Parameter(key) is { Length: > 0 } text
        ? Parsed(long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long seconds) && seconds < int.MaxValue ? TimeSpan.FromSeconds(seconds) : null, "argocd-cmd-params-cm", key, "a number of seconds")
        : null;

    private TimeSpan? Parsed(TimeSpan? value, string map, string key, string wanted)
    {
        if (value is null)
        {
            Wrong(map, key, wanted);
        }

        return value;
    }

    private Node? Yaml(string key) => Setting(key) is { Length: > 0 } text ? Parse(key, text) : null;

    private Node? Parse(string key, string text)
    {
        try
        {
            return YamlReader.Read(text);
        }
        catch (YamlException broken)
        {
            problems.Add($"argocd-cm: {key} cannot be read, so it does not count: {broken.Message}");
            return null;
        }
    }

    private void Wrong(string map, string key, string wanted) => problems.Add($"{map}: {key} is not {wanted}, so it does not count");
}
