using Bowline.Applications.Sourcing;
using Bowline.Server.Webhooks;
using Bowline.Sources.Files;

namespace Bowline.Server.Composition.Up;

public sealed partial class UpSession
{
    /// <summary>Delivers every commit and every saved file until cancelled; drift is the runners' business.</summary>
    public async Task StayAsync(IUpObserver from, CancellationToken cancellationToken)
    {
        observer = from;
        repository.Complain = observer.Note;
        await using WebhookListener? webhooks = await ListenAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await following.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Ctrl-C is how this ends.
        }
    }

    private async Task FollowAsync(CancellationToken cancellationToken)
    {
        await foreach (WorkspaceChange change in repository.ChangesAsync(cancellationToken).ConfigureAwait(false))
        {
            await FollowAsync(change, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<WebhookListener?> ListenAsync(CancellationToken cancellationToken)
    {
        if (options.WebhookAddress is not { } address)
        {
            return null;
        }

        WebhookSecrets Secrets() => WebhookSecrets.Read(Environment.GetEnvironmentVariable, repository.Settings.OwnSecret);
        if (Secrets().IsEmpty)
        {
            observer.Note("webhooks: no secret is configured, so every one is refused; set BOWLINE_WEBHOOK_GITHUB_SECRET (GITLAB, GITEA, BITBUCKET, BITBUCKETSERVER) or argocd-secret's webhook keys");
        }

        try
        {
            WebhookListener listener = await WebhookListener.StartAsync(address, Secrets, HearOfMoves, cancellationToken).ConfigureAwait(false);
            observer.Note($"webhooks: POST {listener.Address}/api/webhook");
            return listener;
        }
        catch (IOException taken)
        {
            throw new UsageException($"--webhooks {address}: {taken.Message}");
        }
    }

    /// <summary>Repositories moved, somebody says: this process looks at them, and so do the others that share the hub.</summary>
    private int HearOfMoves(IReadOnlyList<string> repositories)
    {
        options.Replica?.Announce(repositories);
        return repository.Notify(repositories);
    }

    private void HearOfAnnounced(IReadOnlyList<string> repositories) => repository.Notify(repositories);

    private async Task FollowAsync(WorkspaceChange change, CancellationToken cancellationToken)
    {
        await loading.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await LoadAsync(change, cancellationToken).ConfigureAwait(false);
            TellSets(change);
            foreach ((string name, Running running) in runners)
            {
                if (!workspace!.Names.Contains(name) && workspace.IsComplete)
                {
                    runners.TryRemove(name, out _);
                    await running.StopAsync().ConfigureAwait(false);
                }
            }

            await StartAsync(cancellationToken).ConfigureAwait(false);
            foreach (Applications.Model.ApplicationStatus status in faulted.Values)
            {
                observer.Status(status);
            }
        }
        catch (Exception passing) when (passing is UsageException or SourceException or IOException or Cluster.Requests.ClusterException)
        {
            // A repository that is just being changed may be unreadable for a moment; what runs goes on as it was.
            observer.Note($"not delivered: {passing.Message}");
        }
        finally
        {
            loading.Release();
        }
    }
}
