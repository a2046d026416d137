using Bowline.EmbeddedCluster.Kinds;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Defaulting;

/// <summary>Kubernetes' versioned defaults.</summary>
internal static class Defaults
{
    public static void Apply(ServedKind kind, MapNode node)
    {
    }
}
