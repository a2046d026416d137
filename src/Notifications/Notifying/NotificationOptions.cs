using System.Net;
using Bowline.Notifications.Model;
using Bowline.Notifications.Variables;

namespace Bowline.Notifications.Notifying;

/// <summary>What a <see cref="NotificationController"/> needs beside the cluster.</summary>
public sealed record NotificationOptions
{
    /// <summary>Where Argo CD's objects are.</summary>
    public string Namespace { get; init; } = "argocd";

    /// <summary>Which applications, by name, this process tells of: where several share a hub, each has its part. One that comes to it later is looked at with the next resync.</summary>
    public Func<string, bool> Concerns { get; init; } = static _ => true;

    /// <summary>Opens connections: to the host of a service, by way of this endpoint, which may be a proxy's; null for anywhere.</summary>
    public Func<string, DnsEndPoint, CancellationToken, ValueTask<Stream>>? Dial { get; init; }

    /// <summary>Told each problem once, in a sentence without secrets.</summary>
    public Action<string> Note { get; init; } = static _ => { };

    /// <summary>Finds a commit; fails with a <see cref="NotificationException"/>.</summary>
    public Func<CommitQuery, CancellationToken, Task<CommitMetadata>> Commits { get; init; } =
        static (query, _) => throw new NotificationException($"commit {query.Revision}: no repository is at hand");

    /// <summary>How often every application is looked at without a change, for triggers that depend on the time.</summary>
    public TimeSpan Resync { get; init; } = TimeSpan.FromSeconds(60);
}
