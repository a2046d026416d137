using Bowline.Resources.Model;
using Bowline.Resources.Schemas;

namespace Bowline.EmbeddedCluster.Validation;

/// <summary>The class of service that a pod's requests and limits earn: those of the pod as a whole where it has any, else those of its containers.</summary>
internal static class QualityOfService
{
    private static readonly string[] Compute = ["cpu", "memory"];

    public static string Of(MapNode spec)
    {
        Node? whole = spec["resources"];
        IEnumerable<Node?> all = whole?["requests"] is MapNode { Count: > 0 } || whole?["limits"] is MapNode { Count: > 0 }
            ? [whole]
            : (spec["containers"]?.AsList() ?? []).Concat(spec["initContainers"]?.AsList() ?? []).Select(container => container["resources"]);
        bool any = false;
        bool guaranteed = true;
        foreach (Node? resources in all)
        {
            foreach (string resource in Compute)
            {
                Quantity? request = Amount(resources?["requests"]?[resource]);
                Quantity? limit = Amount(resources?["limits"]?[resource]);
                any |= request is not null || limit is not null;
                guaranteed &= limit is not null && (request is null || request.Value.CompareTo(limit.Value) == 0);
            }
        }

        return !any ? "BestEffort" : guaranteed ? "Guaranteed" : "Burstable";
    }

    // Nothing asked for is not asked for.
    private static Quantity? Amount(Node? amount) => Quantity.TryRead(amount, out Quantity quantity) && quantity.Sign != 0 ? quantity : null;
}
