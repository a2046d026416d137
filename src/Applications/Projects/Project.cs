using Bowline.Applications.ArgoCd;
using Bowline.Applications.Model;
using Bowline.Resources.Model;
using Bowline.Sources.Git;

namespace Bowline.Applications.Projects;

/// <summary>What an AppProject allows its applications, by Argo CD's rules (docs/user-guide/projects, AppProjectSpec).</summary>
public sealed class Project
{
    private readonly Node? spec;
    private readonly IReadOnlyList<KindRule> clusterAllowed;
    private readonly IReadOnlyList<KindRule> clusterDenied;
    private readonly IReadOnlyList<KindRule>? namespacedAllowed;
    private readonly IReadOnlyList<KindRule> namespacedDenied;
    private readonly IReadOnlyList<DestinationRule> destinations;

    private readonly ClusterSecrets clusters;

    private Project(string name, Node? spec, ClusterSecrets clusters)
    {
        this.clusters = clusters;
        Name = name;
        this.spec = spec;
        clusterAllowed = KindRule.Read(spec?["clusterResourceWhitelist"]);
        clusterDenied = KindRule.Read(spec?["clusterResourceBlacklist"]);
        namespacedAllowed = spec?["namespaceResourceWhitelist"] is ListNode list ? KindRule.Read(list) : null;
        namespacedDenied = KindRule.Read(spec?["namespaceResourceBlacklist"]);
        destinations = DestinationRule.Read(spec?["destinations"]);
        Windows = SyncWindow.Read(name, spec?["syncWindows"]);
    }

    /// <param name="everywhere">Whether applications of other namespaces may use it.</param>
    /// <summary>A project that allows everything: <c>default</c> where nobody made it, and what embedded clusters assume of those that are missing.</summary>
    public static Project Permissive(string name, ClusterSecrets clusters, bool everywhere, ImpersonationMode impersonation) => new(name, new MapNode
    {
        ["sourceRepos"] = new ListNode(["*"]),
        ["sourceNamespaces"] = new ListNode(everywhere ? ["*"] : []),
        ["destinations"] = new ListNode([new MapNode { ["server"] = "*", ["namespace"] = "*" }]),
        ["clusterResourceWhitelist"] = new ListNode([new MapNode { ["group"] = "*", ["kind"] = "*" }]),
    }, clusters)
    {
        Impersonation = impersonation,
    };

    public string Name { get; }

    public IReadOnlyList<SyncWindow> Windows { get; }

    /// <summary>The windows that are about an application.</summary>
    public IReadOnlyList<SyncWindow> WindowsOf(ApplicationSpec application) =>
        [.. Windows.Where(window => window.Concerns(application with { Destination = clusters.Describe(application.Destination) }))];

    public ImpersonationMode Impersonation { get; private init; }

    /// <summary>Null where nobody looks for objects that belong to no application.</summary>
    public OrphanRules? Orphans { get; private init; }

    /// <param name="clusters">By which the names and the servers of destinations are known to mean the same.</param>
    public static Project Read(MapNode project, ClusterSecrets clusters, ImpersonationMode impersonation = ImpersonationMode.Off) => new(project.At("metadata", "name")?.AsString() ?? string.Empty, project["spec"], clusters)
    {
        Impersonation = impersonation,
        Orphans = OrphanRules.Read(project.At("spec", "orphanedResources")),
    };

    /// <summary>Why an application may not be as it is declared: its sources, its destination; empty when it may.</summary>
    public string Refuses(ApplicationSpec application)
    {
        foreach (ApplicationSource source in application.Sources)
        {
            if (!AllowsSource(source.RepoUrl))
            {
                return $"application repo {RepositoryUrl.Redact(source.RepoUrl)} is not permitted in project '{Name}'";
            }
        }

        Destination destination = application.Destination;
        if (application.IsElsewhere && !PermitsNamespace(application.Namespace))
        {
            return $"application '{application.Title}' in namespace '{application.Namespace}' is not permitted to use project '{Name}' (sourceNamespaces)";
        }

        if (spec?["permitOnlyProjectScopedClusters"]?.AsBool() == true && !clusters.IsOf(Name, destination))
        {
            return $"project '{Name}' permits only clusters of its own (permitOnlyProjectScopedClusters), and no cluster Secret of the project describes destination {Describe(destination)}";
        }

        return AllowsNamespace(destination, destination.Namespace) ? string.Empty
            : $"application destination {Describe(destination)} is not permitted in project '{Name}'";
    }

    /// <summary>Whether Applications of another namespace than the controller's may be of the project (<c>sourceNamespaces</c>).</summary>
    public bool PermitsNamespace(string @namespace) => ArgoCdDialect.Texts(spec?["sourceNamespaces"]).Any(pattern => ApplicationNamespaces.Matches(pattern, @namespace));

    /// <summary>In whose name an application's objects are written and deleted.</summary>
    public ActingUser ActsAs(ApplicationSpec application) => ActingUser.Of(spec?["destinationServiceAccounts"], application, clusters.Describe(application.Destination).Server, Impersonation);

    /// <summary>Why an object may not be delivered for an application; empty when it may.</summary>
    /// <param name="namespaced">Whether its kind lives in namespaces.</param>
    public string Refuses(Destination destination, ResourceId id, bool namespaced)
    {
        bool allowed = namespaced
            ? namespacedAllowed?.Any(rule => rule.Matches(id)) != false && !namespacedDenied.Any(rule => rule.Matches(id))
            : clusterAllowed.Any(rule => rule.Matches(id)) && !clusterDenied.Any(rule => rule.Matches(id));
        return !allowed ? $"resource {(id.Group.Length > 0 ? $"{id.Group}:" : string.Empty)}{id.Kind} is not permitted in project '{Name}'"
            : namespaced && !AllowsNamespace(destination, id.Namespace) ? $"namespace {id.Namespace} is not permitted in project '{Name}'"
            : string.Empty;
    }

    private bool AllowsSource(string url)
    {
        string normal = RepositoryUrl.Normalise(url);
        bool allowed = false;
        foreach (string pattern in ArgoCdDialect.Texts(spec?["sourceRepos"]))
        {
            if (pattern.StartsWith('!'))
            {
                if (Pattern.Matches(RepositoryUrl.Normalise(pattern[1..]), normal, segments: true))
                {
                    return false;
                }
            }
            else
            {
                allowed |= pattern == "*" || Pattern.Matches(RepositoryUrl.Normalise(pattern), normal, segments: true);
            }
        }

        return allowed;
    }

    private bool AllowsNamespace(Destination destination, string @namespace)
    {
        Destination described = clusters.Describe(destination);
        bool allowed = false;
        foreach (DestinationRule rule in destinations)
        {
            switch (rule.Judge(described.Server, described.Name, @namespace))
            {
                case true:
                    allowed = true;
                    break;
                case false:
                    return false;
            }
        }

        return allowed;
    }

    private static string Describe(Destination destination) =>
        $"server '{(destination.Server.Length > 0 ? destination.Server : destination.Name)}' and namespace '{destination.Namespace}'";
}
