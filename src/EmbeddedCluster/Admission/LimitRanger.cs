using Bowline.EmbeddedCluster.Storage;

namespace Bowline.EmbeddedCluster.Admission;

/// <summary>Defaults and bounds of a namespace's LimitRanges.</summary>
internal sealed class LimitRanger(ObjectStore store)
{
    public void Mutate(AdmissionRequest request) => _ = store;

    public void Validate(AdmissionRequest request) => _ = store;
}
