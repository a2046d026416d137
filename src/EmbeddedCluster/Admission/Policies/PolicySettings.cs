using Bowline.EmbeddedCluster.Kinds;
using Bowline.Languages.Cel.Functions;
using Bowline.Resources.Model;
using Bowline.Resources.Schemas;

namespace Bowline.EmbeddedCluster.Admission.Policies;

/// <summary>What policies need from other rooms.</summary>
internal sealed record PolicySettings
{
    /// <summary>Decides for the variable <c>authorizer</c>; a service account asked about replaces the user.</summary>
    public Func<UserInfo, CelAuthorization, CelDecision> Authorize { get; init; } = static (_, _) => new CelDecision(false, string.Empty, "no authorizer is configured");

    /// <summary>The schema of a served kind, or of another that is not stored; null when nothing is known of it.</summary>
    public Func<ServedKind, ResourceKind?, Schema?> SchemaOf { get; init; } = static (_, _) => null;

    /// <summary>Decodes and defaults an object that a patch made; members that its kind does not have are named in the order found.</summary>
    public Func<ServedKind, MapNode, (MapNode Decoded, IReadOnlyList<string> Unknown)> Decode { get; init; } = static (_, node) => (node, []);
}
