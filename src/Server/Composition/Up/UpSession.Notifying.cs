using Bowline.Cluster.Requests;
using Bowline.Notifications.Model;
using Bowline.Notifications.Notifying;
using Bowline.Notifications.Variables;
using Bowline.Server.Composition.Fetching;
using Bowline.Server.Composition.Verbs;
using Bowline.Sources.Files;

namespace Bowline.Server.Composition.Up;

public sealed partial class UpSession
{
    /// <summary>How long the end of <c>--once</c> waits for what is being told.</summary>
    private static readonly TimeSpan LastNotifications = TimeSpan.FromSeconds(15);

    private NotificationController? notifications;
    private Task notifying = Task.CompletedTask;

    /// <summary>Begins to tell people what becomes of the hub's applications; the delivery does not wait for it.</summary>
    private void BeginNotifying()
    {
        if (hub is null)
        {
            return;
        }

        notifications = new NotificationController(hub.Cache, time, new NotificationOptions
        {
            Namespace = hub.Namespace,
            Dial = guard.DialAsync,
            LooksElsewhere = options.Namespaces.AreSeveral,
            IsSelfService = repository.Settings.Installation.IsNotificationSelfService,
            Concerns = (@namespace, name) => hub.Holds(@namespace) && Delivers(hub.NameOf(@namespace, name)),
            Note = sentence => observer.Note(sentence),
            Commits = FindCommitAsync,
        });
        notifying = Task.Run(StartNotifyingAsync, CancellationToken.None);
    }

    private async Task StartNotifyingAsync()
    {
        try
        {
            await notifications!.StartAsync(stopping.Token).ConfigureAwait(false);
        }
        catch (ClusterException refused)
        {
            observer.Note($"nobody is notified: {refused.Message}");
        }
    }

    /// <summary>Waits until what was delivered is told, too.</summary>
    private async Task TellAsync(CancellationToken cancellationToken)
    {
        await notifying.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (notifications is not null && notifying.IsCompletedSuccessfully)
        {
            await notifications.WaitUntilIdleAsync(LastNotifications, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<CommitMetadata> FindCommitAsync(CommitQuery query, CancellationToken cancellationToken)
    {
        try
        {
            return NotificationSession.Metadata(await repository.DescribeAsync(workspace!.Home, query.Repository, query.Revision, query.Project, cancellationToken).ConfigureAwait(false));
        }
        catch (SourceException missing)
        {
            throw new NotificationException(missing.Message, missing);
        }
    }

    private async ValueTask EndNotifyingAsync()
    {
        await notifying.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (notifications is not null)
        {
            await notifications.DisposeAsync().ConfigureAwait(false);
        }
    }
}
