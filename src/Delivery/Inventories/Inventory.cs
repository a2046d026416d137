using Bowline.Resources.Model;

namespace Bowline.Delivery.Inventories;

/// <summary>What is known of an application in a cluster, kept there. Written before objects are applied, so that a crash in between forgets nothing.</summary>
/// <param name="Entries">Every object that was, or was about to be, delivered.</param>
/// <param name="Synced">Fingerprint of the desired state that was last delivered completely; empty before the first success.</param>
public sealed record Inventory(IReadOnlyList<InventoryEntry> Entries, string Synced)
{
    public static readonly Inventory Empty = new([], string.Empty);

    /// <summary>The repository that it was delivered from: another one that delivers to the same cluster leaves it alone. Empty when nobody said.</summary>
    public string Home { get; init; } = string.Empty;

    /// <summary>Whether the objects go when the application itself leaves the repository; kept here, since by then nothing else says so.</summary>
    public bool PruneOnRemoval { get; init; }

    /// <summary>The user in whose name the objects were written last; empty for the connection's own.</summary>
    public string As { get; init; } = string.Empty;

    /// <summary>The sync that began last and has not succeeded; null when there is none.</summary>
    public SyncOperation? Operation { get; init; }

    /// <summary>What was delivered completely, oldest first.</summary>
    public IReadOnlyList<DeliveredRevision> History { get; init; } = [];

    /// <summary>Why automation is held; null when it is not.</summary>
    public Hold? Hold { get; init; }

    /// <summary>PreDelete and PostDelete hooks, needed when the repository has them no more.</summary>
    public IReadOnlyList<MapNode> DeleteHooks { get; init; } = [];

    /// <summary>Whether there are such hooks that are Secrets: those are kept in a Secret beside the inventory.</summary>
    public bool HasSecretHooks { get; init; }

    /// <summary>Kinds of which its syncs have made hooks: what is left of those goes with the application.</summary>
    public IReadOnlyList<ResourceKind> HookKinds { get; init; } = [];

    /// <summary>What somebody asked for and nobody has taken up yet; null when there is nothing.</summary>
    public OperatorRequest? Request { get; init; }

    /// <summary>When deletions were confirmed last.</summary>
    public DateTimeOffset? Confirmed { get; init; }

    /// <summary>Why the last sync failed; empty when it did not.</summary>
    public string Failure { get; init; } = string.Empty;

    /// <summary>What became of the last request, in a sentence, with the request's id.</summary>
    public RequestAnswer? Answer { get; init; }

    /// <summary>Which replica syncs the application; null where one process alone delivers.</summary>
    public RecordClaim? Claim { get; init; }

    /// <summary>Where every source was when the application was taken over from another controller; empty once that is known as <see cref="Synced"/>.</summary>
    public IReadOnlyList<SourcePin> TakenOver { get; init; } = [];

    /// <summary>
    /// The same inventory once a render says what desired state was taken over: it counts as delivered, since the other controller ran its
    /// hooks. A render of other revisions is something new.
    /// </summary>
    public Inventory Recognise(string fingerprint, IReadOnlyList<SourcePin> sources)
    {
        if (TakenOver.Count == 0)
        {
            return this;
        }

        bool same = TakenOver.Select(source => source.Revision).SequenceEqual(sources.Select(source => source.Revision));
        return this with
        {
            TakenOver = [],
            Synced = same ? fingerprint : string.Empty,
            History = same && History is [.., { Fingerprint.Length: 0 } last] ? [.. History.SkipLast(1), last with { Fingerprint = fingerprint }] : History,
        };
    }
}

/// <summary>Whose record it is. Whoever takes it over counts the epoch up, so that a former holder finds that it is not his any more.</summary>
public sealed record RecordClaim(string Holder, long Epoch)
{
    /// <summary>The claim of a holder over one that stands.</summary>
    public static RecordClaim By(string holder, RecordClaim? standing) => standing?.Holder == holder ? standing : new RecordClaim(holder, (standing?.Epoch ?? 0) + 1);
}

/// <param name="Kind">With the version it was applied in, since the cluster is asked through it.</param>
public readonly record struct InventoryEntry(ResourceKind Kind, string Namespace, string Name)
{
    public ResourceId Id => new(Kind.Group, Kind.Kind, Namespace, Name);
}

/// <summary>One complete delivery.</summary>
/// <param name="Id">Counts up from 1.</param>
/// <param name="Sources">Every source with the revision that it was at; the first is the application's own repository.</param>
/// <param name="Cause">Who or what asked for it: <c>automation</c>, <c>rollback to 3 by ann</c>.</param>
public sealed record DeliveredRevision(int Id, string Fingerprint, DateTimeOffset At, IReadOnlyList<SourcePin> Sources, string Cause)
{
    /// <summary>For people: the first source's revision, shortened.</summary>
    public string Revision => Sources is [{ Revision: var revision }, ..] ? revision.Length > 12 && revision.All(char.IsAsciiHexDigit) ? revision[..7] : revision : string.Empty;
}

/// <param name="Url">A repository; empty for the one that the application is declared in.</param>
/// <param name="Revision">A commit or a chart's version; empty for a working tree that is not committed.</param>
public sealed record SourcePin(string Url, string Revision);

/// <summary>Keeps automation from delivering what the repository says now.</summary>
/// <param name="From">Fingerprint of the desired state that is not to be delivered; any other one ends the hold.</param>
/// <param name="RolledBackTo">The delivery that stands in its place; null when nothing was rolled back and the sync was only terminated.</param>
/// <param name="Reason">Who did it and when, for people.</param>
public sealed record Hold(string From, int? RolledBackTo, string Reason)
{
    /// <summary>A sync was terminated: nothing at all is synced until somebody asks for it, or something new comes.</summary>
    public bool IsHalt { get; init; }
}

/// <summary>What somebody asks of whoever delivers the application, written into the record.</summary>
/// <param name="Verb">sync, terminate, rollback, resume, confirm.</param>
/// <param name="Argument">A delivery's id for rollback.</param>
public sealed record OperatorRequest(string Id, string Verb, string Argument, string By, DateTimeOffset At);

/// <param name="Done">False while it is being carried out.</param>
public sealed record RequestAnswer(string Id, bool Done, bool Succeeded, string Message);
