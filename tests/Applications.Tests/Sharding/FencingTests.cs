using Bowline.Applications.Sharding;
using Bowline.Cluster.Requests;
using Bowline.Delivery.Inventories;
using Bowline.Resources.Model;

namespace Bowline.Applications.Tests.Sharding;

/// <summary>What keeps two replicas from syncing one application: the claim in its record, and the Lease before every write.</summary>
public sealed class FencingTests
{
    private static readonly KindInfo Namespaces = new(new ResourceKind(string.Empty, "v1", "Namespace"), "namespaces", Namespaced: false);

    [Fact]
    public async Task A_record_is_taken_over_only_as_it_was_seen_and_the_former_holder_writes_it_no_more()
    {
        await using TestCluster test = await TestCluster.StartAsync();
        InventoryStore store = new(test.Cluster);
        Inventory first = Inventory.Empty with { Claim = RecordClaim.By("a", null), Synced = "1" };
        MapNode seen = await store.WriteClaimedAsync("shop", first, null, null, default);
        Assert.Equal(new RecordClaim("a", 1), InventoryStore.Read(seen).Claim);

        // The holder goes on after somebody left a request, which changes the object but not whose it is.
        await store.AskAsync("shop", new OperatorRequest("x", "sync", "", "ann", DateTimeOffset.UnixEpoch), default);
        await store.WriteClaimedAsync("shop", first with { Synced = "2" }, seen, first.Claim, default);

        // An heir that has not seen that has to look again before it may take over.
        Inventory heir = InventoryStore.Read(seen) with { Claim = RecordClaim.By("b", first.Claim), Synced = "3" };
        ClusterException stale = await Assert.ThrowsAsync<ClusterException>(() => store.WriteClaimedAsync("shop", heir, seen, first.Claim, default));
        Assert.True(stale.IsConflict);
        Inventory now = await store.ReadAsync("shop", default);
        Assert.Equal("2", now.Synced);
        Assert.NotNull(now.Request);

        MapNode current = (await test.Cluster.GetAsync(new ObjectKey(new KindInfo(new ResourceKind(string.Empty, "v1", "ConfigMap"), "configmaps", Namespaced: true), InventoryStore.Namespace, "inventory-shop"), default))!;
        MapNode taken = await store.WriteClaimedAsync("shop", heir, current, first.Claim, default);
        Assert.Equal(new RecordClaim("b", 2), InventoryStore.Read(taken).Claim);

        ClusterException late = await Assert.ThrowsAsync<ClusterException>(() => store.WriteClaimedAsync("shop", first with { Synced = "4" }, current, first.Claim, default));
        Assert.Equal("TakenOver", late.Reason);
        Assert.Equal("3", (await store.ReadAsync("shop", default)).Synced);
    }

    [Fact]
    public async Task Without_its_Lease_a_replica_reads_and_writes_nothing()
    {
        await using TestCluster test = await TestCluster.StartAsync();
        ReplicaLeases leases = new(test.Cluster, "default", "a", ReplicaSettings.Default, TimeProvider.System);
        FencedCluster fenced = new(test.Cluster, leases, TimeProvider.System);
        MapNode body = new() { ["apiVersion"] = "v1", ["kind"] = "Namespace", ["metadata"] = new MapNode { ["name"] = "made" } };
        ClusterException lost = await Assert.ThrowsAsync<ClusterException>(() => fenced.CreateAsync(Namespaces, string.Empty, body, new WriteOptions(), default));
        Assert.Equal("LeaseLost", lost.Reason);
        Assert.Null(await fenced.GetAsync(new ObjectKey(Namespaces, string.Empty, "made"), default));

        using CancellationTokenSource stop = new();
        Task renewing = leases.RunAsync(stop.Token);
        while (!leases.IsHeld)
        {
            await Task.Delay(10);
        }

        await fenced.CreateAsync(Namespaces, string.Empty, body, new WriteOptions(), default);
        await stop.CancelAsync();
        await renewing;
        await Assert.ThrowsAsync<ClusterException>(() => fenced.DeleteAsync(new ObjectKey(Namespaces, string.Empty, "made"), DeleteOptions.Background, default));
        Assert.NotNull(await fenced.GetAsync(new ObjectKey(Namespaces, string.Empty, "made"), default));
    }
}
