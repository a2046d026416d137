using Bowline.Applications.Model;
using Bowline.Resources.Model;

namespace Bowline.Applications.Hub;

/// <summary>What a hub declares at one moment.</summary>
/// <param name="Applications">In the order of their names; one that has not changed is the very same instance as in the view before.</param>
/// <param name="Faults">Applications that say something impossible, and what the hub refused to take from the repository.</param>
/// <param name="Leaving">Applications that are being deleted, with their objects where a finalizer says so.</param>
public sealed record HubView(IReadOnlyList<ApplicationSpec> Applications, IReadOnlyList<ApplicationFault> Faults, IReadOnlyList<LeavingApplication> Leaving)
{
    /// <summary>The AppProjects.</summary>
    public IReadOnlyList<MapNode> Projects { get; init; } = [];
}

/// <param name="Propagation">How its objects go: Foreground or Background.</param>
/// <param name="Destination">Where they are.</param>
public sealed record LeavingApplication(string Name, string Propagation, Destination Destination)
{
    /// <summary>What it says; null for one that says something impossible.</summary>
    public ApplicationSpec? Spec { get; init; }

    /// <summary>Whether the deletions that ask for it are agreed to.</summary>
    public bool IsApproved { get; init; }
}
