using System.Globalization;
using Bowline.EmbeddedCluster.Controllers;
using Bowline.Resources.Model;
using Bowline.Resources.Schemas;

namespace Bowline.EmbeddedCluster.Kubelet;

/// <summary>What something uses at a moment.</summary>
/// <param name="Cpu">In thousandths of a core.</param>
/// <param name="Memory">In bytes.</param>
internal readonly record struct Usage(long Cpu, long Memory)
{
    private const long LittleMemory = 16L * 1024 * 1024;

    /// <summary>The system and the kubelet of a node.</summary>
    public static Usage OfNodeItself => new(50, 300L * 1024 * 1024);

    public static Usage operator +(Usage left, Usage right) => new(left.Cpu + right.Cpu, left.Memory + right.Memory);

    /// <summary>What was declared for a container; else half of what it requests, and a little when it requests nothing.</summary>
    public static Usage Of(MapNode pod, string container, Behaviour behaviour)
    {
        MapNode? requests = pod.Spec()["containers"].Maps().Concat(pod.Spec()["initContainers"].Maps())
            .FirstOrDefault(spec => spec.Text("name") == container)?["resources"]?["requests"] as MapNode;
        long cpu = behaviour.Cpu is { } declared ? Millis(declared) : requests?["cpu"] is { } requested ? Millis(requested) / 2 : 1;
        long memory = behaviour.Memory is { } used ? Units(used) : requests?["memory"] is { } wanted ? Units(wanted) / 2 : LittleMemory;
        return new Usage(cpu, memory);
    }

    public MapNode ToNode() => new()
    {
        ["cpu"] = string.Create(CultureInfo.InvariantCulture, $"{Cpu}m"),
        ["memory"] = string.Create(CultureInfo.InvariantCulture, $"{Memory / 1024}Ki"),
    };

    private static long Millis(Node quantity) => Clamped(Quantity.Of(quantity).Millis);

    private static long Units(Node quantity) => Clamped(Quantity.Of(quantity).Units);

    private static long Clamped(System.Numerics.BigInteger value) => value < 0 ? 0 : value > long.MaxValue / 1_000_000 ? long.MaxValue / 1_000_000 : (long)value;
}
