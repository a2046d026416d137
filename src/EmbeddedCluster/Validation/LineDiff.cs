using System.Globalization;
using System.Text;

namespace Bowline.EmbeddedCluster.Validation;

/// <summary>
/// The unified difference of two texts, hunk by hunk without names of files, as Python's difflib and Go's port of it find it: the longest run
/// of lines that both have, then those before and behind it; lines that are all over the place begin no run.
/// </summary>
internal sealed class LineDiff
{
    private const int Context = 3;
    private const int Many = 200;
    private readonly IReadOnlyList<string> before;
    private readonly IReadOnlyList<string> after;
    private readonly Dictionary<string, List<int>> places = new(StringComparer.Ordinal);

    private LineDiff(IReadOnlyList<string> before, IReadOnlyList<string> after)
    {
        this.before = before;
        this.after = after;
        for (int i = 0; i < after.Count; i++)
        {
            (places.TryGetValue(after[i], out List<int>? known) ? known : places[after[i]] = []).Add(i);
        }

        if (after.Count >= Many)
        {
            foreach (string common in places.Where(pair => pair.Value.Count > (after.Count / 100) + 1).Select(pair => pair.Key).ToArray())
            {
                places.Remove(common);
            }
        }
    }

    /// <returns>Empty when there is no difference; else with a line end behind every line.</returns>
    public static string Of(IReadOnlyList<string> before, IReadOnlyList<string> after)
    {
        LineDiff diff = new(before, after);
        StringBuilder text = new();
        foreach (List<Change> hunk in diff.Hunks())
        {
            diff.Write(hunk, text);
        }

        return text.ToString();
    }

    /// <summary>A run of lines in both texts; from-to, the end excluded.</summary>
    private readonly record struct Change(bool IsEqual, int From, int To, int AfterFrom, int AfterTo);

    /// <summary>A run that both have.</summary>
    private readonly record struct Run(int At, int AfterAt, int Length);

    private Run Longest(int from, int to, int afterFrom, int afterTo)
    {
        Run best = new(from, afterFrom, 0);
        Dictionary<int, int> lengths = [];
        for (int i = from; i < to; i++)
        {
            Dictionary<int, int> next = [];
            foreach (int j in places.GetValueOrDefault(before[i]) ?? [])
            {
                if (j >= afterTo)
                {
                    break;
                }

                if (j < afterFrom)
                {
                    continue;
                }

                int length = next[j] = lengths.GetValueOrDefault(j - 1) + 1;
                if (length > best.Length)
                {
                    best = new Run(i - length + 1, j - length + 1, length);
                }
            }

            lengths = next;
        }

        while (best.At > from && best.AfterAt > afterFrom && before[best.At - 1] == after[best.AfterAt - 1])
        {
            best = new Run(best.At - 1, best.AfterAt - 1, best.Length + 1);
        }

        while (best.At + best.Length < to && best.AfterAt + best.Length < afterTo && before[best.At + best.Length] == after[best.AfterAt + best.Length])
        {
            best = best with { Length = best.Length + 1 };
        }

        return best;
    }

    private List<Run> Runs()
    {
        List<Run> runs = [];
        Stack<(int From, int To, int AfterFrom, int AfterTo)> open = new([(0, before.Count, 0, after.Count)]);
        while (open.TryPop(out (int From, int To, int AfterFrom, int AfterTo) part))
        {
            Run run = Longest(part.From, part.To, part.AfterFrom, part.AfterTo);
            if (run.Length > 0)
            {
                runs.Add(run);
                open.Push((part.From, run.At, part.AfterFrom, run.AfterAt));
                open.Push((run.At + run.Length, part.To, run.AfterAt + run.Length, part.AfterTo));
            }
        }

        runs.Sort(static (left, right) => left.At.CompareTo(right.At));
        return runs;
    }

    private List<Change> Changes()
    {
        List<Change> changes = [];
        (int at, int afterAt) = (0, 0);
        foreach (Run run in Runs().Append(new Run(before.Count, after.Count, 0)))
        {
            if (at < run.At || afterAt < run.AfterAt)
            {
                changes.Add(new Change(false, at, run.At, afterAt, run.AfterAt));
            }

            (at, afterAt) = (run.At + run.Length, run.AfterAt + run.Length);
            if (run.Length > 0 && changes.LastOrDefault() is { IsEqual: true } last && last.To == run.At && last.AfterTo == run.AfterAt)
            {
                changes[^1] = last with { To = at, AfterTo = afterAt };
            }
            else if (run.Length > 0)
            {
                changes.Add(new Change(true, run.At, at, run.AfterAt, afterAt));
            }
        }

        return changes;
    }

    /// <summary>Changes that are near each other, with what is around them.</summary>
    private IEnumerable<List<Change>> Hunks()
    {
        List<Change> hunk = [];
        foreach (Change change in Changes())
        {
            if (change.IsEqual && hunk.Exists(one => !one.IsEqual) && change.To - change.From > 2 * Context)
            {
                hunk.Add(change with { To = change.From + Context, AfterTo = change.AfterFrom + Context });
                yield return hunk;
                hunk = [];
            }

            hunk.Add(change.IsEqual && hunk.Count == 0 ? Tail(change) : change);
        }

        if (hunk.Exists(one => !one.IsEqual))
        {
            if (hunk[^1] is { IsEqual: true } last)
            {
                int kept = Math.Min(Context, last.To - last.From);
                hunk[^1] = last with { To = last.From + kept, AfterTo = last.AfterFrom + kept };
            }

            yield return hunk;
        }
    }

    private static Change Tail(Change equal)
    {
        int kept = Math.Min(Context, equal.To - equal.From);
        return equal with { From = equal.To - kept, AfterFrom = equal.AfterTo - kept };
    }

    private void Write(List<Change> hunk, StringBuilder text)
    {
        text.Append("@@ -").Append(Range(hunk[0].From, hunk[^1].To)).Append(" +").Append(Range(hunk[0].AfterFrom, hunk[^1].AfterTo)).Append(" @@\n");
        foreach (Change change in hunk)
        {
            foreach (string line in before.Skip(change.From).Take(change.To - change.From))
            {
                text.Append(change.IsEqual ? ' ' : '-').Append(line).Append('\n');
            }

            foreach (string line in change.IsEqual ? [] : after.Skip(change.AfterFrom).Take(change.AfterTo - change.AfterFrom))
            {
                text.Append('+').Append(line).Append('\n');
            }
        }
    }

    private static string Range(int from, int to) => (to - from) switch
    {
        0 => string.Create(CultureInfo.InvariantCulture, $"{from},0"),
        1 => string.Create(CultureInfo.InvariantCulture, $"{from + 1}"),
        int length => string.Create(CultureInfo.InvariantCulture, $"{from + 1},{length}"),
    };
}
