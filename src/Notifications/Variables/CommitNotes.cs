using Bowline.Languages.GoTemplates.Values;
using Bowline.Notifications.Model;

namespace Bowline.Notifications.Variables;

/// <summary>
/// The commits that one application's triggers and templates ask about. Both languages evaluate without I/O: a commit that is not
/// known yet fails the evaluation, is fetched here, and the evaluation is done again.
/// </summary>
internal sealed class CommitNotes(Func<CommitQuery, CancellationToken, Task<CommitMetadata>> source)
{
    /// <summary>How many different commits one evaluation may ask for.</summary>
    private const int Most = 20;

    private readonly Dictionary<CommitQuery, CommitMetadata> known = [];
    private readonly Dictionary<CommitQuery, string> failed = [];
    private CommitQuery? wanted;

    /// <exception cref="GoError">It is not known (yet).</exception>
    public CommitMetadata Find(CommitQuery query)
    {
        if (known.TryGetValue(query, out CommitMetadata? commit))
        {
            return commit;
        }

        if (failed.TryGetValue(query, out string? reason))
        {
            throw new GoError(reason);
        }

        wanted ??= query;
        throw new GoError($"commit {query.Revision} is not known yet");
    }

    /// <summary>Evaluates, and again as long as that asked for another commit.</summary>
    public async Task<T> WithAsync<T>(Func<T> evaluate, CancellationToken cancellationToken)
    {
        for (int round = 0; ; round++)
        {
            wanted = null;
            try
            {
                T result = evaluate();
                if (wanted is null || round >= Most)
                {
                    return result;
                }
            }
            catch (NotificationException) when (wanted is not null && round < Most)
            {
                // Not an error yet: the commit is fetched below.
            }

            await FetchAsync(wanted.Value, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task FetchAsync(CommitQuery query, CancellationToken cancellationToken)
    {
        try
        {
            known[query] = await source(query, cancellationToken).ConfigureAwait(false);
        }
        catch (NotificationException missing)
        {
            failed[query] = missing.Message;
        }
    }
}
