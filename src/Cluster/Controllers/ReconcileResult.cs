namespace Bowline.Cluster.Controllers;

/// <summary>What a work queue holds: the name of an object to bring into order; cluster-scoped ones have no namespace.</summary>
public readonly record struct ReconcileKey(string Namespace, string Name)
{
    public override string ToString() => Namespace.Length == 0 ? Name : $"{Namespace}/{Name}";
}

/// <summary>When to look at the key again, unless something changes before.</summary>
public readonly record struct ReconcileResult
{
    /// <summary>Only when something changes.</summary>
    public static readonly ReconcileResult Done;

    /// <summary>Soon, and later with every attempt: the key is not where it should be yet.</summary>
    public static readonly ReconcileResult Again = new() { IsAgain = true };

    public TimeSpan? Delay { get; private init; }

    public bool IsAgain { get; private init; }

    public static ReconcileResult After(TimeSpan delay) => new() { Delay = delay };
}
