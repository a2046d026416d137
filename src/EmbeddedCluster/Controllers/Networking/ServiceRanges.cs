using System.Net;
using Bowline.EmbeddedCluster.Controllers.Storage;
using Bowline.EmbeddedCluster.Controllers.Workloads;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Controllers.Networking;

/// <summary>ServiceCIDRs are ready from the start, and go once no address is left that no other of them has.</summary>
internal sealed class ServiceRanges(ControlPlane plane) : Reconciler(plane)
{
    private const string Protection = "networking.k8s.io/service-cidr-finalizer";
    private readonly KindMirror ranges = plane.Mirror("networking.k8s.io", "ServiceCIDR");
    private readonly KindMirror addresses = plane.Mirror("networking.k8s.io", "IPAddress");

    public override void Subscribe()
    {
        // One that comes can take over what holds back another.
        Watch(ranges, change =>
        {
            Queue.Add(ObjectName.Of(change.Any));
            EnqueueDeleted();
        });
        Watch(addresses, change =>
        {
            if (change.New is null)
            {
                EnqueueDeleted();
            }
        });
    }

    public override async Task<TimeSpan?> ReconcileAsync(ObjectName key, CancellationToken cancellationToken)
    {
        if (ranges.Get(key) is not { } range)
        {
            return null;
        }

        if (!range.IsDeleting())
        {
            await ProtectAsync(range, cancellationToken).ConfigureAwait(false);
        }
        else if (IsUsed(range))
        {
            await SayAsync(range, "False", "Terminating", "There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR", cancellationToken).ConfigureAwait(false);
        }
        else if (range.HasFinalizer(Protection))
        {
            await ClaimProtection.RemoveFinalizerAsync(Plane, ranges, range, Protection, cancellationToken).ConfigureAwait(false);
        }

        return null;
    }

    private async Task ProtectAsync(MapNode range, CancellationToken cancellationToken)
    {
        if (!range.HasFinalizer(Protection))
        {
            ListNode finalizers = new([.. (range.Metadata()?["finalizers"]).Strings().Select(name => (Node)name), StringNode.Of(Protection)]);
            range = await Plane.Writer.MergePatchAsync(ranges, range, new MapNode { ["metadata"] = new MapNode { ["resourceVersion"] = range.ResourceVersion(), ["finalizers"] = finalizers } }, cancellationToken).ConfigureAwait(false);
        }

        await SayAsync(range, "True", string.Empty, "Kubernetes Service CIDR is ready", cancellationToken).ConfigureAwait(false);
    }

    private async Task SayAsync(MapNode range, string ready, string reason, string message, CancellationToken cancellationToken)
    {
        if (range.Status()["conditions"].Maps().Any(condition => condition.Text("type") == "Ready" && condition.Text("status") == ready))
        {
            return;
        }

        MapNode condition = new() { ["type"] = "Ready", ["status"] = ready, ["lastTransitionTime"] = Timestamp.Text(Plane.Time.GetUtcNow()), ["reason"] = reason, ["message"] = message };
        ListNode conditions = Counting.CopyConditions(range.Status());
        Counting.SetCondition(conditions, condition);
        MapNode status = range.Status().Clone();
        status.PutConditions(conditions);
        await Plane.Writer.SetStatusAsync(ranges, range, status, cancellationToken).ConfigureAwait(false);
    }

    private void EnqueueDeleted()
    {
        foreach (MapNode range in ranges.All().Where(range => range.IsDeleting()))
        {
            Queue.Add(ObjectName.Of(range));
        }
    }

    private bool IsUsed(MapNode range)
    {
        IPNetwork[] own = [.. NetworksOf(range)];
        IPNetwork[] others = [.. ranges.All().Where(other => !other.IsDeleting()).SelectMany(NetworksOf)];
        return addresses.All().Any(address => IPAddress.TryParse(address.Name(), out IPAddress? ip) && own.Any(network => network.Contains(ip)) && !others.Any(network => network.Contains(ip)));
    }

    private static IEnumerable<IPNetwork> NetworksOf(MapNode range)
    {
        foreach (string text in range.Spec()["cidrs"].Strings())
        {
            if (IPNetwork.TryParse(text, out IPNetwork network))
            {
                yield return network;
            }
        }
    }
}
