using System.Collections.Frozen;
using Bowline.Cluster.Controllers;
using Bowline.Cluster.Requests;
using Bowline.Notifications.Configuration;
using Bowline.Notifications.Model;
using Bowline.Notifications.Services;
using Bowline.Notifications.Templates;
using Bowline.Notifications.Variables;
using Bowline.Resources.Model;

namespace Bowline.Notifications.Notifying;

public sealed partial class NotificationController
{
    /// <summary>How long one delivery may take, with all its retries.</summary>
    private static readonly TimeSpan LongestDelivery = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan ShutdownGrace = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ConfigurationPause = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan FullQueuePause = TimeSpan.FromSeconds(1);

    /// <summary>The ConfigMap and the Secret mostly change together: the second is waited for.</summary>
    private async Task ReconfigureAsync(string home)
    {
        await Task.Delay(ConfigurationPause, time, stopping.Token).ConfigureAwait(false);
        await ConfigureAsync(home).ConfigureAwait(false);
    }

    /// <summary>Takes the configuration of a namespace as it is now, and looks at every application with it.</summary>
    private async Task ConfigureAsync(string home)
    {
        await configuring.WaitAsync(stopping.Token).ConfigureAwait(false);
        try
        {
            MapNode? configMap = configuration.Get(new ResourceId(string.Empty, "ConfigMap", home, NotificationSettings.ConfigMapName));
            MapNode? secret = configuration.Get(new ResourceId(string.Empty, "Secret", home, NotificationSettings.SecretName));
            Outlets? former = outlets.GetValueOrDefault(home);
            if (former is not null ? former.IsOf(configMap, secret) : configMap is null)
            {
                return;
            }

            outlets.TryRemove(home, out _);
            board.ForgetFailures();
            complaints.Clear();
            if (configMap is not null)
            {
                Outlets open = new(home, home == options.Namespace, configMap, secret, SettingsReader.Read(configMap, secret, time, options.Dial), DeliverAsync, delivery => board.GiveBack(delivery.Key, delivery.StateKey), time);
                outlets[home] = open;
                foreach (SettingProblem problem in open.Settings.Problems)
                {
                    complaints.Say("key " + problem.Key, problem.Reason, open.IsOwn ? problem.ToString() : $"namespace {home}: {problem}");
                }
            }

            if (former is not null)
            {
                running.Enqueue(Task.Run(() => former.CloseAsync(LongestDelivery), CancellationToken.None));
            }

            EnqueueAll();
        }
        finally
        {
            configuring.Release();
        }
    }

    private async Task DeliverAsync(Delivery delivery, CancellationToken cancellationToken)
    {
        using CancellationTokenSource limit = new(LongestDelivery, time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            Notification notification = await RenderAsync(delivery, either.Token).ConfigureAwait(false);
            await delivery.Settings.Services[delivery.Destination.Service].SendAsync(notification, delivery.Destination, either.Token).ConfigureAwait(false);
            board.Arrive(delivery.Key, delivery.StateKey);
            complaints.Settle($"delivery {delivery.Destination}");
            controller.Enqueue(delivery.Key);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw;
        }
        catch (OperationCanceledException)
        {
            Failed(delivery, $"it takes longer than {LongestDelivery.TotalMinutes:0} minutes");
        }
        catch (NotificationException failed)
        {
            Failed(delivery, failed.Message);
        }
        catch (Exception bug)
        {
            // One notification must not stop the others of its service.
            Failed(delivery, $"{bug.GetType().Name}: {bug.Message}");
        }
    }

    private Task<Notification> RenderAsync(Delivery delivery, CancellationToken cancellationToken)
    {
        NotificationTemplate[] templates = [.. delivery.Templates.Select(name => delivery.Settings.Templates.GetValueOrDefault(name)
            ?? throw new NotificationException($"template '{name}' is not supported"))];
        MapNode variables = ApplicationVariables.ForDelivery(delivery.Application, delivery.Settings.Context, delivery.Settings.Secrets, delivery.Commits, delivery.Destination);
        return delivery.Commits.WithAsync(() => NotificationTemplate.Render(templates, variables, time, cancellationToken), cancellationToken);
    }

    private void Failed(Delivery delivery, string reason)
    {
        board.Fail(delivery.Key, delivery.StateKey);
        controller.EnqueueAfter(delivery.Key, DeliveryBoard.RetryAfter + TimeSpan.FromMilliseconds(1));
        string clean = delivery.Settings.Redactor.Clean(reason);
        complaints.Say($"delivery {delivery.Destination}", clean, delivery.Settings.Redactor.Clean($"notification {delivery.Trigger} of {Shown(delivery.Key)} to {Answers.Shortened(delivery.Destination.ToString())} is not delivered: {clean}"));
    }

    /// <summary>What arrived at the very end is written down, too.</summary>
    private async Task WriteRestAsync()
    {
        using CancellationTokenSource limit = new(ShutdownGrace, time);
        foreach (ReconcileKey key in board.Unwritten)
        {
            try
            {
                await ReconcileAsync(key, limit.Token).ConfigureAwait(false);
            }
            catch (Exception late) when (late is ClusterException or OperationCanceledException)
            {
                options.Note($"notifications of {Shown(key)}: that they were sent could not be written down: {late.Message}");
            }
        }
    }

    /// <summary>One configuration with the queues of its services.</summary>
    private sealed class Outlets(string @namespace, bool isOwn, MapNode configMap, MapNode? secret, NotificationSettings settings, Func<Delivery, CancellationToken, Task> deliver, Action<Delivery> giveBack, TimeProvider time)
    {
        private readonly FrozenDictionary<string, ServiceQueue> queues = settings.Services.Keys.ToFrozenDictionary(name => name, _ => new ServiceQueue(deliver, giveBack, time), StringComparer.Ordinal);

        public string Namespace => @namespace;

        /// <summary>Whether it is Argo CD's, for all applications, or one that lies beside some.</summary>
        public bool IsOwn => isOwn;

        public NotificationSettings Settings => settings;

        public ServiceQueue? Find(string service) => queues.GetValueOrDefault(service);

        public bool IsOf(MapNode? other, MapNode? otherSecret) =>
            Node.DeepEquals(configMap["data"], other?["data"]) && Node.DeepEquals(secret?["data"], otherSecret?["data"]);

        public async Task CloseAsync(TimeSpan grace)
        {
            await Task.WhenAll(queues.Values.Select(queue => queue.CloseAsync(grace))).ConfigureAwait(false);
            settings.Dispose();
        }
    }
}
