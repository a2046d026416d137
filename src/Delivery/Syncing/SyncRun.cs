using Bowline.Delivery.Desired;
using Bowline.Delivery.Inventories;
using Bowline.Resources.Model;

namespace Bowline.Delivery.Syncing;

/// <summary>How one sync is run: what it continues, whom it tells, and what becomes of running hooks when it is cancelled.</summary>
public sealed record SyncRun(SyncOperation Operation)
{
    /// <summary>Told about every object as soon as it is dealt with.</summary>
    public Action<SyncStep>? Progress { get; init; }

    /// <summary>Told, in a sentence, what the sync waits for whenever it begins to wait.</summary>
    public Action<string> Waits { get; init; } = static _ => { };

    /// <summary>Told what the server made of an object that was applied.</summary>
    public Action<DesiredObject, MapNode> Applied { get; init; } = static (_, _) => { };

    /// <summary>Writes down the hooks that have succeeded by now, before any of them is deleted.</summary>
    public Func<SyncOperation, CancellationToken, Task> SaveAsync { get; init; } = static (_, _) => Task.CompletedTask;

    /// <summary>Asked when it is cancelled: true deletes hooks that run (it was terminated or overtaken), false leaves them to be taken up again (the program ends).</summary>
    public Func<bool> EndsHooks { get; init; } = static () => false;
}
