using System.Runtime.CompilerServices;
using Bowline.EmbeddedCluster.Kinds;
using Bowline.EmbeddedCluster.Storage;
using Bowline.EmbeddedCluster.Validation;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.ApiServer;

internal enum FeedType
{
    Added,
    Modified,
    Deleted,
    Bookmark,
    Error,
}

/// <summary>One event of a watch.</summary>
/// <param name="Object">Null for bookmarks and errors.</param>
/// <param name="InitialEnd">A bookmark that ends the initial events.</param>
internal readonly record struct FeedEvent(FeedType Type, StoredObject? Object, long Revision, bool InitialEnd = false, ApiException? Error = null);

internal sealed partial class ResourceService
{
    // A watcher that stops reading keeps so much of the log, and one object more, beside what its connection buffers.
    private const long BytesAtATime = 64 * 1024;
    private static readonly TimeSpan BookmarkEvery = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan BeforeEnd = TimeSpan.FromSeconds(2);

    /// <summary>Where a watch begins: the revision after which events are sent, and initial objects when asked for.</summary>
    /// <exception cref="ApiException">Options that contradict each other.</exception>
    public IAsyncEnumerable<FeedEvent> Watch(ServedKind kind, string? @namespace, ListRequest request, CancellationToken cancellationToken)
    {
        CheckWatch(request);
        long? asked = ParseRevision(request.ResourceVersion);
        if (asked < 0)
        {
            throw ApiErrors.Internal(BadRevision(request.ResourceVersion));
        }

        string? scope = kind.Namespaced ? @namespace : null;
        bool initial = request.SendInitialEvents ?? asked is null or 0;
        return Follow(kind, scope, request, initial, asked ?? 0, cancellationToken);
    }

    private static void CheckWatch(ListRequest request)
    {
        if (request.SendInitialEvents is not null && request.Match != "NotOlderThan")
        {
            FieldError needed = FieldError.Forbidden("resourceVersionMatch", "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan");
            throw request.Match.Length == 0 ? InvalidOptions(needed) : InvalidOptions(needed, FieldError.NotSupported("resourceVersionMatch", request.Match, "NotOlderThan"));
        }

        if (request.Continue.Length > 0)
        {
            throw InvalidOptions(FieldError.Forbidden("resourceVersionMatch", "resourceVersionMatch is forbidden when continue is provided"));
        }

        if (request.SendInitialEvents is null && request.Match.Length > 0)
        {
            FieldError unasked = FieldError.Forbidden("resourceVersionMatch", "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided");
            throw request.Match == "NotOlderThan" ? InvalidOptions(unasked) : InvalidOptions(unasked, FieldError.NotSupported("resourceVersionMatch", request.Match, "NotOlderThan"));
        }
    }

    private async IAsyncEnumerable<FeedEvent> Follow(
        ServedKind kind,
        string? @namespace,
        ListRequest request,
        bool initial,
        long after,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        EventLog log = Store.Log(kind.Collection);
        (CollectionSnapshot snapshot, long current) = Store.Consistent(kind.Collection);
        if (initial)
        {
            foreach (StoredObject item in snapshot.In(@namespace))
            {
                if (request.IsUnfiltered || request.Matches(Present(kind, item).Node))
                {
                    yield return new FeedEvent(FeedType.Added, item, item.Revision);
                }
            }

            after = current;
            if (request.SendInitialEvents == true && request.Bookmarks)
            {
                yield return new FeedEvent(FeedType.Bookmark, null, current, InitialEnd: true);
            }
        }
        else if (after == 0)
        {
            after = current;
        }

        await foreach (FeedEvent item in Changes(kind, @namespace, request, log, after, cancellationToken).ConfigureAwait(false))
        {
            yield return item;
        }
    }

    private async IAsyncEnumerable<FeedEvent> Changes(
        ServedKind kind,
        string? @namespace,
        ListRequest request,
        EventLog log,
        long after,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        List<Change> batch = [];
        DateTimeOffset bookmarkAt = FirstBookmark(request);
        while (!cancellationToken.IsCancellationRequested)
        {
            batch.Clear();
            if (!log.TryRead(after, batch, BytesAtATime))
            {
                ApiException expired = ApiErrors.Expired($"too old resource version: {after} ({log.Floor})");
                yield return new FeedEvent(FeedType.Error, null, after, Error: expired);
                yield break;
            }

            foreach (Change change in batch)
            {
                after = change.Revision;
                if (Seen(kind, @namespace, request, change) is { } seen)
                {
                    yield return seen;
                }
            }

            if (request.Bookmarks && bookmarkAt <= Time.GetUtcNow())
            {
                bookmarkAt = Time.GetUtcNow() + BookmarkEvery;
                yield return new FeedEvent(FeedType.Bookmark, null, after);
            }

            await WaitForChange(log, after, request.Bookmarks ? bookmarkAt : null, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>A watch that will end soon gets its bookmark shortly before, others every minute.</summary>
    private DateTimeOffset FirstBookmark(ListRequest request)
    {
        TimeSpan first = request.Timeout is { } timeout && timeout > BeforeEnd && timeout - BeforeEnd < BookmarkEvery ? timeout - BeforeEnd : BookmarkEvery;
        return Time.GetUtcNow() + first;
    }

    private async Task WaitForChange(EventLog log, long after, DateTimeOffset? until, CancellationToken cancellationToken)
    {
        Task changed = log.WaitAsync(after);
        if (changed.IsCompleted)
        {
            return;
        }

        TimeSpan patience = until is { } end ? end - Time.GetUtcNow() : Timeout.InfiniteTimeSpan;
        if (until is not null && patience <= TimeSpan.Zero)
        {
            return;
        }

        try
        {
            await changed.WaitAsync(patience, Time, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            // Time for a bookmark, or the end of the watch.
        }
    }

    /// <summary>What a change means to a watcher whose selection the object may enter or leave.</summary>
    private static FeedEvent? Seen(ServedKind kind, string? @namespace, ListRequest request, Change change)
    {
        if (@namespace is not null && change.Object.Namespace != @namespace)
        {
            return null;
        }

        if (request.IsUnfiltered)
        {
            return new FeedEvent((FeedType)change.Type, change.Object, change.Revision);
        }

        bool now = change.Type != ChangeType.Deleted && request.Matches(Present(kind, change.Object).Node);
        bool before = change.Previous is { } previous && request.Matches(Present(kind, previous).Node);
        return (before, now) switch
        {
            (false, true) => new FeedEvent(FeedType.Added, change.Object, change.Revision),
            (true, true) => new FeedEvent(FeedType.Modified, change.Object, change.Revision),
            (true, false) => new FeedEvent(FeedType.Deleted, change.Type == ChangeType.Deleted ? change.Object : Left(change), change.Revision),
            _ => null,
        };
    }

    /// <summary>An object that left the selection is shown as it last was in it, with the revision of its leaving.</summary>
    private static StoredObject Left(Change change) =>
        new Draft(change.Object.Namespace, change.Object.Name, Draft.Beginning(change.Previous!.Node), change.Revision).At(change.Revision);
}
