using System.Globalization;
using Bowline.EmbeddedCluster.Kinds;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Tables;

/// <summary>Controllers of pods.</summary>
internal static class WorkloadCells
{
    public static ListNode Deployment(Row row)
    {
        (string names, string images) = Row.Containers(row.Item.At("spec", "template", "spec"));
        return new ListNode(
            row.Name,
            $"{row.Number("status", "readyReplicas")}/{row.Number("spec", "replicas")}",
            row.Number("status", "updatedReplicas"),
            row.Number("status", "availableReplicas"),
            row.Age,
            names,
            images,
            Selector(row));
    }

    public static ListNode ReplicaSet(Row row)
    {
        (string names, string images) = Row.Containers(row.Item.At("spec", "template", "spec"));
        return new ListNode(row.Name, row.Number("spec", "replicas"), row.Number("status", "replicas"), row.Number("status", "readyReplicas"), row.Age, names, images, Selector(row));
    }

    public static ListNode StatefulSet(Row row)
    {
        (string names, string images) = Row.Containers(row.Item.At("spec", "template", "spec"));
        return new ListNode(row.Name, $"{row.Number("status", "readyReplicas")}/{row.Number("spec", "replicas")}", row.Age, names, images);
    }

    public static ListNode DaemonSet(Row row)
    {
        (string names, string images) = Row.Containers(row.Item.At("spec", "template", "spec"));
        return new ListNode(
            row.Name,
            row.Number("status", "desiredNumberScheduled"),
            row.Number("status", "currentNumberScheduled"),
            row.Number("status", "numberReady"),
            row.Number("status", "updatedNumberScheduled"),
            row.Number("status", "numberAvailable"),
            Row.Labels(row.Item.At("spec", "template", "spec", "nodeSelector")),
            row.Age,
            names,
            images,
            Selector(row));
    }

    public static ListNode Job(Row row)
    {
        (string names, string images) = Row.Containers(row.Item.At("spec", "template", "spec"));
        long parallelism = row.Number("spec", "parallelism");
        string completions = row.Item.At("spec", "completions")?.AsInteger() is { } wanted
            ? $"{row.Number("status", "succeeded")}/{wanted}"
            : $"{row.Number("status", "succeeded")}/1{(parallelism > 1 ? $" of {parallelism}" : string.Empty)}";
        return new ListNode(row.Name, JobStatus(row), completions, Duration(row), row.Age, names, images, Selector(row));
    }

    public static ListNode CronJob(Row row)
    {
        (string names, string images) = Row.Containers(row.Item.At("spec", "jobTemplate", "spec", "template", "spec"));
        string last = row.Item.At("status", "lastScheduleTime") is { } time ? Ages.Since(time, row.Now) : Row.None;
        return new ListNode(
            row.Name,
            row.Text("spec", "schedule"),
            row.TextOrNone("spec", "timeZone"),
            row.Flag("spec", "suspend") ? "True" : "False",
            Row.Each(row.Status?["active"]).Count(),
            last,
            row.Age,
            names,
            images,
            row.Item.At("spec", "jobTemplate", "spec", "selector") is { } selector ? SelectorText.Of(selector) : Row.None);
    }

    public static ListNode Autoscaler(Row row)
    {
        string reference = $"{row.Text("spec", "scaleTargetRef", "kind")}/{row.Text("spec", "scaleTargetRef", "name")}";
        string minimum = row.Item.At("spec", "minReplicas")?.AsInteger() is { } least ? least.ToString(CultureInfo.InvariantCulture) : "<unset>";
        return new ListNode(row.Name, reference, Targets(row), minimum, row.Number("spec", "maxReplicas"), row.Number("status", "currentReplicas"), row.Age);
    }

    public static ListNode Budget(Row row) => new(
        row.Name,
        row.Item.At("spec", "minAvailable")?.ToString() ?? "N/A",
        row.Item.At("spec", "maxUnavailable")?.ToString() ?? "N/A",
        row.Number("status", "disruptionsAllowed"),
        row.Age);

    private static string Selector(Row row) => SelectorText.Of(row.Spec?["selector"]) is { Length: > 0 } text ? text : Row.None;

    private static string JobStatus(Row row)
    {
        foreach (string type in (string[])["Complete", "Failed", "Suspended", "FailureTarget", "SuccessCriteriaMet"])
        {
            if (Row.Each(row.Status?["conditions"]).Any(condition => condition["type"]?.AsString() == type && condition["status"]?.AsString() == "True"))
            {
                return type;
            }
        }

        return row.Item["metadata"]?["deletionTimestamp"] is null ? "Running" : "Terminating";
    }

    private static string Duration(Row row)
    {
        if (!DateTimeOffset.TryParse(row.Text("status", "startTime"), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset start))
        {
            return string.Empty;
        }

        bool done = DateTimeOffset.TryParse(row.Text("status", "completionTime"), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset end);
        return Ages.Short((done ? end : row.Now) - start);
    }

    private static string Targets(Row row)
    {
        if (row.Item.At("spec", "targetCPUUtilizationPercentage")?.AsInteger() is { } cpu)
        {
            string current = row.Item.At("status", "currentCPUUtilizationPercentage")?.AsInteger() is { } now ? $"{now}%" : Ages.Unknown;
            return $"cpu: {current}/{cpu}%";
        }

        Node[] metrics = [.. Row.Each(row.Spec?["metrics"])];
        string[] shown = [.. metrics.Select((metric, i) => Target(metric, Row.Each(row.Status?["currentMetrics"]).ElementAtOrDefault(i)))];
        return shown.Length == 0 ? Row.None : shown.Length <= 2 ? string.Join(", ", shown) : $"{string.Join(", ", shown.Take(2))} + {shown.Length - 2} more...";
    }

    private static string Target(Node metric, Node? status)
    {
        string kind = metric["type"]?.AsString() ?? string.Empty;
        string key = kind.Length == 0 ? kind : char.ToLowerInvariant(kind[0]) + kind[1..];
        Node? own = metric[key];
        Node? target = own?["target"];
        Node? current = status?[key]?["current"];
        string prefix = kind is "Resource" or "ContainerResource" ? $"{own?["name"]?.AsString()}: " : string.Empty;
        if (target?["averageUtilization"]?.AsInteger() is { } percent)
        {
            return $"{prefix}{(current?["averageUtilization"]?.AsInteger() is { } now ? $"{now}%" : Ages.Unknown)}/{percent}%";
        }

        bool average = target?["averageValue"] is not null;
        string wanted = target?[average ? "averageValue" : "value"]?.AsString() ?? string.Empty;
        string had = current?[average ? "averageValue" : "value"]?.AsString() ?? Ages.Unknown;
        return $"{prefix}{had}/{wanted}{(average && kind != "Resource" ? " (avg)" : string.Empty)}";
    }
}
