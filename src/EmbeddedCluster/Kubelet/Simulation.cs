namespace Bowline.EmbeddedCluster.Kubelet;

/// <summary>What the API server knows of the simulated nodes behind it: whether there are any, and how their containers behave.</summary>
internal sealed class Simulation
{
    private volatile Behaviours behaviours = new(StageFile.Parse(null).Behaviours);

    /// <summary>How containers behave by what users declared.</summary>
    public Behaviours Behaviours
    {
        get => behaviours;
        set => behaviours = value;
    }
}
