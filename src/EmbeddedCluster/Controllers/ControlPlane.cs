using System.Collections.Concurrent;
using Bowline.Cluster.Requests;
using Bowline.Resources.Model;
using Microsoft.Extensions.Logging;

namespace Bowline.EmbeddedCluster.Controllers;

/// <summary>What all controllers of one cluster share: the mirrors, the clock, writers and the event recorder.</summary>
internal sealed class ControlPlane
{
    private readonly ConcurrentDictionary<(string Group, string Kind), KindMirror> mirrors = new();
    private readonly CancellationToken stopping;

    public ControlPlane(ICluster cluster, TimeProvider time, ILogger logger, CancellationToken stopping)
    {
        Cluster = cluster;
        Time = time;
        Logger = logger;
        this.stopping = stopping;
        Writer = new ClusterWriter(cluster, "kube-controller-manager");
        Events = new EventRecorder(cluster, time);
    }

    /// <summary>A kind came to be served after the start (a CRD).</summary>
    public event Action<KindMirror>? KindAdded;

    public ICluster Cluster { get; }

    public TimeProvider Time { get; }

    public ILogger Logger { get; }

    public ClusterWriter Writer { get; }

    public EventRecorder Events { get; }

    public IEnumerable<KindMirror> Mirrors => mirrors.Values;

    public DateTimeOffset Now => Time.GetUtcNow();

    /// <summary>The mirror of a kind that every cluster serves.</summary>
    public KindMirror Mirror(string group, string kind) =>
        Find(group, kind) ?? throw new InvalidOperationException($"The cluster serves no {kind}{(group.Length == 0 ? string.Empty : "." + group)}");

    public KindMirror? Find(string group, string kind) => mirrors.GetValueOrDefault((group, kind));

    /// <summary>Makes mirrors for kinds that have none yet; they stay empty until <see cref="FollowAllAsync"/>.</summary>
    public async Task<IReadOnlyList<KindMirror>> DiscoverAsync(CancellationToken cancellationToken)
    {
        KindCatalogue catalogue = await Cluster.DiscoverAsync(cancellationToken).ConfigureAwait(false);
        List<KindMirror> added = [];
        foreach (KindInfo kind in catalogue.Kinds)
        {
            (string Group, string Kind) key = (kind.Kind.Group, kind.Kind.Kind);
            if (!IsWorthFollowing(kind) || mirrors.ContainsKey(key))
            {
                continue;
            }

            KindMirror mirror = new(kind);
            if (key is ("", "Pod"))
            {
                mirror.IndexBy(static pod => pod.Spec().Text("nodeName"));
            }

            mirrors[key] = mirror;
            added.Add(mirror);
        }

        return added;
    }

    /// <summary>Begins to follow kinds that came to be served.</summary>
    public async Task RediscoverAsync(CancellationToken cancellationToken)
    {
        Cluster.ForgetDiscovery();
        foreach (KindMirror mirror in await DiscoverAsync(cancellationToken).ConfigureAwait(false))
        {
            KindAdded?.Invoke(mirror);
            Follow(mirror);
            await mirror.Synced.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    public async Task FollowAllAsync(CancellationToken cancellationToken)
    {
        foreach (KindMirror mirror in mirrors.Values)
        {
            Follow(mirror);
        }

        foreach (KindMirror mirror in mirrors.Values)
        {
            await mirror.Synced.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private void Follow(KindMirror mirror) => _ = Task.Run(
        async () =>
        {
            await mirror.FollowAsync(Cluster, Time, stopping).ConfigureAwait(false);
            mirrors.TryRemove((mirror.Kind.Kind.Group, mirror.Kind.Kind.Kind), out _);
        },
        CancellationToken.None);

    // Events are many and nobody here acts on them; the other group serves the same objects again.
    private static bool IsWorthFollowing(KindInfo kind) =>
        kind.Verbs.Contains("list") && kind.Verbs.Contains("watch") && kind.Kind.Kind != "Event";
}
