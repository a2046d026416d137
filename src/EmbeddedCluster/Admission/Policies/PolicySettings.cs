using Bowline.Languages.Cel.Functions;

namespace Bowline.EmbeddedCluster.Admission.Policies;

/// <summary>What policies need from other rooms.</summary>
internal sealed record PolicySettings
{
    /// <summary>Decides for the variable <c>authorizer</c>; a service account asked about replaces the user.</summary>
    public Func<UserInfo, CelAuthorization, CelDecision> Authorize { get; init; } = static (_, _) => new CelDecision(false, string.Empty, "no authorizer is configured");
}
