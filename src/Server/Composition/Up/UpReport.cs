using Bowline.Applications.Model;

namespace Bowline.Server.Composition.Up;

/// <summary>How a delivery stands.</summary>
/// <param name="Kubeconfig">The file by which kubectl reaches the clusters.</param>
public sealed record UpReport(IReadOnlyList<ApplicationStatus> Applications, IReadOnlyList<Assumption> Assumed, string Kubeconfig)
{
    public bool IsDelivered => Applications.All(application => application.IsDelivered);
}

/// <summary>Told about progress as it happens, from any thread.</summary>
public interface IUpObserver
{
    void Applications(IReadOnlyList<ApplicationStatus> known);

    void Status(ApplicationStatus status);

    /// <summary>A sentence for people: a cluster started, a change was seen.</summary>
    void Note(string sentence);
}
