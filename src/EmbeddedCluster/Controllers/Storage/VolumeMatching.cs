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

    /// <summary>Why a volume that a claim names, or that names a claim, is not for it; null when it is.</summary>
    public static string? Mismatch(MapNode claim, MapNode volume)
    {
        MapNode wanted = claim.Spec();
        MapNode offered = volume.Spec();
        HashSet<string> modes = [.. offered["accessModes"].Strings()];
        return Capacity(volume) < Quantity.Of(wanted["resources"]?["requests"]?["storage"]) ? "requested PV is too small"
            : wanted.Text("storageClassName") != offered.Text("storageClassName") ? "storageClassName does not match"
            : (wanted["volumeMode"]?.AsString() ?? "Filesystem") != (offered["volumeMode"]?.AsString() ?? "Filesystem") ? "incompatible volumeMode"
            : !wanted["accessModes"].Strings().All(modes.Contains) ? "incompatible accessMode"
            : null;
    }

    private static bool Fits(MapNode claim, MapNode volume) =>
        Mismatch(claim, volume) is null && (claim.Spec()["selector"] is not { } selector || LabelSelector.Of(selector).Matches(volume.Labels()));
}
