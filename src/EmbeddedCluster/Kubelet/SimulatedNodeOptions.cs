namespace Bowline.EmbeddedCluster.Kubelet;

/// <summary>The nodes an embedded cluster pretends to have.</summary>
public sealed record SimulatedNodeOptions
{
    public static readonly SimulatedNodeOptions Default = new();

    public int Count { get; init; } = 3;

    public string NamePrefix { get; init; } = "bowline-";

    public string Cpu { get; init; } = "16";

    public string Memory { get; init; } = "64Gi";

    public string EphemeralStorage { get; init; } = "500Gi";

    public int Pods { get; init; } = 250;

    /// <summary>Extended resources beside these, by name.</summary>
    public IReadOnlyDictionary<string, string> Resources { get; init; } = new Dictionary<string, string>();

    /// <summary>How often a node renews its lease. Nodes take turns when they are so many, or time so fast, that this would cost noticeable work.</summary>
    internal TimeSpan RenewInterval { get; init; } = TimeSpan.FromSeconds(10);

    public string KubeletVersion { get; init; } = "v1.36.2";
}
