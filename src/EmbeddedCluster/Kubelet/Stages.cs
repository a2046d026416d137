namespace Bowline.EmbeddedCluster.Kubelet;

/// <summary>The form of what users declare about pods and nodes, for whoever reads it from somewhere.</summary>
public static class Stages
{
    public const int LargestText = StageFile.LargestText;

    /// <exception cref="StageException">The text holds something that cannot be used.</exception>
    public static void Check(string yaml) => StageFile.Parse(yaml);
}
