using Bowline.Resources.Model;
using Bowline.Resources.Schemas;

namespace Bowline.EmbeddedCluster.Controllers.Storage;

/// <summary>Which existing volume a claim gets.</summary>
internal static class VolumeMatching
{
    public static MapNode? Find(MapNode claim, IEnumerable<MapNode> volumes)
    {
        List<MapNode> all = [.. volumes.Where(volume => !volume.IsDeleting())];
        MapNode? reserved = all.Find(volume => IsFor(volume, claim) || (claim.Spec().Text("volumeName") == volume.Name() && volume.Spec()["claimRef"] is null));
        if (reserved is not null || claim.Spec().Text("volumeName").Length > 0)
        {
            return reserved;
        }

        return Candidates(claim, all).FirstOrDefault();
    }

    /// <summary>Free volumes that fit the claim, the smallest first as upstream.</summary>
    public static IReadOnlyList<MapNode> Candidates(MapNode claim, IEnumerable<MapNode> volumes) =>
    [
        .. volumes
            .Where(volume => !volume.IsDeleting() && (IsFor(volume, claim) || volume.Spec()["claimRef"] is null) && Fits(claim, volume))
            .OrderBy(volume => Capacity(volume))
            .ThenBy(volume => volume.Name(), StringComparer.Ordinal),
    ];

    /// <summary>Whether the volume is reserved for this very claim (by uid once it is bound).</summary>
    public static bool IsFor(MapNode volume, MapNode claim)
    {
        MapNode? reference = volume.Spec()["claimRef"] as MapNode;
        return reference.Text("namespace") == claim.Namespace() && reference.Text("name") == claim.Name()
            && (reference.Text("uid").Length == 0 || reference.Text("uid") == claim.Uid());
    }

    public static Quantity Capacity(MapNode volume) => Quantity.Of(volume.Spec()["capacity"]?["storage"]);

    private static bool Fits(MapNode claim, MapNode volume)
    {
        MapNode wanted = claim.Spec();
        MapNode offered = volume.Spec();
        HashSet<string> modes = [.. offered["accessModes"].Strings()];
        return wanted.Text("storageClassName") == offered.Text("storageClassName")
            && (wanted["volumeMode"]?.AsString() ?? "Filesystem") == (offered["volumeMode"]?.AsString() ?? "Filesystem")
            && wanted["accessModes"].Strings().All(modes.Contains)
            && Capacity(volume) >= Quantity.Of(wanted["resources"]?["requests"]?["storage"])
            && (wanted["selector"] is null || LabelSelector.Of(wanted["selector"]).Matches(volume.Labels()));
    }
}
