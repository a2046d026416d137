using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Controllers.Networking;

/// <summary>How both controllers of EndpointSlices bring a slice to what it should be.</summary>
internal static class EndpointSliceWrites
{
    /// <summary>Creates the slice, or updates the one that is there unless its labels and its content are right already.</summary>
    /// <param name="isSame">Whether the present slice says what the wanted one does; labels aside.</param>
    public static async Task WriteAsync(ControlPlane plane, KindMirror slices, MapNode wanted, MapNode? present, Func<MapNode, MapNode, bool> isSame, CancellationToken cancellationToken)
    {
        if (present is null)
        {
            await plane.Writer.CreateAsync(slices, wanted.Namespace(), wanted, cancellationToken).ConfigureAwait(false);
            return;
        }

        if (Node.DeepEquals(present.Labels(), wanted.Labels()) && isSame(present, wanted))
        {
            return;
        }

        MapNode changed = present.Clone();
        MapNode metadata = changed.EnsureMap("metadata");
        metadata["labels"] = wanted.Labels()!;
        metadata.Remove("annotations");
        if (wanted.Metadata()!["annotations"] is { } annotations)
        {
            metadata["annotations"] = annotations;
        }

        changed["endpoints"] = wanted["endpoints"]!;
        changed["ports"] = wanted["ports"]!;
        await plane.Writer.UpdateAsync(slices, changed, cancellationToken).ConfigureAwait(false);
    }
}
