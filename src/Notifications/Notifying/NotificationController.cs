using System.Collections.Concurrent;
using Bowline.Cluster.Controllers;
using Bowline.Cluster.Requests;
using Bowline.Cluster.Watching;
using Bowline.Notifications.Configuration;
using Bowline.Notifications.Model;
using Bowline.Notifications.Triggers;
using Bowline.Notifications.Variables;
using Bowline.Resources.Model;

namespace Bowline.Notifications.Notifying;

/// <summary>
/// Does what Argo CD's notifications controller does: whenever an Application changes, asks the triggers that somebody subscribed to,
/// and tells each recipient once. Without <c>argocd-notifications-cm</c> it does nothing.
/// </summary>
public sealed partial class NotificationController : IAsyncDisposable
{
    private static readonly WriteOptions Writing = new() { FieldManager = "bowline-notifications" };

    private readonly ClusterCache objects;
    private readonly ClusterCache configuration;
    private readonly NotificationOptions options;
    private readonly TimeProvider time;
    private readonly Controller controller;
    private readonly IDisposable subscription;
    private readonly DeliveryBoard board;
    private readonly Complaints complaints;
    private readonly SemaphoreSlim configuring = new(1, 1);
    private readonly CancellationTokenSource stopping = new();
    private readonly ConcurrentQueue<Task> running = new();
    private readonly ConcurrentDictionary<string, Outlets> outlets = new(StringComparer.Ordinal);

    /// <param name="objects">Watches the Applications and AppProjects of the namespace; it stays the caller's.</param>
    public NotificationController(ClusterCache objects, TimeProvider time, NotificationOptions options)
    {
        this.objects = objects;
        this.time = time;
        this.options = options;
        board = new DeliveryBoard(time);
        complaints = new Complaints(options.Note);
        configuration = new ClusterCache(objects.Cluster, time, new ClusterCacheOptions { Transform = KeepOwn });
        controller = new Controller("notifications", ReconcileAsync, time, new ControllerOptions
        {
            Workers = 2,
            FirstBackoff = TimeSpan.FromMilliseconds(200),
            OnFailure = failure => complaints.Say(Shown(failure.Key), failure.Error.Message, $"notifications of {Shown(failure.Key)}: {failure.Error.Message}"),
        });
        subscription = configuration.Subscribe(change =>
        {
            if (change.Id.Name is NotificationSettings.ConfigMapName or NotificationSettings.SecretName)
            {
                running.Enqueue(Task.Run(() => ReconfigureAsync(change.Id.Namespace), CancellationToken.None));
            }
        });
    }

    /// <summary>Reads the configuration and begins; returns when both are known.</summary>
    /// <exception cref="ClusterException">The ConfigMap or the Secret may not be read.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        string scope = options is { LooksElsewhere: true, IsSelfService: true } ? string.Empty : options.Namespace;
        configuration.Watch(Applications.ConfigMaps, scope);
        configuration.Watch(Applications.Secrets, scope);
        await configuration.WaitForSyncAsync(cancellationToken).ConfigureAwait(false);
        foreach (string home in configuration.List(Applications.ConfigMaps.Kind, scope).Where(item => NameOf(item) == NotificationSettings.ConfigMapName).Select(NamespaceOf))
        {
            await ConfigureAsync(home).ConfigureAwait(false);
        }

        controller.For(objects, Applications.Kind.Kind);
        controller.Watches(objects, Applications.Projects.Kind, change => change.Before?.At("metadata", "annotations") is { } before && before.DeepEquals(change.Object.At("metadata", "annotations"))
            ? []
            : Keys(application => application.At("spec", "project")?.AsString() == change.Id.Name));
        running.Enqueue(Task.Run(() => controller.RunAsync(stopping.Token), CancellationToken.None));
        running.Enqueue(Task.Run(() => ResyncAsync(stopping.Token), CancellationToken.None));
    }

    /// <summary>Waits until everything is told that is to be told by now, or the time is up.</summary>
    public async Task WaitUntilIdleAsync(TimeSpan longest, CancellationToken cancellationToken)
    {
        long began = time.GetTimestamp();
        while ((!controller.IsIdle || board.Underway > 0 || board.Unwritten.Count > 0) && time.GetElapsedTime(began) < longest)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50), time, cancellationToken).ConfigureAwait(false);
        }
    }

    public async ValueTask DisposeAsync()
    {
        subscription.Dispose();
        await stopping.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        controller.Dispose();
        await Task.WhenAll(outlets.Values.Select(open => open.CloseAsync(ShutdownGrace))).ConfigureAwait(false);

        await WriteRestAsync().ConfigureAwait(false);
        await configuration.DisposeAsync().ConfigureAwait(false);
        configuring.Dispose();
        stopping.Dispose();
    }

    /// <summary>Of ConfigMaps and Secrets only the two that are meant are held, of others no more than what tells them apart.</summary>
    private static MapNode KeepOwn(MapNode item)
    {
        if (item.At("metadata", "name")?.AsString() is NotificationSettings.ConfigMapName or NotificationSettings.SecretName)
        {
            return item;
        }

        MapNode metadata = new();
        foreach (string key in (string[])["name", "namespace", "uid", "resourceVersion"])
        {
            metadata[key] = item.At("metadata", key) ?? Node.Null;
        }

        return new MapNode { ["apiVersion"] = item["apiVersion"] ?? Node.Null, ["kind"] = item["kind"] ?? Node.Null, ["metadata"] = metadata };
    }

    private IEnumerable<ReconcileKey> Keys(Func<MapNode, bool> which) =>
        objects.List(Applications.Kind.Kind, options.LooksElsewhere ? string.Empty : options.Namespace).Where(which).Select(application => new ReconcileKey(NamespaceOf(application), NameOf(application)));

    private static string NameOf(MapNode item) => item.At("metadata", "name")?.AsString() ?? string.Empty;

    private static string NamespaceOf(MapNode item) => item.At("metadata", "namespace")?.AsString() ?? string.Empty;

    private string Shown(ReconcileKey key) => key.Namespace == options.Namespace ? key.Name : $"{key.Namespace}/{key.Name}";

    private async Task ResyncAsync(CancellationToken cancellationToken)
    {
        using PeriodicTimer timer = new(options.Resync, time);
        while (await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false))
        {
            board.Sweep();
            if (!outlets.IsEmpty)
            {
                EnqueueAll();
            }
        }
    }

    private void EnqueueAll()
    {
        foreach (ReconcileKey key in Keys(static _ => true))
        {
            controller.Enqueue(key);
        }
    }

    private async Task<ReconcileResult> ReconcileAsync(ReconcileKey key, CancellationToken cancellationToken)
    {
        if (objects.Get(new ResourceId(Applications.Kind.Kind.Group, Applications.Kind.Kind.Kind, key.Namespace, key.Name)) is not { } application)
        {
            board.Forget(key);
            return ReconcileResult.Done;
        }

        NotifiedState state = NotifiedState.Of(application);
        IReadOnlyList<KeyValuePair<string, long>> arrived = board.ArrivedOf(key);
        foreach ((string stateKey, long seconds) in arrived)
        {
            state.Add(stateKey, seconds);
        }

        bool isComplete = true;
        if ((options.LooksElsewhere || key.Namespace == options.Namespace) && options.Concerns(key.Namespace, key.Name) && Applications.IsRefreshed(application))
        {
            isComplete = await AskAsync(key, application, state, cancellationToken).ConfigureAwait(false);
        }

        await WriteAsync(key, application, state, cancellationToken).ConfigureAwait(false);
        board.Written(key, arrived);
        return isComplete ? ReconcileResult.Done : ReconcileResult.After(FullQueuePause);
    }

    /// <summary>Asks every trigger that somebody subscribed to, of Argo CD's own configuration and of that beside the application.</summary>
    /// <returns>Whether all that is to be told is at least on its way.</returns>
    private async Task<bool> AskAsync(ReconcileKey key, MapNode application, NotifiedState state, CancellationToken cancellationToken)
    {
        Outlets[] configured = [.. ((string[])[options.Namespace, key.Namespace]).Distinct().Select(home => outlets.GetValueOrDefault(home)).OfType<Outlets>()];
        CommitNotes commits = new(options.Commits);
        bool isComplete = true;
        foreach (Outlets open in configured)
        {
            foreach ((string trigger, List<Destination> recipients) in DestinationsOf(key, application, open))
            {
                if (open.Settings.Triggers.TryGetValue(trigger, out IReadOnlyList<Condition>? conditions))
                {
                    MapNode variables = ApplicationVariables.Of(application, open.Settings.Context, open.Settings.Secrets, commits, string.Empty);
                    foreach (Condition condition in conditions)
                    {
                        ConditionResult result = await commits.WithAsync(() => condition.Evaluate(variables, time, cancellationToken), cancellationToken).ConfigureAwait(false);
                        if (result.Problem.Length > 0)
                        {
                            complaints.Say("trigger " + trigger, result.Problem, open.Settings.Redactor.Clean($"notifications: trigger {trigger} of {Shown(key)}: {result.Problem}"));
                        }

                        isComplete &= Tell(new Delivery(key, application, trigger, string.Empty, result.Templates, default, commits, open.Settings), result, recipients, open, state);
                    }
                }
                else if (!Array.Exists(configured, other => other.Settings.Triggers.ContainsKey(trigger)))
                {
                    complaints.Say("trigger " + trigger, "missing", $"notifications: trigger '{trigger}' is not configured, and {Shown(key)} subscribes to it");
                }
            }
        }

        return isComplete;
    }

    private IEnumerable<KeyValuePair<string, List<Destination>>> DestinationsOf(ReconcileKey key, MapNode application, Outlets open)
    {
        MapNode? project = objects.Get(new ResourceId(Applications.Projects.Kind.Group, Applications.Projects.Kind.Kind, options.Namespace, application.At("spec", "project")?.AsString() ?? string.Empty));
        Destinations destinations = open.Settings.DestinationsOf(application, project, out string problem);
        if (problem.Length > 0)
        {
            complaints.Say(Shown(key), problem, $"notifications of {Shown(key)}: {problem}");
        }

        return destinations.ByTrigger;
    }

    /// <summary>Sends what a condition asks for to whom it was not sent, and forgets what is true no more.</summary>
    private bool Tell(Delivery draft, ConditionResult result, List<Destination> recipients, Outlets open, NotifiedState state)
    {
        bool isComplete = true;
        foreach (Destination recipient in recipients)
        {
            string stateKey = NotifiedState.KeyOf(open.IsOwn ? string.Empty : open.Namespace, draft.Trigger, result, recipient);
            if (!result.IsTriggered)
            {
                state.Remove(stateKey);
            }
            else if (!state.Contains(stateKey) && board.TryBegin(draft.Key, stateKey))
            {
                Delivery delivery = draft with { StateKey = stateKey, Destination = recipient };
                if (open.Find(recipient.Service) is not { } queue)
                {
                    Failed(delivery, $"notification service '{recipient.Service}' is not supported");
                }
                else if (!queue.TryAdd(delivery))
                {
                    board.GiveBack(draft.Key, stateKey);
                    isComplete = false;
                }
            }
        }

        return isComplete;
    }

    private async Task WriteAsync(ReconcileKey key, MapNode application, NotifiedState state, CancellationToken cancellationToken)
    {
        string? text = state.ToText();
        if (text == application.At("metadata", "annotations", NotifiedState.Annotation)?.AsString())
        {
            return;
        }

        MapNode patch = new() { ["metadata"] = new MapNode { ["annotations"] = new MapNode { [NotifiedState.Annotation] = text is null ? Node.Null : text } } };
        try
        {
            objects.Observe(await objects.Cluster.PatchAsync(new ObjectKey(Applications.Kind, key.Namespace, key.Name), PatchKind.Merge, patch, Writing, cancellationToken).ConfigureAwait(false));
        }
        catch (ClusterException gone) when (gone.IsNotFound)
        {
            board.Forget(key);
        }
    }
}
