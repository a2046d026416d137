using Bowline.Resources.Model;

namespace Bowline.Resources.Merging;

/// <summary>Who writes, how and when; recorded in managedFields.</summary>
/// <param name="Manager">Field manager.</param>
/// <param name="ApiVersion">Version of the object as it was sent.</param>
/// <param name="Subresource">Empty, <c>status</c> or <c>scale</c>.</param>
/// <param name="Time">Recorded to the second.</param>
public sealed record FieldWriter(string Manager, string ApiVersion, string Subresource, DateTimeOffset Time)
{
    /// <summary>Fields that this endpoint ignores and so never gives to its writers: status at the main resource of kinds that have a status subresource, spec at the subresource.</summary>
    public FieldSet ResetFields { get; init; } = FieldSet.Empty;
}

/// <summary>A field that another manager owns and an apply would change.</summary>
/// <param name="Manager">The other manager as Kubernetes words it: <c>"kubectl" using apps/v1</c>.</param>
/// <param name="Path">The field as Kubernetes prints it: <c>.spec.containers[name="a"].image</c>.</param>
public sealed record ApplyConflict(string Manager, string Path);

/// <param name="Object">The merged object with its new managedFields; the live object unchanged when there are conflicts.</param>
/// <param name="Conflicts">Empty on success.</param>
public sealed record ApplyResult(MapNode Object, IReadOnlyList<ApplyConflict> Conflicts)
{
    /// <summary>Whether the apply left every field but managedFields as it was.</summary>
    public bool IsUnchanged { get; init; }

    /// <summary>The message of the API server's 409 answer; empty on success.</summary>
    public string ConflictMessage
    {
        get
        {
            if (Conflicts.Count == 0)
            {
                return string.Empty;
            }

            if (Conflicts.Count == 1)
            {
                return $"Apply failed with 1 conflict: conflict with {Conflicts[0].Manager}: {Conflicts[0].Path}";
            }

            IEnumerable<string> managers = Conflicts.GroupBy(conflict => conflict.Manager).Select(group =>
                $"conflicts with {group.Key}:\n" + string.Join('\n', group.Select(conflict => $"- {conflict.Path}")));
            return $"Apply failed with {Conflicts.Count} conflicts: {string.Join('\n', managers)}";
        }
    }
}
