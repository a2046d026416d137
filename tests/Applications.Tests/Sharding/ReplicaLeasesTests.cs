using System.Diagnostics;
using System.Reflection;
using Bowline.Applications.Sharding;
using Bowline.Cluster.Requests;
using Bowline.Resources.Model;

namespace Bowline.Applications.Tests.Sharding;

public sealed class ReplicaLeasesTests
{
    private const string Home = "argocd";
    private static readonly ReplicaSettings Quick = new() { LeaseDuration = TimeSpan.FromSeconds(2), RenewEvery = TimeSpan.FromMilliseconds(200), HandOver = TimeSpan.FromMilliseconds(800) };
    private static readonly string[] Names = [.. Enumerable.Range(0, 300).Select(number => $"application-{number}")];

    [Fact]
    public async Task Replicas_that_come_die_and_leave_never_own_the_same_application_at_once_and_leave_none_behind()
    {
        await using TestCluster server = await StartAsync();
        await using Replica first = Replica.Start(server, "first");
        await UntilAsync("alone", () => Names.All(first.Leases.Owns), TimeSpan.FromSeconds(10), [first]);

        await using Replica second = Replica.Start(server, "second");
        await using Replica third = Replica.Start(server, "third");
        await UntilAsync("three", () => Names.All(name => IsOwned(name, [first, second, third])) && third.Count > 0 && second.Count > 0, TimeSpan.FromSeconds(10), [first, second, third]);

        second.Kill();
        await UntilAsync("death", () => !second.Leases.IsHeld && Names.All(name => IsOwned(name, [first, third])), TimeSpan.FromSeconds(10), [first, second, third]);

        long leaving = Stopwatch.GetTimestamp();
        await third.DisposeAsync();
        await UntilAsync("leave", () => Names.All(first.Leases.Owns), TimeSpan.FromSeconds(10), [first, third]);
        Assert.True(Stopwatch.GetElapsedTime(leaving) < Quick.LeaseDuration, "who leaves in order gives his Lease back, so nobody waits for it to run out");
    }

    [Fact]
    public async Task A_replica_whose_server_is_gone_owns_nothing_before_its_lease_ends_for_the_others()
    {
        await using TestCluster server = await StartAsync();
        await using Replica only = Replica.Start(server, "only");
        await UntilAsync("alone", () => only.Leases.Owns("a"), TimeSpan.FromSeconds(10), [only]);

        only.Cut = true;
        long cut = Stopwatch.GetTimestamp();
        await UntilAsync("cut", () => !only.Leases.Owns("a"), TimeSpan.FromSeconds(10), [only]);
        TimeSpan stopped = Stopwatch.GetElapsedTime(cut);
        await UntilAsync("said", () => only.Leases.Trouble.Contains("cut off", StringComparison.Ordinal), TimeSpan.FromSeconds(10), [only]);

        Assert.True(stopped < Quick.LeaseDuration, $"stopped after {stopped}");
        only.Cut = false;
        await UntilAsync("back", () => only.Leases.Owns("a"), TimeSpan.FromSeconds(10), [only]);
    }

    [Fact]
    public async Task The_clock_of_another_machine_does_not_matter()
    {
        await using TestCluster server = await StartAsync();
        await using Replica early = Replica.Start(server, "early", new ShiftedClock(TimeSpan.FromDays(-400)));
        await using Replica late = Replica.Start(server, "late", new ShiftedClock(TimeSpan.FromDays(400)));

        await UntilAsync("both", () => Names.All(name => IsOwned(name, [early, late])) && early.Count > 0 && late.Count > 0, TimeSpan.FromSeconds(10), [early, late]);
        Assert.Equal(["early", "late"], early.Leases.Replicas);
    }

    [Fact]
    public async Task A_lease_that_nobody_renews_is_no_replica_and_goes_after_a_while()
    {
        await using TestCluster server = await StartAsync();
        KindInfo leases = (await server.Cluster.FindKindAsync(new ResourceKind("coordination.k8s.io", "v1", "Lease"), default))!;
        MapNode stale = new()
        {
            ["apiVersion"] = "coordination.k8s.io/v1",
            ["kind"] = "Lease",
            ["metadata"] = new MapNode { ["name"] = "bowline-controller-gone", ["labels"] = new MapNode { ["bowline.dev/replica"] = "true" } },
            ["spec"] = new MapNode { ["holderIdentity"] = "gone", ["leaseDurationSeconds"] = 1L, ["renewTime"] = "2999-01-01T00:00:00.000000Z" },
        };
        await server.Cluster.CreateAsync(leases, Home, stale, new WriteOptions(), default);
        await using Replica only = Replica.Start(server, "only");

        await UntilAsync("alone", () => only.Leases.Replicas is ["only"] && Names.All(only.Leases.Owns), TimeSpan.FromSeconds(10), [only]);
        await UntilAsync("gone", () => server.Cluster.GetAsync(new ObjectKey(leases, Home, "bowline-controller-gone"), default).GetAwaiter().GetResult() is null, TimeSpan.FromSeconds(40), [only]);
    }

    private static bool IsOwned(string name, Replica[] replicas) => replicas.Any(replica => replica.Leases.Owns(name));

    private static async Task<TestCluster> StartAsync()
    {
        TestCluster server = await TestCluster.StartAsync();
        KindInfo namespaces = (await server.Cluster.FindKindAsync(new ResourceKind(string.Empty, "v1", "Namespace"), default))!;
        await server.Cluster.CreateAsync(namespaces, string.Empty, new MapNode { ["apiVersion"] = "v1", ["kind"] = "Namespace", ["metadata"] = new MapNode { ["name"] = Home } }, new WriteOptions(), default);
        return server;
    }

    /// <summary>Waits, and sees at every look that no application has two owners.</summary>
    private static async Task UntilAsync(string what, Func<bool> isSo, TimeSpan patience, Replica[] replicas)
    {
        long began = Stopwatch.GetTimestamp();
        while (!isSo())
        {
            foreach (string name in Names)
            {
                string[] owners = [.. replicas.Where(replica => replica.Leases.Owns(name)).Select(replica => replica.Leases.Identity)];
                Assert.True(owners.Length < 2, $"{name} is owned by {string.Join(" and ", owners)}");
            }

            Assert.True(Stopwatch.GetElapsedTime(began) < patience, $"{what}: not so after {patience}; {string.Join("; ", replicas.Select(replica => $"{replica.Leases.Identity} owns {replica.Count} of {string.Join(",", replica.Leases.Replicas)} {replica.Leases.Trouble}"))}");
            await Task.Delay(20);
        }
    }

    private sealed class ShiftedClock(TimeSpan by) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + by;
    }

    private sealed class Replica : IAsyncDisposable
    {
        private readonly CancellationTokenSource stop = new();
        private Task running = Task.CompletedTask;

        private Replica(ICluster cluster, string identity, TimeProvider time) => Leases = new ReplicaLeases(Cable.Between(cluster, this), Home, identity, Quick, time);

        public ReplicaLeases Leases { get; }

        public bool Cut { get; set; }

        public int Count => Names.Count(Leases.Owns);

        public static Replica Start(TestCluster server, string identity, TimeProvider? time = null)
        {
            Replica replica = new(server.Cluster, identity, time ?? TimeProvider.System);
            replica.running = replica.Leases.RunAsync(replica.stop.Token);
            return replica;
        }

        /// <summary>As kill -9: nothing is said to anybody any more.</summary>
        public void Kill() => Cut = true;

        public async ValueTask DisposeAsync()
        {
            if (!stop.IsCancellationRequested)
            {
                await stop.CancelAsync();
                await running;
            }
        }
    }

    /// <summary>The way to the API server, which a test can cut.</summary>
    internal class Cable : DispatchProxy
    {
        private ICluster target = null!;
        private Replica end = null!;

        internal static ICluster Between(ICluster target, object end)
        {
            ICluster proxy = Create<ICluster, Cable>();
            ((Cable)(object)proxy).target = target;
            ((Cable)(object)proxy).end = (Replica)end;
            return proxy;
        }

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) =>
            end.Cut ? throw new ClusterException("cut off", 0, "Unreachable") : targetMethod!.Invoke(target, args);
    }
}
