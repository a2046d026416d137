using Bowline.Resources.Model;
using Bowline.Resources.Schemas;

namespace Bowline.Resources.Merging;

/// <summary>A field that another manager owns and an apply would change.</summary>
/// <param name="Manager">The other manager as Kubernetes words it: <c>"kubectl" using apps/v1</c>.</param>
/// <param name="Path">The field as Kubernetes prints it: <c>.spec.containers[name="a"].image</c>.</param>
public sealed record ApplyConflict(string Manager, string Path);

/// <param name="Object">The merged object with its new managedFields; the live object unchanged when there are conflicts.</param>
/// <param name="Conflicts">Empty on success.</param>
public sealed record ApplyResult(MapNode Object, IReadOnlyList<ApplyConflict> Conflicts);

/// <summary>Who writes, how and when; recorded in managedFields.</summary>
/// <param name="Manager">Field manager.</param>
/// <param name="ApiVersion">Version of the object as it was sent.</param>
/// <param name="Subresource">Empty, <c>status</c> or <c>scale</c>.</param>
/// <param name="Time">Recorded to the second.</param>
public sealed record FieldWriter(string Manager, string ApiVersion, string Subresource, DateTimeOffset Time);

/// <summary>Field ownership as sigs.k8s.io/structured-merge-diff keeps it; the API server and the diff share it.</summary>
public static class ServerSideApply
{
    /// <summary>Applies a manager's whole intent onto the live object (null: creates): sets, takes, gives up and removes fields.</summary>
    public static ApplyResult Apply(MapNode? live, MapNode applied, Schema? schema, FieldWriter writer, bool force) => throw new NotImplementedException();

    /// <summary>Records what a create, update or patch changed: the writer takes ownership of every changed field. Returns <paramref name="updated"/> with new managedFields.</summary>
    public static MapNode Update(MapNode? live, MapNode updated, Schema? schema, FieldWriter writer) => throw new NotImplementedException();
}
