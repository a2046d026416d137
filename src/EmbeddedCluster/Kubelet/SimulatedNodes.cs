using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Bowline.EmbeddedCluster.Controllers;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Kubelet;

/// <summary>The nodes an embedded cluster pretends to have.</summary>
public sealed record SimulatedNodeOptions
{
    public static readonly SimulatedNodeOptions Default = new();

    public int Count { get; init; } = 3;

    public string NamePrefix { get; init; } = "bowline-";

    public string Cpu { get; init; } = "16";

    public string Memory { get; init; } = "64Gi";

    public string EphemeralStorage { get; init; } = "500Gi";

    public int Pods { get; init; } = 250;

    public string KubeletVersion { get; init; } = "v1.36.2";
}

/// <summary>Makes the Node objects and their leases; says in labels, annotations and node info that they are simulated.</summary>
internal sealed class SimulatedNodes(ControlPlane plane, SimulatedNodeOptions options)
{
    public const string Label = "bowline.dev/simulated";
    private const string LeaseNamespace = "kube-node-lease";

    // Nobody watches these leases but people; an hour keeps an idle cluster quiet.
    private static readonly TimeSpan LeaseDuration = TimeSpan.FromHours(1);
    private readonly ClusterWriter writer = new(plane.Cluster, "kubelet");
    private readonly KindMirror nodes = plane.Mirror(string.Empty, "Node");
    private readonly KindMirror leases = plane.Mirror("coordination.k8s.io", "Lease");
    private readonly KindMirror namespaces = plane.Mirror(string.Empty, "Namespace");

    public async Task RegisterAsync(CancellationToken cancellationToken)
    {
        MapNode @namespace = new() { ["apiVersion"] = "v1", ["kind"] = "Namespace", ["metadata"] = new MapNode { ["name"] = LeaseNamespace } };
        await writer.EnsureAsync(namespaces, string.Empty, @namespace, cancellationToken).ConfigureAwait(false);
        for (int i = 0; i < options.Count; i++)
        {
            MapNode wanted = Compose(i);
            MapNode node = nodes.Get(string.Empty, wanted.Name())
                ?? await writer.EnsureAsync(nodes, string.Empty, wanted, cancellationToken).ConfigureAwait(false);
            if (!node.Status().ConditionIs("Ready", "True"))
            {
                await writer.SetStatusAsync(nodes, node, Status(i), cancellationToken).ConfigureAwait(false);
            }

            await RenewAsync(node, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Renews the leases twice in their duration.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using PeriodicTimer timer = new(LeaseDuration / 2, plane.Time);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false))
            {
                foreach (MapNode node in nodes.All().Where(node => node.Labels()?[Label]?.AsString() == "true"))
                {
                    await RenewAsync(node, cancellationToken).ConfigureAwait(false);
                }
            }
        }
        catch (OperationCanceledException)
        {
        }
    }

    private async Task RenewAsync(MapNode node, CancellationToken cancellationToken)
    {
        string now = plane.Now.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);
        if (leases.Get(LeaseNamespace, node.Name()) is { } present)
        {
            MapNode renewed = present.Clone();
            renewed.EnsureMap("spec")["renewTime"] = now;
            await writer.UpdateAsync(leases, renewed, cancellationToken).ConfigureAwait(false);
            return;
        }

        MapNode lease = new()
        {
            ["apiVersion"] = "coordination.k8s.io/v1",
            ["kind"] = "Lease",
            ["metadata"] = new MapNode
            {
                ["name"] = node.Name(),
                ["namespace"] = LeaseNamespace,
                ["ownerReferences"] = new ListNode(new MapNode { ["apiVersion"] = "v1", ["kind"] = "Node", ["name"] = node.Name(), ["uid"] = node.Uid() }),
            },
            ["spec"] = new MapNode { ["holderIdentity"] = node.Name(), ["leaseDurationSeconds"] = (int)LeaseDuration.TotalSeconds, ["renewTime"] = now },
        };
        await writer.EnsureAsync(leases, LeaseNamespace, lease, cancellationToken).ConfigureAwait(false);
    }

    private MapNode Compose(int index)
    {
        string name = options.NamePrefix + (index + 1).ToString(CultureInfo.InvariantCulture);
        string cidr = PodCidr(index);
        return new MapNode
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Node",
            ["metadata"] = new MapNode
            {
                ["name"] = name,
                ["labels"] = new MapNode
                {
                    ["beta.kubernetes.io/arch"] = "amd64",
                    ["beta.kubernetes.io/os"] = "linux",
                    ["kubernetes.io/arch"] = "amd64",
                    ["kubernetes.io/hostname"] = name,
                    ["kubernetes.io/os"] = "linux",
                    ["node.kubernetes.io/instance-type"] = "simulated",
                    ["topology.kubernetes.io/region"] = "local",
                    ["topology.kubernetes.io/zone"] = "local-" + (char)('a' + (index % 3)),
                    [Label] = "true",
                },
                ["annotations"] = new MapNode
                {
                    ["bowline.dev/note"] = "Simulated by Bowline: pods on this node run nothing.",
                    ["node.alpha.kubernetes.io/ttl"] = "0",
                },
            },
            ["spec"] = new MapNode
            {
                ["podCIDR"] = cidr,
                ["podCIDRs"] = new ListNode(cidr),
                ["providerID"] = "bowline://simulated/" + name,
            },
            ["status"] = Status(index),
        };
    }

    private MapNode Status(int index)
    {
        string name = options.NamePrefix + (index + 1).ToString(CultureInfo.InvariantCulture);
        MapNode Resources() => new()
        {
            ["cpu"] = options.Cpu,
            ["ephemeral-storage"] = options.EphemeralStorage,
            ["hugepages-1Gi"] = "0",
            ["hugepages-2Mi"] = "0",
            ["memory"] = options.Memory,
            ["pods"] = options.Pods.ToString(CultureInfo.InvariantCulture),
        };
        return new MapNode
        {
            ["addresses"] = new ListNode(
                new MapNode { ["type"] = "InternalIP", ["address"] = "172.18.0." + (index + 2).ToString(CultureInfo.InvariantCulture) },
                new MapNode { ["type"] = "Hostname", ["address"] = name }),
            ["allocatable"] = Resources(),
            ["capacity"] = Resources(),
            ["conditions"] = new ListNode(
                Condition("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
                Condition("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
                Condition("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
                Condition("Ready", "True", "KubeletReady", "kubelet is posting ready status")),
            ["daemonEndpoints"] = new MapNode { ["kubeletEndpoint"] = new MapNode { ["Port"] = 10250 } },
            ["nodeInfo"] = NodeInfo(name),
        };
    }

    private MapNode NodeInfo(string name)
    {
        string id = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name)))[..32];
        return new MapNode
        {
            ["architecture"] = "amd64",
            ["bootID"] = new Guid(Convert.FromHexString(id)).ToString(),
            ["containerRuntimeVersion"] = "bowline-simulated://1.0",
            ["kernelVersion"] = "simulated",
            ["kubeProxyVersion"] = string.Empty,
            ["kubeletVersion"] = options.KubeletVersion,
            ["machineID"] = id,
            ["operatingSystem"] = "linux",
            ["osImage"] = "Bowline (simulated)",
            ["systemUUID"] = new Guid(Convert.FromHexString(id)).ToString(),
        };
    }

    private MapNode Condition(string type, string status, string reason, string message) => new()
    {
        ["type"] = type,
        ["status"] = status,
        ["lastHeartbeatTime"] = plane.Now.Stamp(),
        ["lastTransitionTime"] = plane.Now.Stamp(),
        ["reason"] = reason,
        ["message"] = message,
    };

    private static string PodCidr(int index) => string.Create(CultureInfo.InvariantCulture, $"10.{(244 + index) % 256}.0.0/16");
}
