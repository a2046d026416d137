using System.Net;
using Bowline.Applications.Placing;
using Bowline.Applications.Sharding;
using Bowline.Applications.Sourcing;
using Bowline.Cluster.Http;

namespace Bowline.Server.Composition.Up;

/// <summary>What <c>bowline up</c> and <c>bowline diff</c> were asked to do.</summary>
public sealed record UpOptions(string Path)
{
    /// <summary>Keep the embedded clusters here across runs; empty holds them in memory.</summary>
    public string StateDirectory { get; init; } = string.Empty;

    /// <summary>Where to write the embedded clusters' kubeconfig; empty chooses a place below <c>~/.bowline</c>.</summary>
    public string KubeconfigFile { get; init; } = string.Empty;

    /// <summary>Deliver to a real cluster through this kubeconfig instead of to embedded ones; empty for embedded.</summary>
    public string TargetKubeconfig { get; init; } = string.Empty;

    /// <summary>Deliver to this context of <see cref="TargetKubeconfig"/>, or of kubectl's own files.</summary>
    public string TargetContext { get; init; } = string.Empty;

    /// <summary>Programs that the kubeconfig may run to log in, by name.</summary>
    public IReadOnlySet<string> AllowedExecPlugins { get; init; } = new HashSet<string>();

    /// <summary>Hosts that generators and notifications may ask although they are this machine, or what only it can reach.</summary>
    public IReadOnlySet<string> AllowedHosts { get; init; } = new HashSet<string>();

    public IReadOnlyList<RepositoryMapping> RepositoryMappings { get; init; } = [];

    public IReadOnlyList<PlacementRule> PlacementRules { get; init; } = [];

    /// <summary>Kustomizations may name single files by http(s) URL.</summary>
    public bool AllowRemoteFiles { get; init; }

    public bool OneCluster { get; init; }

    /// <summary>Branch, tag, version range or commit of a repository on a server; empty for its default branch.</summary>
    public string Revision { get; init; } = string.Empty;

    /// <summary>How often other repositories are looked at; null for what argocd-cm says, else every two to three minutes.</summary>
    public SourcePollerOptions? Polling { get; init; }

    /// <summary>While staying: how long a Git server may take to answer before the applications that do not need it go on.</summary>
    public TimeSpan SourcePatience { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Requests per second to each cluster; 0 for as many as it takes.</summary>
    public double RequestsPerSecond { get; init; }

    /// <summary>Requests that may come at once before <see cref="RequestsPerSecond"/> holds them back.</summary>
    public int Burst { get; init; } = HttpClusterOptions.Default.Burst;

    /// <summary>Where webhooks are listened for while staying; null for nowhere.</summary>
    public IPEndPoint? WebhookAddress { get; init; }

    /// <summary>Where the hub holds Argo CD's objects; empty for the one that the repository's manifests name, or <see cref="UsualArgoCdNamespace"/>.</summary>
    public string ArgoCdNamespace { get; init; } = string.Empty;

    /// <summary>Other namespaces whose Applications are delivered: names, globs, and regular expressions between slashes.</summary>
    public IReadOnlyList<string> ApplicationNamespaces { get; init; } = [];

    /// <summary>Where Applications may lie.</summary>
    internal Applications.Model.ApplicationNamespaces Namespaces => ApplicationNamespaces.Count > 0 ? new(SettingsNamespace, ApplicationNamespaces) : Applications.Model.ApplicationNamespaces.Any;

    /// <summary>Where Argo CD is installed unless somebody says otherwise.</summary>
    public const string UsualArgoCdNamespace = "argocd";

    /// <summary>Where Argo CD's settings lie in a cluster.</summary>
    public string SettingsNamespace => ArgoCdNamespace.Length > 0 ? ArgoCdNamespace : UsualArgoCdNamespace;

    /// <summary>Assume nothing: missing CRDs and Secrets are errors, as on a real cluster.</summary>
    public bool Strict { get; init; }

    /// <summary>The nodes of the embedded clusters.</summary>
    public SimulationOptions Simulation { get; init; } = new();

    /// <summary>For a path without application manifests.</summary>
    public string Namespace { get; init; } = "default";

    /// <summary>Follow the repository after the first delivery.</summary>
    public bool Stay { get; init; }

    /// <summary>How long <c>--once</c> waits for health.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Whether a project's signature keys bind the repository itself, too: a working tree on a laptop is signed by nobody.</summary>
    internal bool ChecksSignatures => TargetsRealCluster || Strict;

    /// <summary>Whether a project that nobody declares is taken to allow everything.</summary>
    internal bool AssumesProjects => !TargetsRealCluster && !Strict;

    /// <summary>Set where there is no repository, and several processes share what the hub holds; null for <c>up</c>.</summary>
    internal ReplicaLeases? Replica { get; init; }

    public bool TargetsRealCluster => TargetKubeconfig.Length > 0 || TargetContext.Length > 0 || Replica is not null;
}
