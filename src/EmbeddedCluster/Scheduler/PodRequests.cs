using Bowline.EmbeddedCluster.Controllers;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Scheduler;

/// <summary>What a pod requests in all: containers and sidecars together, or the hungriest init container, and the overhead.</summary>
internal static class PodRequests
{
    // What scoring takes for a container that requests nothing (kube-scheduler's DefaultMilliCPURequest and DefaultMemoryRequest).
    private const long AssumedCpu = 100;
    private const long AssumedMemory = 200 * 1024 * 1024;

    public static Amounts Of(MapNode spec) => Sum(spec, assume: false);

    /// <summary>For scoring: containers without a request count as small ones.</summary>
    public static Amounts ForScoring(MapNode spec) => Sum(spec, assume: true);

    private static Amounts Sum(MapNode spec, bool assume)
    {
        MapNode? whole = spec["resources"]?["requests"] as MapNode;
        Amounts OfContainer(MapNode container) => Container(container, assume, whole);
        Amounts total = new();
        foreach (MapNode container in spec["containers"].Maps())
        {
            total.Add(OfContainer(container));
        }

        Amounts sidecars = new();
        Amounts starting = new();
        foreach (MapNode container in spec["initContainers"].Maps())
        {
            Amounts own = OfContainer(container);
            if (container.Text("restartPolicy") == "Always")
            {
                total.Add(own);
                sidecars.Add(own);
                starting.RaiseTo(sidecars);
                continue;
            }

            own.Add(sidecars);
            starting.RaiseTo(own);
        }

        total.RaiseTo(starting);
        foreach ((string name, Node value) in whole ?? [])
        {
            total[name] = Amounts.UnitsOf(name, value);
        }

        total.Add(Amounts.Of(spec["overhead"]));
        return total;
    }

    private static Amounts Container(MapNode container, bool assume, MapNode? whole)
    {
        MapNode? requests = container["resources"]?["requests"] as MapNode;
        Amounts own = Amounts.Of(requests);
        if (assume && requests?[Amounts.CpuName] is null && whole?[Amounts.CpuName] is null)
        {
            own[Amounts.CpuName] = AssumedCpu;
        }

        if (assume && requests?[Amounts.MemoryName] is null && whole?[Amounts.MemoryName] is null)
        {
            own[Amounts.MemoryName] = AssumedMemory;
        }

        return own;
    }
}
