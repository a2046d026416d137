using System.Globalization;
using Bowline.Cluster.Requests;
using Bowline.Resources.Model;

namespace Bowline.Applications.Sharding;

/// <summary>
/// This replica's Lease, and the others'. A Lease counts as alive as long as it was seen to change within its duration, by this
/// machine's own clock and as client-go's leader election does: clocks of different machines are never compared.
/// </summary>
/// <param name="identity">Of this process and no other: host name or pod, and something that no second process has.</param>
public sealed class ReplicaLeases(ICluster hub, string @namespace, string identity, ReplicaSettings settings, TimeProvider time)
{
    private const string Label = "bowline.dev/replica";
    private const int ForgottenAfter = 20;
    private static readonly KindInfo Leases = new(new ResourceKind("coordination.k8s.io", "v1", "Lease"), "leases", Namespaced: true);
    private static readonly WriteOptions Write = new() { FieldManager = "bowline-controller", Force = true };
    private Dictionary<string, Sighting> sightings = new(StringComparer.Ordinal);
    private readonly string started = Now(time);
    private volatile Shares shares = Shares.None;
    private Shares told = Shares.None;
    private long renewed;
    private bool wasHeld;
    private bool wasHandedOver;
    private readonly Announcements announcements = new(time);

    public string Identity => identity;

    /// <summary>Raised when the answer of <see cref="Owns"/> may have changed for any application.</summary>
    public event Action? Changed;

    /// <summary>Raised with the addresses of repositories that another replica was told have moved.</summary>
    public event Action<IReadOnlyList<string>>? Announced;

    /// <summary>The replicas that live, this one included, sorted.</summary>
    public IReadOnlyList<string> Replicas => shares.Replicas;

    /// <summary>Why the last renewal failed; empty when it did not.</summary>
    public string Trouble { get; private set; } = string.Empty;

    /// <summary>Whether the others still count on this replica. When it ends, nothing may be written any more, at once.</summary>
    public bool IsHeld => Remaining > TimeSpan.Zero;

    /// <summary>How much longer the others count on this replica at least; zero when they need not any more.</summary>
    public TimeSpan Remaining => Volatile.Read(ref renewed) is > 0 and var since && settings.LeaseDuration * 2 / 3 - time.GetElapsedTime(since) is var left && left > TimeSpan.Zero ? left : TimeSpan.Zero;

    /// <summary>Whether this replica delivers the application now.</summary>
    public bool Owns(string application)
    {
        Shares now = shares;
        return IsHeld && now.Owns(identity, application, IsHandedOver(now));
    }

    /// <summary>Tells the other replicas, with this one's Lease, that repositories have moved: a webhook comes to one of them only.</summary>
    public void Announce(IReadOnlyList<string> repositories) => announcements.Add(repositories);

    /// <summary>Renews and observes until cancelled; then gives the Lease back, so that the others need not wait.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                await TurnAsync(cancellationToken).ConfigureAwait(false);
                await announcements.WaitAsync(settings.RenewEvery, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            Volatile.Write(ref renewed, 0);
            Changed?.Invoke();
            await GiveBackAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Replicas that are seen to renew, by somebody who is none of them; takes as long as a renewal may when there are Leases at all.</summary>
    public static async Task<IReadOnlyList<string>> FindLivingAsync(ICluster hub, string @namespace, ReplicaSettings settings, TimeProvider time, CancellationToken cancellationToken)
    {
        ListOptions replicas = new() { LabelSelector = $"{Label}=true" };
        HashSet<(string, string)> before = [.. (await hub.ListAsync(Leases, @namespace, replicas, cancellationToken).ConfigureAwait(false)).Items.Select(NameAndVersion)];
        if (before.Count == 0)
        {
            return [];
        }

        await Task.Delay(settings.RenewEvery * 1.5, time, cancellationToken).ConfigureAwait(false);
        ObjectList after = await hub.ListAsync(Leases, @namespace, replicas, cancellationToken).ConfigureAwait(false);
        return [.. after.Items.Where(lease => !before.Contains(NameAndVersion(lease))).Select(lease => lease.At("spec", "holderIdentity")?.AsString() ?? NameAndVersion(lease).Name)];
    }

    private static (string Name, string Version) NameAndVersion(MapNode lease) =>
        (lease.At("metadata", "name")?.AsString() ?? string.Empty, lease.At("metadata", "resourceVersion")?.AsString() ?? string.Empty);

    private async Task TurnAsync(CancellationToken cancellationToken)
    {
        using CancellationTokenSource patience = new(settings.RenewEvery, time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            // The lease runs from before the request: when it arrived only the server knows.
            long before = time.GetTimestamp();
            await hub.ApplyAsync(KeyOf(identity), Body(), Write, either.Token).ConfigureAwait(false);
            Volatile.Write(ref renewed, before);
            await ObserveAsync(either.Token).ConfigureAwait(false);
            foreach (IReadOnlyList<string> repositories in announcements.TakeHeard())
            {
                Announced?.Invoke(repositories);
            }

            Trouble = string.Empty;
        }
        catch (ClusterException failed)
        {
            Trouble = failed.Message;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            Trouble = $"{hub.Name} did not answer within {settings.RenewEvery.TotalSeconds:0.#} s";
        }

        Tell();
    }

    private async Task ObserveAsync(CancellationToken cancellationToken)
    {
        ObjectList listed = await hub.ListAsync(Leases, @namespace, new ListOptions { LabelSelector = $"{Label}=true" }, cancellationToken).ConfigureAwait(false);
        long now = time.GetTimestamp();
        announcements.Hear(listed.Items.Where(lease => NameAndVersion(lease).Name != NameOf(identity)));
        sightings = listed.Items.Select(lease => Sighted(lease, now)).ToDictionary(sighting => sighting.Name, StringComparer.Ordinal);
        Shares present = shares;
        string[] living = [.. sightings.Values.Where(sighting => sighting.Holder == identity || IsAlive(sighting)).Select(sighting => sighting.Holder).Distinct().Order(StringComparer.Ordinal)];
        shares = present.Next(living, IsHandedOver(present), now);
        foreach (Sighting forgotten in sightings.Values.Where(sighting => time.GetElapsedTime(sighting.At) > sighting.Duration * ForgottenAfter))
        {
            await hub.DeleteAsync(new ObjectKey(Leases, @namespace, forgotten.Name), new DeleteOptions { PreconditionUid = forgotten.Uid }, cancellationToken).ConfigureAwait(false);
        }
    }

    private Sighting Sighted(MapNode lease, long now)
    {
        (string name, string version) = NameAndVersion(lease);
        Sighting? before = sightings.GetValueOrDefault(name);
        return new Sighting(name, lease.At("metadata", "uid")?.AsString() ?? string.Empty, lease.At("spec", "holderIdentity")?.AsString() ?? name, version)
        {
            At = before?.Version == version ? before.At : now,
            Duration = TimeSpan.FromSeconds(Math.Clamp(lease.At("spec", "leaseDurationSeconds")?.AsInteger() ?? 0, 1, 60)),
        };
    }

    private bool IsAlive(Sighting sighting) => time.GetElapsedTime(sighting.At) < sighting.Duration;

    private bool IsHandedOver(Shares of) => time.GetElapsedTime(of.Since) >= settings.HandOver;

    private void Tell()
    {
        Shares now = shares;
        bool held = IsHeld;
        bool handedOver = IsHandedOver(now);
        if (held != wasHeld || handedOver != wasHandedOver || !ReferenceEquals(now, told))
        {
            (wasHeld, wasHandedOver, told) = (held, handedOver, now);
            Changed?.Invoke();
        }
    }

    private async Task GiveBackAsync()
    {
        using CancellationTokenSource patience = new(settings.RenewEvery, time);
        try
        {
            await hub.DeleteAsync(KeyOf(identity), DeleteOptions.Background, patience.Token).ConfigureAwait(false);
        }
        catch (Exception unreachable) when (unreachable is ClusterException or OperationCanceledException)
        {
            // It runs out by itself.
            Trouble = unreachable.Message;
        }
    }

    private MapNode Body() => new()
    {
        ["apiVersion"] = "coordination.k8s.io/v1",
        ["kind"] = "Lease",
        ["metadata"] = new MapNode
        {
            ["name"] = NameOf(identity),
            ["namespace"] = @namespace,
            ["labels"] = new MapNode { [Label] = "true", ["app.kubernetes.io/managed-by"] = "bowline" },
            ["annotations"] = announcements.Annotations(),
        },
        ["spec"] = new MapNode
        {
            ["holderIdentity"] = identity,
            ["leaseDurationSeconds"] = (long)Math.Ceiling(settings.LeaseDuration.TotalSeconds),
            ["acquireTime"] = started,
            ["renewTime"] = Now(time),
        },
    };

    private ObjectKey KeyOf(string holder) => new(Leases, @namespace, NameOf(holder));

    private static string NameOf(string holder) => $"bowline-controller-{holder}";

    private static string Now(TimeProvider time) => time.GetUtcNow().UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.ffffffZ", CultureInfo.InvariantCulture);

    /// <param name="Version">resourceVersion when it was last seen to change.</param>
    private sealed record Sighting(string Name, string Uid, string Holder, string Version)
    {
        /// <summary>Timestamp of when it was first seen at this version.</summary>
        public long At { get; init; }

        public TimeSpan Duration { get; init; }
    }
}
