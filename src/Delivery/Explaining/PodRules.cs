using Bowline.Resources.Model;

namespace Bowline.Delivery.Explaining;

/// <summary>Why a pod does not run.</summary>
internal static class PodRules
{
    /// <summary>No node takes it: a claim without a volume, or what the scheduler says.</summary>
    public static IEnumerable<Cause> Unschedulable(CauseQuestion question)
    {
        Node? scheduled = (question.Live.At("status", "conditions") as ListNode ?? []).FirstOrDefault(condition => condition["type"]?.AsString() == "PodScheduled");
        bool placed = question.Live.At("spec", "nodeName") is not null;
        if (placed || scheduled?["status"]?.AsString() != "False")
        {
            yield break;
        }

        Cause[] claims = [.. Claims(question).Select(claim => OfClaim(question, claim)).OfType<Cause>()];
        string message = scheduled["message"]?.AsString() ?? string.Empty;
        if (claims.Length > 0)
        {
            foreach (Cause claim in claims)
            {
                yield return claim;
            }
        }
        else
        {
            yield return new Cause(null, $"no node takes it: {message}") { Origin = OriginOf(question), Fix = FixOf(message) };
        }
    }

    /// <summary>What its volumes come from and what is not there.</summary>
    public static IEnumerable<Cause> Volumes(CauseQuestion question)
    {
        foreach (Node volume in question.Live.At("spec", "volumes") as ListNode ?? [])
        {
            (string kind, Node? source, string nameField) = volume["secret"] is { } secret ? ("Secret", secret, "secretName") : volume["configMap"] is { } map ? ("ConfigMap", map, "name") : (string.Empty, null, string.Empty);
            if (source is not null && source["optional"]?.AsBool() != true && Reference(question, kind, source[nameField]?.AsString(), null) is { } missing)
            {
                yield return missing;
            }
        }

        foreach (Cause claim in Claims(question).Select(claim => OfClaim(question, claim)).OfType<Cause>())
        {
            yield return claim;
        }
    }

    public static IEnumerable<Cause> Containers(CauseQuestion question)
    {
        foreach (string list in (string[])["initContainerStatuses", "containerStatuses"])
        {
            foreach (Node status in question.Live.At("status", list) as ListNode ?? [])
            {
                foreach (Cause cause in OfContainer(question, status))
                {
                    yield return cause;
                }
            }
        }
    }

    private static IEnumerable<Cause> OfContainer(CauseQuestion question, Node status)
    {
        string name = status["name"]?.AsString() ?? string.Empty;
        Node? waiting = status.At("state", "waiting");
        string reason = waiting?["reason"]?.AsString() ?? string.Empty;
        string message = waiting?["message"]?.AsString() ?? string.Empty;
        Node? ended = status.At("state", "terminated") ?? status.At("lastState", "terminated");
        switch (reason)
        {
            case "ErrImagePull" or "ImagePullBackOff" or "InvalidImageName" or "ErrImageNeverPull":
                foreach (Cause absent in PullSecrets(question))
                {
                    yield return absent;
                }

                yield return new Cause(null, $"container {name}: image {status["image"]} cannot be pulled ({reason}{(message.Length > 0 ? $": {message}" : string.Empty)})")
                {
                    Origin = OriginOf(question),
                    Fix = "correct the image's name and tag, or the registry's credentials (imagePullSecrets)",
                };
                break;
            case "CreateContainerConfigError":
                Cause[] missing = [.. Missing(question, name)];
                foreach (Cause cause in missing.Length > 0 ? missing : [new Cause(null, $"container {name}: {message}") { Origin = OriginOf(question), Fix = "add what it refers to" }])
                {
                    yield return cause;
                }

                break;
            case "CrashLoopBackOff" or "RunContainerError" or "CreateContainerError":
                yield return new Cause(null, $"container {name} keeps ending ({reason}{Exit(ended)})") { Origin = OriginOf(question), Fix = $"look at its output: kubectl -n {question.Id.Namespace} logs {question.Id.Name} -c {name} --previous" };
                break;
            default:
                if (status.At("state", "terminated")?["exitCode"]?.AsInteger() is > 0)
                {
                    yield return new Cause(null, $"container {name} failed{Exit(ended)}") { Origin = OriginOf(question), Fix = $"look at its output: kubectl -n {question.Id.Namespace} logs {question.Id.Name} -c {name}" };
                }
                else if (reason.Length > 0 && Missing(question, name).ToArray() is { Length: > 0 } absent)
                {
                    foreach (Cause cause in absent)
                    {
                        yield return cause;
                    }
                }
                else if (status.At("state", "running") is not null && status["ready"]?.AsBool() == false)
                {
                    string probe = question.View.WarningsOf(question.Live).Where(warning => warning.Reason == "Unhealthy").Select(warning => warning.Message).FirstOrDefault() ?? "its readiness probe does not pass";
                    yield return new Cause(null, $"container {name} runs but is not ready: {probe}") { Origin = OriginOf(question), Fix = $"correct the probe, or look why the container does not answer it: kubectl -n {question.Id.Namespace} logs {question.Id.Name} -c {name}" };
                }

                break;
        }
    }

    private static IEnumerable<Cause> PullSecrets(CauseQuestion question) => (question.Live.At("spec", "imagePullSecrets") as ListNode ?? [])
        .Select(secret => Reference(question, "Secret", secret["name"]?.AsString(), key: null)).OfType<Cause>();

    /// <summary>Secrets and ConfigMaps, or keys in them, that a container's environment needs and that are not there.</summary>
    private static IEnumerable<Cause> Missing(CauseQuestion question, string container)
    {
        foreach (string list in (string[])["initContainers", "containers"])
        {
            foreach (Node spec in (question.Live.At("spec", list) as ListNode ?? []).Where(spec => spec["name"]?.AsString() == container))
            {
                IEnumerable<(string Kind, Node? Source)> keys = (spec["env"] as ListNode ?? []).SelectMany(variable => new[] { ("Secret", variable.At("valueFrom", "secretKeyRef")), ("ConfigMap", variable.At("valueFrom", "configMapKeyRef")) });
                IEnumerable<(string Kind, Node? Source)> whole = (spec["envFrom"] as ListNode ?? []).SelectMany(variables => new[] { ("Secret", variables["secretRef"]), ("ConfigMap", variables["configMapRef"]) });
                foreach ((string kind, Node? source) in keys.Concat(whole))
                {
                    if (source is not null && source["optional"]?.AsBool() != true && Reference(question, kind, source["name"]?.AsString(), source["key"]?.AsString()) is { } missing)
                    {
                        yield return missing;
                    }
                }
            }
        }
    }

    private static Cause? Reference(CauseQuestion question, string kind, string? name, string? key)
    {
        ResourceId id = new(string.Empty, kind, question.Id.Namespace, name ?? string.Empty);
        if (question.View.IsMissing(id))
        {
            return new Cause(id, "does not exist") { Origin = OriginOf(question), Fix = $"add {kind} {name} to the repository (namespace {id.Namespace}), or have the operator that makes it look why it does not" };
        }

        MapNode? live = question.View.Get(id);
        bool has = key is null || live is null || live.At("data", key) is not null || live.At("binaryData", key) is not null;
        return has ? null : new Cause(id, $"has no key {key} (it has: {string.Join(", ", ((live!["data"] as MapNode)?.Keys ?? []).Order(StringComparer.Ordinal))})")
        {
            Origin = question.View.OriginOf(id),
            Fix = $"add the key {key} to {kind} {name}, or refer to another",
        };
    }

    private static IEnumerable<ResourceId> Claims(CauseQuestion question) => (question.Live.At("spec", "volumes") as ListNode ?? [])
        .Select(volume => volume.At("persistentVolumeClaim", "claimName")?.AsString()).OfType<string>()
        .Select(name => new ResourceId(string.Empty, "PersistentVolumeClaim", question.Id.Namespace, name));

    private static Cause? OfClaim(CauseQuestion question, ResourceId claim)
    {
        if (question.View.IsMissing(claim))
        {
            return new Cause(claim, "does not exist") { Origin = OriginOf(question), Fix = $"add the PersistentVolumeClaim {claim.Name} to the repository" };
        }

        if (question.View.Get(claim)?.At("status", "phase")?.AsString() == "Bound")
        {
            return null;
        }

        return question.Follow(claim) is { } cause ? cause with { What = "is unbound" } : null;
    }

    /// <summary>The file of the workload that the pod comes from.</summary>
    private static Origin OriginOf(CauseQuestion question)
    {
        ResourceId at = question.Id;
        MapNode? live = question.Live;
        for (int depth = 0; depth < 4 && live is not null; depth++)
        {
            if (question.View.OriginOf(at) is { File.Length: > 0 } origin)
            {
                return origin;
            }

            if (live.At("metadata", "ownerReferences") is not ListNode { Count: > 0 } owners)
            {
                break;
            }

            ResourceKind kind = ResourceKind.Of(owners[0]["apiVersion"]?.AsString() ?? string.Empty, owners[0]["kind"]?.AsString() ?? string.Empty);
            at = new ResourceId(kind.Group, kind.Kind, at.Namespace, owners[0]["name"]?.AsString() ?? string.Empty);
            live = question.View.Get(at);
        }

        return question.View.OriginOf(at);
    }

    private static string Exit(Node? ended) => ended is null ? string.Empty
        : $", exit code {ended["exitCode"]}{(ended["reason"]?.AsString() is { Length: > 0 } reason and not "Error" ? $" {reason}" : string.Empty)}{(ended["message"]?.AsString() is { Length: > 0 } message ? $": {message.Trim()}" : string.Empty)}";

    private static string FixOf(string message) => message switch
    {
        _ when message.Contains("Insufficient", StringComparison.Ordinal) => "ask for less in resources.requests, or add nodes",
        _ when message.Contains("taint", StringComparison.Ordinal) => "tolerate the taint, or add nodes without it",
        _ when message.Contains("affinity", StringComparison.Ordinal) || message.Contains("selector", StringComparison.Ordinal) => "correct nodeSelector or affinity, or label a node",
        _ => "see what the scheduler asks for",
    };
}
