using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Tables;

/// <summary>Pods: what their containers are up to, in one word.</summary>
internal static class PodCells
{
    public static ListNode Of(Row row)
    {
        MapNode pod = row.Item;
        ListNode containers = row.Spec?["containers"]?.AsList() ?? [];
        (string reason, long restarts, string lastRestart, int ready) = Summarize(row, pod);
        string shownRestarts = restarts > 0 && lastRestart.Length > 0 ? $"{restarts} ({lastRestart} ago)" : $"{restarts}";
        string[] ips = [.. Row.Each(row.Status?["podIPs"]).Select(item => item["ip"]?.AsString() ?? string.Empty)];
        string ip = ips.Length > 0 ? ips[0] : row.TextOrNone("status", "podIP");
        int sidecars = Row.Each(row.Spec?["initContainers"]).Count(item => item["restartPolicy"]?.AsString() == "Always");
        return new ListNode(
            row.Name,
            $"{ready}/{containers.Count + sidecars}",
            reason,
            shownRestarts,
            row.Age,
            ip.Length == 0 ? Row.None : ip,
            row.TextOrNone("spec", "nodeName"),
            row.TextOrNone("status", "nominatedNodeName"),
            Gates(row));
    }

    public static ListNode? Conditions(MapNode pod) => pod.At("status", "phase")?.AsString() switch
    {
        "Succeeded" => Completed("Succeeded", "The pod has completed successfully."),
        "Failed" => Completed("Failed", "The pod failed."),
        _ => null,
    };

    private static ListNode Completed(string reason, string message) =>
        new(new MapNode { ["type"] = "Completed", ["status"] = "True", ["reason"] = reason, ["message"] = message });

    private static string Gates(Row row)
    {
        Node[] gates = [.. Row.Each(row.Spec?["readinessGates"])];
        int open = gates.Count(gate => Row.Each(row.Status?["conditions"]).Any(condition => condition["type"]?.AsString() == gate["conditionType"]?.AsString() && condition["status"]?.AsString() == "True"));
        return gates.Length == 0 ? Row.None : $"{open}/{gates.Length}";
    }

    private static (string Reason, long Restarts, string LastRestart, int Ready) Summarize(Row row, MapNode pod)
    {
        string reason = row.Text("status", "reason") is { Length: > 0 } own ? own : row.Text("status", "phase");
        if (Row.Each(row.Status?["conditions"]).Any(condition => condition["type"]?.AsString() == "PodScheduled" && condition["reason"]?.AsString() == "SchedulingGated") || Row.Each(row.Spec?["schedulingGates"]).Any())
        {
            reason = "SchedulingGated";
        }

        (bool initializing, string initReason, long initRestarts) = Initializing(row);
        long restarts = initRestarts;
        int ready = 0;
        Node? last = null;
        if (initializing)
        {
            reason = initReason;
            last = LastFinished(row.Status?["initContainerStatuses"]);
        }
        else
        {
            (reason, restarts, ready) = Running(row, reason);
            last = LastFinished(row.Status?["containerStatuses"]);
        }

        if (pod["metadata"]?["deletionTimestamp"] is not null)
        {
            reason = row.Text("status", "reason") == "NodeLost" ? "Unknown" : row.Text("status", "phase") is "Succeeded" or "Failed" ? reason : "Terminating";
        }

        return (reason, restarts, last is null ? string.Empty : Ages.Since(last, row.Now), ready);
    }

    private static (string Reason, long Restarts, int Ready) Running(Row row, string reason)
    {
        long restarts = 0;
        int ready = 0;
        bool running = false;
        Node[] statuses = [.. Row.Each(row.Status?["containerStatuses"])];
        foreach (Node status in statuses.Reverse())
        {
            restarts += status["restartCount"]?.AsInteger() ?? 0;
            Node? terminated = status.At("state", "terminated");
            if (status.At("state", "waiting", "reason")?.AsString() is { Length: > 0 } waiting)
            {
                reason = waiting;
            }
            else if (terminated is not null)
            {
                reason = Ended(terminated);
            }
            else if (status["ready"]?.AsBool() == true && status.At("state", "running") is not null)
            {
                running = true;
                ready++;
            }
        }

        if (reason == "Completed" && running)
        {
            bool isReady = Row.Each(row.Status?["conditions"]).Any(condition => condition["type"]?.AsString() == "Ready" && condition["status"]?.AsString() == "True");
            reason = isReady ? "Running" : "NotReady";
        }

        return (reason, restarts, ready);
    }

    private static string Ended(Node terminated)
    {
        if (terminated["reason"]?.AsString() is { Length: > 0 } reason)
        {
            return reason;
        }

        long signal = terminated["signal"]?.AsInteger() ?? 0;
        return signal != 0 ? $"Signal:{signal}" : $"ExitCode:{terminated["exitCode"]?.AsInteger() ?? 0}";
    }

    private static (bool Initializing, string Reason, long Restarts) Initializing(Row row)
    {
        Node[] statuses = [.. Row.Each(row.Status?["initContainerStatuses"])];
        int total = Row.Each(row.Spec?["initContainers"]).Count();
        long restarts = 0;
        for (int i = 0; i < statuses.Length; i++)
        {
            Node status = statuses[i];
            restarts += status["restartCount"]?.AsInteger() ?? 0;
            Node? terminated = status.At("state", "terminated");
            if (terminated is not null && terminated["exitCode"]?.AsInteger() is 0 or null && terminated is not null)
            {
                continue;
            }

            if (status["started"]?.AsBool() == true && Row.Each(row.Spec?["initContainers"]).ElementAtOrDefault(i)?["restartPolicy"]?.AsString() == "Always")
            {
                continue;
            }

            string waiting = status.At("state", "waiting", "reason")?.AsString() ?? string.Empty;
            string reason = terminated is not null ? "Init:" + Ended(terminated) : waiting.Length > 0 && waiting != "PodInitializing" ? "Init:" + waiting : $"Init:{i}/{total}";
            return (true, reason, restarts);
        }

        return (false, string.Empty, restarts);
    }

    private static Node? LastFinished(Node? statuses) => Row.Each(statuses)
        .Select(status => status.At("lastState", "terminated", "finishedAt"))
        .Where(time => time is StringNode)
        .MaxBy(time => time!.AsString(), StringComparer.Ordinal);
}
