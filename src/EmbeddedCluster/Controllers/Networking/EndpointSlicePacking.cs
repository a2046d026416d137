using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Controllers.Networking;

/// <param name="Present">The slice to change; null for a new one.</param>
/// <param name="Endpoints">What it shall hold; empty only when the Service has none at all, or the slice keeps a place.</param>
internal sealed record PackedSlice(MapNode? Present, string AddressType, ListNode Ports, List<MapNode> Endpoints);

/// <summary>
/// Spreads endpoints over slices so that few slices change: what stays, stays where it is, changed slices are filled up first,
/// then the one that gets fullest, and only then new ones are made (the reconciler of k8s.io/endpointslice).
/// </summary>
internal static class EndpointSlicePacking
{
    public const int MaxEndpoints = 100;

    /// <summary>The slices as they shall be, unchanged ones left out, and those to delete.</summary>
    public static (IReadOnlyList<PackedSlice> Write, IReadOnlyList<MapNode> Delete) Pack(string addressType, ListNode ports, IReadOnlyList<MapNode> endpoints, IReadOnlyList<MapNode> present)
    {
        Dictionary<string, MapNode> wanted = endpoints.ToDictionary(Key, StringComparer.Ordinal);
        List<PackedSlice> changed = [];
        List<PackedSlice> kept = [];
        List<MapNode> delete = [];
        foreach (MapNode slice in present)
        {
            List<MapNode> old = [.. slice["endpoints"].Maps()];
            List<MapNode> rest = [];
            bool same = true;
            foreach (MapNode endpoint in old)
            {
                if (wanted.Remove(Key(endpoint), out MapNode? now))
                {
                    same &= now.DeepEquals(endpoint);
                    rest.Add(now);
                }
                else
                {
                    same = false;
                }
            }

            if (rest.Count == 0 && old.Count > 0)
            {
                delete.Add(slice);
            }
            else
            {
                (same ? kept : changed).Add(new PackedSlice(slice, addressType, ports, rest));
            }
        }

        Fill([.. endpoints.Where(endpoint => wanted.ContainsKey(Key(endpoint)))], addressType, ports, changed, kept);
        return (changed, delete);
    }

    /// <summary>Slices that would go take the content of those that would be made.</summary>
    public static void Reuse(List<PackedSlice> write, List<MapNode> delete)
    {
        for (int i = write.Count - 1; i >= 0 && delete.Count > 0; i--)
        {
            if (write[i].Present is null)
            {
                write[i] = write[i] with { Present = delete[0] };
                delete.RemoveAt(0);
            }
        }
    }

    private static void Fill(List<MapNode> missing, string addressType, ListNode ports, List<PackedSlice> changed, List<PackedSlice> kept)
    {
        int at = 0;
        void FillUp(PackedSlice slice)
        {
            while (at < missing.Count && slice.Endpoints.Count < MaxEndpoints)
            {
                slice.Endpoints.Add(missing[at++]);
            }
        }

        changed.ForEach(FillUp);
        while (at < missing.Count)
        {
            int left = missing.Count - at;
            PackedSlice? roomy = kept.Where(slice => slice.Endpoints.Count + Math.Min(left, MaxEndpoints) <= MaxEndpoints).MaxBy(slice => slice.Endpoints.Count);
            if (roomy is not null)
            {
                kept.Remove(roomy);
            }

            roomy ??= new PackedSlice(null, addressType, ports, []);
            FillUp(roomy);
            changed.Add(roomy);
        }
    }

    private static string Key(MapNode endpoint) =>
        (endpoint["targetRef"] as MapNode).Text("uid") + "|" + string.Join(',', endpoint["addresses"].Strings());
}
