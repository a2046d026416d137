using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Tables;

/// <summary>Pods: what their containers are up to, in one word.</summary>
internal static class PodCells
{
    public static ListNode Of(Row row)
    {
        ListNode containers = row.Spec?["containers"]?.AsList() ?? [];
        Summary summary = Summarize(row);
        string lastRestart = summary.LastFinished is { } finished ? Ages.Since(finished, row.Now) : string.Empty;
        string shownRestarts = summary.Restarts > 0 && lastRestart.Length > 0 ? $"{summary.Restarts} ({lastRestart} ago)" : $"{summary.Restarts}";
        string[] ips = [.. Row.Each(row.Status?["podIPs"]).Select(item => item["ip"]?.AsString() ?? string.Empty)];
        string ip = ips.Length > 0 ? ips[0] : row.TextOrNone("status", "podIP");
        int sidecars = Row.Each(row.Spec?["initContainers"]).Count(IsSidecar);
        return new ListNode(
            row.Name,
            $"{summary.Ready}/{containers.Count + sidecars}",
            summary.Reason,
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

    // Upstream's printPod: restarts of init containers count until the pod is initialized, those of sidecars always.
    private static Summary Summarize(Row row)
    {
        Summary summary = new() { Reason = row.Text("status", "reason") is { Length: > 0 } own ? own : row.Text("status", "phase") };
        if (HasCondition(row, "PodScheduled", condition => condition["reason"]?.AsString() == "SchedulingGated") || Row.Each(row.Spec?["schedulingGates"]).Any())
        {
            summary.Reason = "SchedulingGated";
        }

        bool initializing = Initialize(row, summary);
        if (!initializing || HasCondition(row, "Initialized", IsTrue))
        {
            summary.KeepSidecars();
            Run(row, summary);
        }

        if (row.Item["metadata"]?["deletionTimestamp"] is not null)
        {
            summary.Reason = row.Text("status", "reason") == "NodeLost" ? "Unknown" : row.Text("status", "phase") is "Succeeded" or "Failed" ? summary.Reason : "Terminating";
        }

        return summary;
    }

    private static void Run(Row row, Summary summary)
    {
        bool running = false;
        foreach (Node status in Row.Each(row.Status?["containerStatuses"]).Reverse())
        {
            summary.Count(status, isSidecar: false);
            Node? terminated = status.At("state", "terminated");
            if (status.At("state", "waiting", "reason")?.AsString() is { Length: > 0 } waiting)
            {
                summary.Reason = waiting;
            }
            else if (terminated is not null)
            {
                summary.Reason = Ended(terminated);
            }
            else if (status["ready"]?.AsBool() == true && status.At("state", "running") is not null)
            {
                running = true;
                summary.Ready++;
            }
        }

        if (summary.Reason == "Completed" && running)
        {
            summary.Reason = HasCondition(row, "Ready", IsTrue) ? "Running" : "NotReady";
        }
    }

    private static bool HasCondition(Row row, string type, Func<Node, bool> holds) =>
        Row.Each(row.Status?["conditions"]).Any(condition => condition["type"]?.AsString() == type && holds(condition));

    private static bool IsTrue(Node condition) => condition["status"]?.AsString() == "True";

    private static bool IsSidecar(Node container) => container["restartPolicy"]?.AsString() == "Always";

    private static string Ended(Node terminated)
    {
        if (terminated["reason"]?.AsString() is { Length: > 0 } reason)
        {
            return reason;
        }

        long signal = terminated["signal"]?.AsInteger() ?? 0;
        return signal != 0 ? $"Signal:{signal}" : $"ExitCode:{terminated["exitCode"]?.AsInteger() ?? 0}";
    }

    /// <summary>Counts the init containers up to the first that is not through; false when all are.</summary>
    private static bool Initialize(Row row, Summary summary)
    {
        Dictionary<string, Node> specs = Row.Each(row.Spec?["initContainers"]).ToDictionary(spec => spec["name"]?.AsString() ?? string.Empty, StringComparer.Ordinal);
        int done = 0;
        foreach (Node status in Row.Each(row.Status?["initContainerStatuses"]))
        {
            bool isSidecar = specs.TryGetValue(status["name"]?.AsString() ?? string.Empty, out Node? spec) && IsSidecar(spec);
            summary.Count(status, isSidecar);
            Node? terminated = status.At("state", "terminated");
            if (terminated is not null && (terminated["exitCode"]?.AsInteger() ?? 0) == 0)
            {
                done++;
                continue;
            }

            if (isSidecar && status["started"]?.AsBool() == true)
            {
                summary.Ready += status["ready"]?.AsBool() == true ? 1 : 0;
                done++;
                continue;
            }

            string waiting = status.At("state", "waiting", "reason")?.AsString() ?? string.Empty;
            summary.Reason = terminated is not null ? "Init:" + Ended(terminated) : waiting.Length > 0 && waiting != "PodInitializing" ? "Init:" + waiting : $"Init:{done}/{specs.Count}";
            return true;
        }

        return false;
    }

    private sealed class Summary
    {
        private long sidecarRestarts;
        private Node? sidecarFinished;

        public required string Reason { get; set; }

        public int Ready { get; set; }

        public long Restarts { get; private set; }

        /// <summary>When the run before the last restart ended.</summary>
        public Node? LastFinished { get; private set; }

        public void Count(Node status, bool isSidecar)
        {
            long restarts = status["restartCount"]?.AsInteger() ?? 0;
            Node? finished = status.At("lastState", "terminated", "finishedAt");
            Restarts += restarts;
            LastFinished = Later(LastFinished, finished);
            if (isSidecar)
            {
                sidecarRestarts += restarts;
                sidecarFinished = Later(sidecarFinished, finished);
            }
        }

        /// <summary>Forgets the restarts of plain init containers.</summary>
        public void KeepSidecars() => (Restarts, LastFinished) = (sidecarRestarts, sidecarFinished);

        private static Node? Later(Node? one, Node? other) =>
            other is not StringNode ? one : one is null || string.CompareOrdinal(one.AsString(), other.AsString()) < 0 ? other : one;
    }
}
