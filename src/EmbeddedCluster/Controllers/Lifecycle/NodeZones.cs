using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Controllers.Lifecycle;

/// <summary>How many nodes of each zone are ready, and how fast the others may be emptied.</summary>
internal sealed class NodeZones
{
    private const double UnhealthyShare = 0.55;
    private const int LargeCluster = 50;
    private static readonly TimeSpan Pace = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan SlowPace = TimeSpan.FromSeconds(100);
    private readonly Dictionary<string, (string Zone, bool Ready)> nodes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Zone> zones = new(StringComparer.Ordinal);

    /// <summary>No node of any zone is ready: rather the network's fault, or ours.</summary>
    public bool AllDown => zones.Count > 0 && zones.Values.All(zone => zone.Ready == 0 && zone.Unready > 0);

    public static string ZoneOf(MapNode node) =>
        $"{node.Labels()?["topology.kubernetes.io/region"]?.AsString()}/{node.Labels()?["topology.kubernetes.io/zone"]?.AsString()}";

    /// <summary>Notes a node; true when a zone's state changed by it, so that decisions on other nodes have to be looked at again.</summary>
    public bool Put(string name, string zone, bool ready)
    {
        bool known = nodes.TryGetValue(name, out (string Zone, bool Ready) before);
        if (known && before == (zone, ready))
        {
            return false;
        }

        string old = Describe();
        if (known)
        {
            Count(before, -1);
        }

        nodes[name] = (zone, ready);
        Count(nodes[name], 1);
        return old != Describe();
    }

    public bool Remove(string name)
    {
        if (!nodes.Remove(name, out (string Zone, bool Ready) before))
        {
            return false;
        }

        string old = Describe();
        Count(before, -1);
        return old != Describe();
    }

    /// <summary>Takes the right to empty one node of a zone now; otherwise says how long to wait (<see cref="TimeSpan.MaxValue"/>: until the zone's state changes).</summary>
    public TimeSpan? Take(string name, DateTimeOffset now)
    {
        Zone zone = zones[name];
        TimeSpan? pace = zone.State == "Partial" ? (zone.Ready + zone.Unready > LargeCluster ? SlowPace : null) : Pace;
        if (pace is not { } span)
        {
            return TimeSpan.MaxValue;
        }

        TimeSpan left = zone.Next - now;
        if (left > TimeSpan.Zero && left <= span)
        {
            return left;
        }

        zone.Next = now + span;
        return null;
    }

    private string Describe() => AllDown ? "down" : string.Join(',', zones.Select(zone => $"{zone.Key}={zone.Value.State}"));

    private void Count((string Zone, bool Ready) node, int by)
    {
        if (!zones.TryGetValue(node.Zone, out Zone? zone))
        {
            zones[node.Zone] = zone = new Zone();
        }

        zone.Ready += node.Ready ? by : 0;
        zone.Unready += node.Ready ? 0 : by;
        if (zone.Ready + zone.Unready == 0)
        {
            zones.Remove(node.Zone);
        }
    }

    private sealed class Zone
    {
        public int Ready { get; set; }

        public int Unready { get; set; }

        public DateTimeOffset Next { get; set; }

        public string State => Unready > 2 && Ready > 0 && Unready >= UnhealthyShare * (Ready + Unready) ? "Partial" : "Normal";
    }
}
