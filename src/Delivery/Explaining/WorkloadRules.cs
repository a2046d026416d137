using Bowline.Resources.Model;

namespace Bowline.Delivery.Explaining;

/// <summary>Workloads: what they own, and why they may own no more.</summary>
internal static class WorkloadRules
{
    /// <summary>The API server refuses what the workload's controller would make: quotas, webhooks, service accounts.</summary>
    public static IEnumerable<Cause> CreationRefused(CauseQuestion question)
    {
        string message = (question.Live.At("status", "conditions") as ListNode ?? [])
            .Where(condition => condition["type"]?.AsString() == "ReplicaFailure" && condition["status"]?.AsString() == "True")
            .Select(condition => condition["message"]?.AsString()).FirstOrDefault()
            ?? (question.View.OwnedBy(question.Live).Any() ? null : question.View.WarningsOf(question.Live).Where(warning => warning.Reason == "FailedCreate").Select(warning => warning.Message).FirstOrDefault())
            ?? string.Empty;
        if (message.Length == 0)
        {
            yield break;
        }

        if (message.Contains("exceeded quota", StringComparison.Ordinal))
        {
            string quota = message.Split("exceeded quota: ")[1].Split(',')[0];
            ResourceId id = new(string.Empty, "ResourceQuota", question.Id.Namespace, quota);
            yield return new Cause(id, $"is used up: {message}") { Origin = question.View.OriginOf(id), Fix = $"raise the quota {quota}, or ask for less in {question.View.OriginOf(question.Id)}" };
        }
        else if (message.Contains("serviceaccount", StringComparison.OrdinalIgnoreCase) && message.Contains("not found", StringComparison.Ordinal))
        {
            yield return new Cause(null, message) { Origin = question.View.OriginOf(question.Id), Fix = "add the ServiceAccount to the repository, or name one that exists in serviceAccountName" };
        }
        else
        {
            Cause[] webhooks = [.. WebhookRules.Unreachable(message, question.View)];
            yield return new Cause(null, $"its pods are refused: {message}") { Origin = question.View.OriginOf(question.Id), Fix = FixOf(message), Because = webhooks };
        }
    }

    private static string FixOf(string message) => message switch
    {
        _ when message.Contains("denied the request", StringComparison.Ordinal) || message.Contains("denied request", StringComparison.Ordinal) => "change the pod template as the webhook or policy asks for",
        _ when message.Contains("violates PodSecurity", StringComparison.Ordinal) => "change the pod template's securityContext, or the namespace's label pod-security.kubernetes.io/enforce",
        _ when message.Contains(" usage per ", StringComparison.Ordinal) => "ask for what the namespace's LimitRange allows, or change that",
        _ => "correct the pod template",
    };

    /// <summary>What the workload owns and what is not healthy of it; one of several alike stands for all.</summary>
    public static IEnumerable<Cause> Owned(CauseQuestion question)
    {
        (ResourceId Id, MapNode Node)[] owned = [.. question.View.OwnedBy(question.Live)];
        // Of several ReplicaSets only those that still want pods count.
        (ResourceId Id, MapNode Node)[] counting = [.. owned.Where(item => item.Id.Kind != "ReplicaSet" || item.Node.At("spec", "replicas")?.AsInteger() > 0)];
        return counting.Where(item => question.IsUnhealthy(item.Id)).Select(item => question.Follow(item.Id)).OfType<Cause>().DistinctBy(Gist);
    }

    public static IEnumerable<Cause> ScaleTarget(CauseQuestion question)
    {
        Node? reference = question.Live.At("spec", "scaleTargetRef");
        ResourceKind kind = ResourceKind.Of(reference?["apiVersion"]?.AsString() ?? string.Empty, reference?["kind"]?.AsString() ?? string.Empty);
        ResourceId target = new(kind.Group, kind.Kind, question.Id.Namespace, reference?["name"]?.AsString() ?? string.Empty);
        if (question.View.IsMissing(target))
        {
            yield return new Cause(target, "is what it scales, and is not in the cluster") { Origin = question.View.OriginOf(question.Id), Fix = "correct spec.scaleTargetRef, or add what it names" };
        }
    }

    /// <summary>What is the same for pods that fail alike.</summary>
    private static string Gist(Cause cause) => cause.Because.Count == 0 ? cause.What : string.Join("|", cause.Because.Select(Gist));
}
