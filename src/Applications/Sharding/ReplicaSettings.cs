namespace Bowline.Applications.Sharding;

/// <summary>How quickly replicas notice each other. What a dead one had is taken over within <see cref="LeaseDuration"/> and <see cref="RenewEvery"/>.</summary>
public sealed record ReplicaSettings
{
    public static readonly ReplicaSettings Default = new();

    /// <summary>How long others wait for a replica that is silent. The replica itself stops after two thirds of it.</summary>
    public TimeSpan LeaseDuration { get; init; } = TimeSpan.FromSeconds(9);

    public TimeSpan RenewEvery { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long a replica that gets applications of a living one waits for it to let go: longer than anyone needs to see that it came.</summary>
    public TimeSpan HandOver { get; init; } = TimeSpan.FromSeconds(5);
}
