namespace Bowline.Delivery.Inventories;

/// <summary>
/// A sync that has begun, as the application's record keeps it, so that one that starts over after a crash or a failure does
/// not run again what it ran already.
/// </summary>
/// <param name="Id">Short, unique among the application's syncs; hooks carry it.</param>
/// <param name="Fingerprint">The desired state that it delivers.</param>
/// <param name="HooksDone">Hooks that succeeded, by the key that the plan gives each.</param>
public sealed record SyncOperation(string Id, string Fingerprint, DateTimeOffset Started, IReadOnlyList<string> HooksDone)
{
    public static SyncOperation Begin(string fingerprint, DateTimeOffset now) =>
        new($"{now.ToUnixTimeMilliseconds() % 100_000_000_000:x}-{fingerprint[..Math.Min(7, fingerprint.Length)]}", fingerprint, now, []);
}
