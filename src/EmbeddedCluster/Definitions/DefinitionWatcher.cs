using Bowline.EmbeddedCluster.Kinds;
using Bowline.EmbeddedCluster.Storage;

namespace Bowline.EmbeddedCluster.Definitions;

/// <summary>Keeps the served kinds in step with the stored CRDs.</summary>
internal sealed class DefinitionWatcher(ObjectStore store, KindRegistry kinds, TimeProvider time)
{
    public void Refresh()
    {
        _ = store;
        _ = kinds;
        _ = time;
    }
}
