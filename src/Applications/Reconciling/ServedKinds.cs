using System.Collections.Concurrent;
using Bowline.Cluster.Requests;
using Bowline.Delivery.Diffing;
using Bowline.Resources.Model;
using Bowline.Resources.Schemas;

namespace Bowline.Applications.Reconciling;

/// <summary>
/// What one cluster serves, what the delivery itself is about to add by its CRDs, and, where that is allowed, what is assumed:
/// for a kind that the repository expects to be installed (cert-manager's, say) a permissive CRD is made. Nothing acts upon such objects.
/// </summary>
public sealed class ServedKinds(ICluster cluster, bool assume, TimeProvider time)
{
    private const string Assumed = "bowline.dev/assumed";
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(5);
    private static readonly KindInfo Definitions = new(new ResourceKind("apiextensions.k8s.io", "v1", "CustomResourceDefinition"), "customresourcedefinitions", Namespaced: false);
    private readonly ConcurrentDictionary<(string Group, string Kind), Task> assumed = [];
    private Task? recalled;

    /// <summary>Kinds that exist by assumption only.</summary>
    public IEnumerable<(string Group, string Kind)> AssumedKinds => assumed.Keys;

    /// <summary>Whether what somebody else assumed in this cluster is told apart: by whoever only looks at the clusters of a running <c>up</c>.</summary>
    public bool RecallsAssumed { get; set; }

    public bool IsAssumed(ResourceId id) => assumed.ContainsKey((id.Group, id.Kind));

    /// <summary>Resolves every kind of these resources; null for one that the cluster does not and will not serve.</summary>
    /// <param name="wanted">The kinds of <paramref name="resources"/>, each once.</param>
    public async Task<IReadOnlyDictionary<ResourceKind, KindInfo?>> ResolveAsync(IReadOnlyList<ResourceKind> wanted, IReadOnlyList<Resource> resources, CancellationToken cancellationToken)
    {
        recalled = recalled is null or { IsFaulted: true } ? RecallAsync(CancellationToken.None) : recalled;
        await recalled.WaitAsync(cancellationToken).ConfigureAwait(false);
        Dictionary<ResourceKind, KindInfo?> kinds = [];
        Dictionary<ResourceKind, KindInfo> arriving = !wanted.Any(kind => kind is { Group: "apiextensions.k8s.io", Kind: "CustomResourceDefinition" }) ? []
            : resources.Where(IsDefinition).SelectMany(KindsOf).GroupBy(kind => kind.Kind).ToDictionary(group => group.Key, group => group.First());
        foreach (ResourceKind kind in wanted)
        {
            KindInfo? served = await cluster.FindKindAsync(kind, cancellationToken).ConfigureAwait(false);
            served ??= arriving.GetValueOrDefault(kind);
            if (served is null && assume && kind.Group.Contains('.', StringComparison.Ordinal))
            {
                await AssumeOnceAsync(kind, cancellationToken).ConfigureAwait(false);
                served = await cluster.FindKindAsync(kind, cancellationToken).ConfigureAwait(false);
            }

            kinds[kind] = served;
        }

        return kinds;
    }

    /// <summary>Scope of a kind that no cluster was asked about: from the built-in table, the delivery's own CRDs, then well-known ones.</summary>
    public static bool IsNamespaced(ResourceKind kind) =>
        (KubernetesKinds.Find(kind.Group, kind.Kind) ?? WellKnownCustomKinds.DefinitionOf(kind)).Namespaced;

    /// <summary>Shared by all applications that need the kind, so one that is cancelled must not cancel it for the others.</summary>
    private async Task AssumeOnceAsync(ResourceKind kind, CancellationToken cancellationToken)
    {
        Task assuming = assumed.GetOrAdd((kind.Group, kind.Kind), _ => AssumeAsync(kind, CancellationToken.None));
        try
        {
            await assuming.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (ClusterException)
        {
            assumed.TryRemove(KeyValuePair.Create((kind.Group, kind.Kind), assuming));
            throw;
        }
    }

    /// <summary>What an earlier run, or the one that is looked at, assumed in this cluster is still only assumed.</summary>
    private async Task RecallAsync(CancellationToken cancellationToken)
    {
        if (!assume && !RecallsAssumed)
        {
            return;
        }

        ObjectList made = await cluster.ListAsync(Definitions, string.Empty, new ListOptions { LabelSelector = $"{Assumed}=true" }, cancellationToken).ConfigureAwait(false);
        foreach (MapNode definition in made.Items)
        {
            Node? spec = definition["spec"];
            assumed[(spec?["group"]?.AsString() ?? string.Empty, spec?.At("names", "kind")?.AsString() ?? string.Empty)] = Task.CompletedTask;
        }
    }

    private async Task AssumeAsync(ResourceKind kind, CancellationToken cancellationToken)
    {
        KindDefinition known = WellKnownCustomKinds.DefinitionOf(kind);
        string name = $"{known.Plural}.{kind.Group}";
        MapNode version = new()
        {
            ["name"] = kind.Version,
            ["served"] = true,
            ["storage"] = true,
            ["schema"] = new MapNode { ["openAPIV3Schema"] = new MapNode { ["type"] = "object", ["x-kubernetes-preserve-unknown-fields"] = true } },
        };
        MapNode body = new()
        {
            ["apiVersion"] = "apiextensions.k8s.io/v1",
            ["kind"] = "CustomResourceDefinition",
            ["metadata"] = new MapNode
            {
                ["name"] = name,
                ["labels"] = new MapNode { [Assumed] = "true" },

                // Without a word on it an API server refuses definitions in the groups of Kubernetes itself.
                ["annotations"] = new MapNode { ["api-approved.kubernetes.io"] = "unapproved, assumed by bowline" },
            },
            ["spec"] = new MapNode
            {
                ["group"] = kind.Group,
                ["names"] = new MapNode { ["kind"] = kind.Kind, ["plural"] = known.Plural, ["singular"] = known.Singular, ["listKind"] = kind.Kind + "List" },
                ["scope"] = known.Namespaced ? "Namespaced" : "Cluster",
                ["versions"] = new ListNode([version]),
            },
        };
        WriteOptions options = new() { FieldManager = Differ.FieldManager, Force = true };
        await cluster.ApplyAsync(new ObjectKey(Definitions, string.Empty, name), body, options, cancellationToken).ConfigureAwait(false);
        for (TimeSpan waited = TimeSpan.Zero; waited < LongestWait; waited += Pause)
        {
            cluster.ForgetDiscovery();
            if (await cluster.FindKindAsync(kind, cancellationToken).ConfigureAwait(false) is not null)
            {
                return;
            }

            await Task.Delay(Pause, time, cancellationToken).ConfigureAwait(false);
        }
    }

    private static bool IsDefinition(Resource resource) => resource.Kind is { Group: "apiextensions.k8s.io", Kind: "CustomResourceDefinition" };

    private static IEnumerable<KindInfo> KindsOf(Resource definition)
    {
        Node? spec = definition.Node["spec"];
        Node? names = spec?["names"];
        foreach (Node version in spec?["versions"] as ListNode ?? [])
        {
            ResourceKind kind = new(spec?["group"]?.AsString() ?? string.Empty, version["name"]?.AsString() ?? string.Empty, names?["kind"]?.AsString() ?? string.Empty);
            yield return new KindInfo(kind, names?["plural"]?.AsString() ?? string.Empty, spec?["scope"]?.AsString() == "Namespaced")
            {
                Subresources = version.At("subresources", "status") is null ? [] : ["status"],
            };
        }
    }
}
