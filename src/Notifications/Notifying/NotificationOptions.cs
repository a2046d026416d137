using Bowline.Notifications.Model;
using Bowline.Notifications.Variables;

namespace Bowline.Notifications.Notifying;

/// <summary>What a <see cref="NotificationController"/> needs beside the cluster.</summary>
public sealed record NotificationOptions
{
    /// <summary>Where Argo CD's objects are: its configuration, its projects, and Applications.</summary>
    public string Namespace { get; init; } = "argocd";

    /// <summary>Whether Applications are told of that lie in other namespaces than <see cref="Namespace"/>.</summary>
    public bool LooksElsewhere { get; init; }

    /// <summary>Whether these may bring, in their own namespaces, a configuration beside Argo CD's (<c>notificationscontroller.selfservice.enabled</c>).</summary>
    public bool IsSelfService { get; init; }

    /// <summary>Which applications, by namespace and name, this process tells of: where several share a hub, each has its part. One that comes to it later is looked at with the next resync.</summary>
    public Func<string, string, bool> Concerns { get; init; } = static (_, _) => true;

    /// <summary>Opens connections: to the host of a service, by way of this endpoint, which may be a proxy's; null for anywhere.</summary>
    public Dial? Dial { get; init; }

    /// <summary>Told each problem once, in a sentence without secrets.</summary>
    public Action<string> Note { get; init; } = static _ => { };

    /// <summary>Finds a commit; fails with a <see cref="NotificationException"/>.</summary>
    public Func<CommitQuery, CancellationToken, Task<CommitMetadata>> Commits { get; init; } =
        static (query, _) => throw new NotificationException($"commit {query.Revision}: no repository is at hand");

    /// <summary>How often every application is looked at without a change, for triggers that depend on the time.</summary>
    public TimeSpan Resync { get; init; } = TimeSpan.FromSeconds(60);
}
