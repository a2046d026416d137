using System.Globalization;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Controllers.Workloads;

internal sealed partial class Jobs
{
    // What the pod failure policy makes of a failed pod; without a rule it counts.
    private (string Action, bool Counts, string Message) Match(MapNode pod)
    {
        List<MapNode> rules = [.. (spec["podFailurePolicy"]?["rules"]).Maps()];
        for (int i = 0; i < rules.Count; i++)
        {
            string action = rules[i].Text("action");
            string? matched = MatchExitCodes(rules[i]["onExitCodes"] as MapNode, pod) is { } container
                ? $"Container {container.Text("name")} for pod {pod.Namespace()}/{pod.Name()} failed with exit code {container.At("state", "terminated", "exitCode")}"
                : MatchConditions(rules[i], pod) is { } condition ? $"Pod {pod.Namespace()}/{pod.Name()} has condition {condition}" : null;
            if (matched is not null)
            {
                return (action, action != "Ignore", string.Create(CultureInfo.InvariantCulture, $"{matched} matching {action} rule at index {i}"));
            }
        }

        return (string.Empty, true, string.Empty);
    }

    private static MapNode? MatchExitCodes(MapNode? rule, MapNode pod)
    {
        if (rule is null)
        {
            return null;
        }

        HashSet<long> values = [.. (rule["values"] as ListNode ?? []).Select(value => value.AsInteger() ?? -1)];
        return pod.Status()["containerStatuses"].Maps().Concat(pod.Status()["initContainerStatuses"].Maps()).FirstOrDefault(container =>
            (rule["containerName"] is not StringNode name || name.Value == container.Text("name"))
            && container.At("state", "terminated", "exitCode")?.AsInteger() is { } code and not 0
            && values.Contains(code) == (rule.Text("operator") == "In"));
    }

    private static string? MatchConditions(MapNode rule, MapNode pod) => rule["onPodConditions"].Maps()
        .Where(pattern => pod.Status().ConditionIs(pattern.Text("type"), pattern["status"]?.AsString() ?? "True"))
        .Select(pattern => pattern.Text("type"))
        .FirstOrDefault();

    // Why the whole Job is to fail because of one pod.
    private string? FailedByPolicy() => pods.Where(IsFailed).Select(Match).Where(match => match.Action == "FailJob").Select(match => match.Message).FirstOrDefault();

    // The first rule of the success policy that holds.
    private string? SucceededByPolicy()
    {
        List<MapNode> rules = IsIndexed && completed.Count > 0 ? [.. (spec["successPolicy"]?["rules"]).Maps()] : [];
        int at = rules.FindIndex(rule =>
        {
            int? count = rule["succeededCount"] is { } wanted ? (int?)wanted.AsInteger() : null;
            if (rule["succeededIndexes"]?.AsString() is not { } indexes)
            {
                return completed.Count >= count;
            }

            HashSet<int> required = JobIndexes.Parse(indexes, Limit);
            return required.Count(completed.Contains) >= (count ?? required.Count);
        });
        return at < 0 ? null : string.Create(CultureInfo.InvariantCulture, $"Matched rules at index {at}");
    }

    private bool FailsIndex(MapNode pod)
    {
        if (!IsFailed(pod))
        {
            return false;
        }

        (string action, bool counts, _) = Match(pod);
        return action == "FailIndex" || (counts && Number(pod, FailuresKey) >= spec.Int("backoffLimitPerIndex"));
    }

    // Of each index that is neither done nor at work the pod that failed last.
    private Dictionary<int, MapNode> LastFailures() => pods
        .Where(pod => IsValid(pod) && IsFailed(pod) && pod.HasFinalizer(Finalizer) && !completed.Contains(IndexOf(pod)) && !failedIndexes.Contains(IndexOf(pod)))
        .GroupBy(IndexOf)
        .Where(group => !active.Exists(pod => IndexOf(pod) == group.Key))
        .ToDictionary(group => group.Key, group => group.MaxBy(pod => Number(pod, FailuresKey) + Number(pod, IgnoredKey))!);

    // The next pod of an index; null while it has to wait for its turn.
    private JobPod? Replacement(int index)
    {
        if (!waiting.TryGetValue(index, out MapNode? last))
        {
            return new JobPod(index, 0, 0);
        }

        int failures = Number(last, FailuresKey);
        int ignored = Number(last, IgnoredKey);
        if (Waits(failures + ignored + 1, FinishedAt(last)))
        {
            return null;
        }

        return Match(last).Counts ? new JobPod(index, failures + 1, ignored) : new JobPod(index, failures, ignored + 1);
    }

    private IEnumerable<int> FreeIndexes()
    {
        HashSet<int> taken = [.. completed, .. failedIndexes, .. active.Select(IndexOf)];
        if (ReplacesFailedOnly)
        {
            taken.UnionWith(pods.Where(pod => pod.IsDeleting() && !pod.IsFinished()).Select(IndexOf));
        }

        return Enumerable.Range(0, Completions ?? 0).Where(index => !taken.Contains(index));
    }

    private static int Number(MapNode pod, string annotation) =>
        int.TryParse(pod.Annotation(annotation), NumberStyles.None, CultureInfo.InvariantCulture, out int value) ? value : 0;
}
