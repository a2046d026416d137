using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Validation;

/// <summary>What may be told of a pod: changes of its status that could not happen are refused.</summary>
internal static class PodStatusRules
{
    private static readonly string[] SystemConditions = ["PodScheduled", "Ready", "Initialized"];

    public static void Check(Checks check, MapNode node, MapNode live)
    {
        Node? status = node["status"];
        Node? before = live["status"];
        foreach ((Node condition, string at) in Checks.Each(status?["conditions"], "metadata.conditions"))
        {
            if (!SystemConditions.Contains(Checks.Text(condition["type"])))
            {
                // The reference says metadata and Type.
                check.Name(condition["type"], $"{at}.Type", NameRules.QualifiedName);
            }
        }

        if (!Node.DeepEquals(status?["nominatedNodeName"], before?["nominatedNodeName"]))
        {
            check.NameIfSet(status?["nominatedNodeName"], "status.nominatedNodeName", NameRules.Subdomain);
        }

        check.Immutable(status?["qosClass"], before?["qosClass"], "status.qosClass", StringNode.Empty);
        string restarts = Checks.Text(live.At("spec", "restartPolicy"));
        Terminated(check, status, before, "containerStatuses", restarts, _ => false);
        Terminated(check, status, before, "initContainerStatuses", restarts, name => IsSidecar(live, name));
        Terminated(check, status, before, "ephemeralContainerStatuses", "Never", _ => false);
        Claims(check, status?["resourceClaimStatuses"], live.At("spec", "resourceClaims"));
        Addresses(check, status?["podIPs"], "status.podIPs");
        Addresses(check, status?["hostIPs"], "status.hostIPs");
    }

    /// <summary>A container that is over and will not be started again stays over.</summary>
    private static void Terminated(Checks check, Node? status, Node? before, string list, string restarts, Func<string, bool> mayRestart)
    {
        if (restarts == "Always")
        {
            return;
        }

        foreach ((Node old, string at) in Checks.Each(before?[list], $"status.{list}"))
        {
            string name = Checks.Text(old["name"]);
            bool isOver = old.At("state", "terminated") is MapNode end && (restarts != "OnFailure" || (end["exitCode"]?.AsInteger() ?? 0) == 0) && !mayRestart(name);
            if (isOver && (status?[list]?.AsList() ?? []).Any(next => Checks.Text(next["name"]) == name && next.At("state", "terminated") is null))
            {
                check.Add(FieldError.Forbidden($"{at}.state", "may not be transitioned to non-terminated state"));
            }
        }
    }

    private static bool IsSidecar(MapNode pod, string name) =>
        (pod.At("spec", "initContainers")?.AsList() ?? []).Any(container => Checks.Text(container["name"]) == name && Checks.Text(container["restartPolicy"]) == "Always");

    private static void Claims(Checks check, Node? statuses, Node? claims)
    {
        HashSet<string> seen = new(StringComparer.Ordinal);
        foreach ((Node status, string at) in Checks.Each(statuses, "status.resourceClaimStatuses"))
        {
            string name = Checks.Text(status["name"]);
            if (!(claims?.AsList() ?? []).Any(claim => Checks.Text(claim["name"]) == name))
            {
                check.Add(FieldError.Invalid($"{at}.name", name, "must match the name of an entry in `spec.resourceClaims`"));
            }

            if (!seen.Add(name))
            {
                check.Add(FieldError.Duplicate($"{at}.name", name));
            }

            check.NameIfSet(status["resourceClaimName"], $"{at}.name", NameRules.Subdomain);
        }
    }

    private static void Addresses(Checks check, Node? addresses, string path)
    {
        foreach ((Node address, string at) in Checks.Each(addresses, path))
        {
            check.Name(address["ip"], at, AddressRules.Address);
        }

        bool[] families = [.. (addresses?.AsList() ?? []).Select(address => Checks.Text(address["ip"]).Contains(':', StringComparison.Ordinal))];
        if (families.Length > families.Distinct().Count())
        {
            // Shown as the type that has no names of its own in JSON.
            ListNode shown = new(addresses!.AsList()!.Select(address => (Node)new MapNode { ["IP"] = address["ip"] ?? StringNode.Empty }));
            check.Add(FieldError.Invalid(path, shown, "may specify no more than one IP for each IP family"));
        }
    }
}
