using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Bowline.EmbeddedCluster.Controllers;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Kubelet;

/// <summary>The Node objects of simulated nodes: they say in labels, annotations and node info that they are simulated.</summary>
internal sealed class NodeDraft(SimulatedNodeOptions options)
{
    public MapNode Compose(int index, DateTimeOffset now)
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
                    [NodeAgent.Label] = "true",
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
            ["status"] = Status(index, now),
        };
    }

    public MapNode Status(int index, DateTimeOffset now)
    {
        string name = options.NamePrefix + (index + 1).ToString(CultureInfo.InvariantCulture);
        MapNode Resources()
        {
            MapNode resources = new()
            {
                ["cpu"] = options.Cpu,
                ["ephemeral-storage"] = options.EphemeralStorage,
                ["hugepages-1Gi"] = "0",
                ["hugepages-2Mi"] = "0",
                ["memory"] = options.Memory,
                ["pods"] = options.Pods.ToString(CultureInfo.InvariantCulture),
            };
            foreach ((string name, string amount) in options.Resources)
            {
                resources[name] = amount;
            }

            return resources;
        }

        return new MapNode
        {
            ["addresses"] = new ListNode(
                new MapNode { ["type"] = "InternalIP", ["address"] = Address(index) },
                new MapNode { ["type"] = "Hostname", ["address"] = name }),
            ["allocatable"] = Resources(),
            ["capacity"] = Resources(),
            ["conditions"] = new ListNode(
                Condition(now, "MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
                Condition(now, "DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
                Condition(now, "PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
                Condition(now, "Ready", "True", "KubeletReady", "kubelet is posting ready status")),
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

    private static MapNode Condition(DateTimeOffset now, string type, string status, string reason, string message) => new()
    {
        ["type"] = type,
        ["status"] = status,
        ["lastHeartbeatTime"] = now.Stamp(),
        ["lastTransitionTime"] = now.Stamp(),
        ["reason"] = reason,
        ["message"] = message,
    };

    private static string PodCidr(int index) => index < 12
        ? string.Create(CultureInfo.InvariantCulture, $"10.{244 + index}.0.0/16")
        // Beyond a dozen nodes each gets a 23rd of 10.0.0.0/8 below the services' 10.96: 510 pods.
        : string.Create(CultureInfo.InvariantCulture, $"10.{(index * 2 / 256) % 95}.{index * 2 % 256}.0/23");

    // 172.18.0.2 and on, through the whole of 172.18.0.0/15.
    private static string Address(int index) => string.Create(CultureInfo.InvariantCulture, $"172.{18 + ((index + 2) >> 16)}.{((index + 2) >> 8) & 255}.{(index + 2) & 255}");
}
