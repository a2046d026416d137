using System.Collections.Concurrent;
using Bowline.Cluster.Requests;
using Bowline.Delivery.Desired;
using Bowline.Delivery.Inventories;
using Bowline.Delivery.Planning;

namespace Bowline.Delivery.Syncing;

/// <summary>What became of the hooks of one sync so far.</summary>
internal sealed class HookLedger(SyncRun run)
{
    private readonly ConcurrentDictionary<string, byte> done = new(run.Operation.HooksDone.Select(key => KeyValuePair.Create(key, (byte)0)));
    private readonly ConcurrentQueue<(DesiredObject Object, Hook Hook, bool Succeeded)> ended = new();
    private readonly ConcurrentDictionary<ObjectKey, DesiredObject> running = new();
    private readonly ConcurrentDictionary<ObjectKey, string> waiting = new();
    private int unsaved;

    public SyncRun Run => run;

    public SyncOperation Operation => run.Operation with { HooksDone = [.. done.Keys.Order(StringComparer.Ordinal)] };

    public IEnumerable<DesiredObject> Running => running.Values;

    /// <summary>Whether a hook has succeeded that the record does not know of yet; asked once.</summary>
    public bool TakeUnsaved() => Interlocked.Exchange(ref unsaved, 0) == 1;

    public bool IsDone(PlannedAction action) => done.ContainsKey(action.HookKey);

    public void Start(DesiredObject hook) => running[hook.Key] = hook;

    /// <summary>Says what is waited for: of hooks that run side by side always the same first one, so that the sentence stands still as long as it is true.</summary>
    public void Wait(DesiredObject hook, string what)
    {
        waiting[hook.Key] = what;
        string[] all = [.. waiting.OrderBy(one => one.Key.Name, StringComparer.Ordinal).Select(one => one.Value)];
        if (all.Length > 0)
        {
            run.Waits($"waits for {all[0]}{(all.Length > 1 ? $", and {all.Length - 1} more" : string.Empty)}");
        }
    }

    public void End(PlannedAction action, DesiredObject hook, bool succeeded)
    {
        running.TryRemove(hook.Key, out _);
        waiting.TryRemove(hook.Key, out _);
        ended.Enqueue((hook, action.Hook!, succeeded));
        if (succeeded && done.TryAdd(action.HookKey, 0))
        {
            Interlocked.Exchange(ref unsaved, 1);
        }
    }

    /// <summary>Objects whose policy says that they go now; each is handed out once.</summary>
    public IReadOnlyList<DesiredObject> TakeDeletable()
    {
        List<DesiredObject> deletable = [];
        while (ended.TryDequeue(out (DesiredObject Object, Hook Hook, bool Succeeded) hook))
        {
            if (hook.Hook.DeletePolicies.HasFlag(hook.Succeeded ? HookDeletePolicies.HookSucceeded : HookDeletePolicies.HookFailed))
            {
                deletable.Add(hook.Object);
            }
        }

        return deletable;
    }
}
