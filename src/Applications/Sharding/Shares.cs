namespace Bowline.Applications.Sharding;

/// <summary>Who delivers what, as one replica sees it at one time.</summary>
/// <param name="Replicas">The replicas that live.</param>
/// <param name="Former">Those by whom the shares were last settled.</param>
/// <param name="Since">Timestamp of the change from the former to these.</param>
internal sealed record Shares(IReadOnlyList<string> Replicas, IReadOnlyList<string> Former, long Since)
{
    public static readonly Shares None = new([], [], 0);

    /// <summary>
    /// Whether a replica delivers an application now. What it gets from a replica that still lives it takes up only after a while in which
    /// the other lets go; what was its own, what a dead one left, and everything when it is alone, at once.
    /// </summary>
    public bool Owns(string replica, string application, bool handedOver)
    {
        if (Rendezvous.OwnerOf(application, Replicas) != replica)
        {
            return false;
        }

        return handedOver || Replicas.Count == 1 || Rendezvous.OwnerOf(application, Former) is { } former && (former == replica || !Replicas.Contains(former));
    }

    /// <summary>The shares once these replicas live.</summary>
    /// <param name="handedOver">Whether the present shares have been taken up by everybody.</param>
    public Shares Next(IReadOnlyList<string> replicas, bool handedOver, long now) =>
        Replicas.SequenceEqual(replicas) ? this : new Shares(replicas, handedOver ? Replicas : Former, now);
}
