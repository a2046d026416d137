using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Validation;

/// <summary>The class of service that a pod's requests and limits earn.</summary>
internal static class QualityOfService
{
    public static string Of(MapNode spec)
    {
        bool any = false;
        bool guaranteed = true;
        foreach (Node container in (spec["containers"]?.AsList() ?? []).Concat(spec["initContainers"]?.AsList() ?? []))
        {
            Node? requests = container.At("resources", "requests");
            Node? limits = container.At("resources", "limits");
            foreach (string resource in (string[])["cpu", "memory"])
            {
                string? request = requests?[resource]?.AsString();
                string? limit = limits?[resource]?.AsString();
                any |= request is not null and not "0" || limit is not null and not "0";
                guaranteed &= limit is not null and not "0" && (request is null || request == limit);
            }
        }

        return !any ? "BestEffort" : guaranteed ? "Guaranteed" : "Burstable";
    }
}
