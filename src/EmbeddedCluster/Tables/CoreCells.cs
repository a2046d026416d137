using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Tables;

/// <summary>Core objects that are not about running pods.</summary>
internal static class CoreCells
{
    public static ListNode ConfigMap(Row row) => new(row.Name, Count(row.Item["data"]) + Count(row.Item["binaryData"]), row.Age);

    public static ListNode Secret(Row row) => new(row.Name, row.Text("type"), Count(row.Item["data"]), row.Age);

    public static ListNode Namespace(Row row) => new(row.Name, row.Text("status", "phase"), row.Age);

    public static ListNode Service(Row row)
    {
        string type = row.Text("spec", "type");
        string address = row.TextOrNone("spec", "clusterIP");
        string ports = Row.Join(Row.Each(row.Spec?["ports"]).Select(Port));
        return new ListNode(row.Name, type, address, External(row, type), ports.Length == 0 ? Row.None : ports, row.Age, Row.Labels(row.Spec?["selector"]));
    }

    public static ListNode Endpoints(Row row)
    {
        List<string> found = [];
        foreach (Node subset in Row.Each(row.Item["subsets"]))
        {
            Node[] ports = [.. Row.Each(subset["ports"])];
            foreach (Node address in Row.Each(subset["addresses"]))
            {
                string ip = address["ip"]?.AsString() ?? string.Empty;
                found.AddRange(ports.Length == 0 ? [ip] : ports.Select(port => $"{ip}:{port["port"]?.AsInteger()}"));
            }
        }

        return new ListNode(row.Name, Row.Few(found), row.Age);
    }

    public static ListNode Node(Row row)
    {
        string ready = Row.Each(row.Status?["conditions"]).FirstOrDefault(condition => condition["type"]?.AsString() == "Ready")?["status"]?.AsString() switch
        {
            "True" => "Ready",
            null => "Unknown",
            _ => "NotReady",
        };
        string status = row.Flag("spec", "unschedulable") ? ready + ",SchedulingDisabled" : ready;
        return new ListNode(
            row.Name,
            status,
            Roles(row),
            row.Age,
            row.Text("status", "nodeInfo", "kubeletVersion"),
            Address(row, "InternalIP"),
            Address(row, "ExternalIP"),
            OrUnknown(row.Text("status", "nodeInfo", "osImage")),
            Kernel(row),
            OrUnknown(row.Text("status", "nodeInfo", "containerRuntimeVersion")));
    }

    public static ListNode Claim(Row row)
    {
        bool bound = row.Text("spec", "volumeName").Length > 0;
        string phase = row.Item["metadata"]?["deletionTimestamp"] is null ? row.Text("status", "phase") : "Terminating";
        return new ListNode(
            row.Name,
            phase,
            row.Text("spec", "volumeName"),
            bound ? row.Text("status", "capacity", "storage") : string.Empty,
            bound ? Modes(row.Status?["accessModes"]) : string.Empty,
            row.Text("spec", "storageClassName"),
            row.Text("spec", "volumeAttributesClassName") is { Length: > 0 } attributes ? attributes : "<unset>",
            row.Age,
            row.Text("spec", "volumeMode") is { Length: > 0 } mode ? mode : "<unset>");
    }

    public static ListNode Volume(Row row)
    {
        string claim = row.Item.At("spec", "claimRef") is { } reference ? $"{reference["namespace"]?.AsString()}/{reference["name"]?.AsString()}" : string.Empty;
        string phase = row.Item["metadata"]?["deletionTimestamp"] is null ? row.Text("status", "phase") : "Terminating";
        return new ListNode(
            row.Name,
            row.Text("spec", "capacity", "storage"),
            Modes(row.Spec?["accessModes"]),
            row.Text("spec", "persistentVolumeReclaimPolicy"),
            phase,
            claim,
            row.Text("spec", "storageClassName"),
            row.Text("spec", "volumeAttributesClassName") is { Length: > 0 } attributes ? attributes : "<unset>",
            row.Text("status", "reason"),
            row.Age,
            row.Text("spec", "volumeMode") is { Length: > 0 } mode ? mode : "<unset>");
    }

    public static ListNode Event(Row row)
    {
        MapNode item = row.Item;
        Node? first = item["firstTimestamp"] is StringNode ? item["firstTimestamp"] : item["deprecatedFirstTimestamp"] is StringNode ? item["deprecatedFirstTimestamp"] : item["eventTime"];
        Node? last = item["lastTimestamp"] is StringNode ? item["lastTimestamp"] : item["deprecatedLastTimestamp"] is StringNode ? item["deprecatedLastTimestamp"] : first;
        long count = item["count"]?.AsInteger() ?? item["deprecatedCount"]?.AsInteger() ?? 0;
        if (item["series"] is MapNode series)
        {
            last = series["lastObservedTime"];
            count = series["count"]?.AsInteger() ?? count;
        }

        Node? about = item["involvedObject"] ?? item["regarding"];
        string target = $"{about?["kind"]?.AsString()?.ToLowerInvariant()}/{about?["name"]?.AsString()}";
        string message = (item["message"] ?? item["note"])?.AsString()?.Trim() ?? string.Empty;
        return new ListNode(
            Ages.Since(last, row.Now),
            row.Text("type"),
            row.Text("reason"),
            target,
            about?["fieldPath"]?.AsString() ?? string.Empty,
            Source(item),
            message,
            Ages.Since(first, row.Now),
            Math.Max(1, count),
            row.Name);
    }

    public static ListNode Quota(Row row)
    {
        List<string> requests = [];
        List<string> limits = [];
        foreach ((string resource, Node hard) in (row.Item.At("status", "hard") as MapNode ?? []).Sorted())
        {
            string used = row.Item.At("status", "used", resource)?.AsString() ?? "0";
            (resource.StartsWith("limits", StringComparison.Ordinal) ? limits : requests).Add($"{resource}: {used}/{hard.AsString()}");
        }

        return new ListNode(row.Name, string.Join(", ", requests), string.Join(", ", limits), row.Age);
    }

    public static string Modes(Node? modes) => Row.Join(((string[])["ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod"])
        .Where(mode => Row.Each(modes).Any(item => item.AsString() == mode))
        .Select(mode => mode switch { "ReadWriteOnce" => "RWO", "ReadOnlyMany" => "ROX", "ReadWriteMany" => "RWX", _ => "RWOP" }));

    private static int Count(Node? map) => (map as MapNode)?.Count ?? 0;

    private static string OrUnknown(string text) => text.Length == 0 ? Ages.Unknown : text;

    private static string Kernel(Row row)
    {
        string kernel = row.Text("status", "nodeInfo", "kernelVersion");
        string architecture = row.Text("status", "nodeInfo", "architecture");
        return kernel.Length == 0 ? Ages.Unknown : architecture.Length == 0 ? kernel : $"{kernel} ({architecture})";
    }

    private static string Roles(Row row)
    {
        List<string> roles = [];
        foreach ((string key, Node value) in row.Item.At("metadata", "labels") as MapNode ?? [])
        {
            if (key.StartsWith("node-role.kubernetes.io/", StringComparison.Ordinal) && key.Length > 24)
            {
                roles.Add(key[24..]);
            }
            else if (key == "kubernetes.io/role" && value.AsString() is { Length: > 0 } role)
            {
                roles.Add(role);
            }
        }

        return roles.Count == 0 ? Row.None : Row.Join(roles.Distinct().Order(StringComparer.Ordinal));
    }

    private static string Address(Row row, string type) =>
        Row.Each(row.Status?["addresses"]).FirstOrDefault(address => address["type"]?.AsString() == type)?["address"]?.AsString() ?? Row.None;

    private static string Port(Node port)
    {
        string node = port["nodePort"]?.AsInteger() is { } number and > 0 ? $":{number}" : string.Empty;
        return $"{port["port"]?.AsInteger()}{node}/{port["protocol"]?.AsString()}";
    }

    private static string External(Row row, string type)
    {
        string given = Row.Join(Row.Each(row.Spec?["externalIPs"]).Select(ip => ip.AsString()));
        switch (type)
        {
            case "ExternalName":
                return row.Text("spec", "externalName");
            case "LoadBalancer":
                string balanced = Row.Join(Row.Each(row.Item.At("status", "loadBalancer", "ingress")).Select(item => item["ip"]?.AsString() ?? item["hostname"]?.AsString()));
                string all = Row.Join(((string[])[balanced, given]).Where(text => text.Length > 0));
                return all.Length == 0 ? "<pending>" : all;
            default:
                return given.Length == 0 ? Row.None : given;
        }
    }

    private static string Source(MapNode item)
    {
        Node? source = item["source"] ?? item["deprecatedSource"];
        string component = source?["component"]?.AsString() ?? string.Empty;
        string host = source?["host"]?.AsString() ?? string.Empty;
        if (component.Length == 0)
        {
            component = (item["reportingComponent"] ?? item["reportingController"])?.AsString() ?? string.Empty;
            host = item["reportingInstance"]?.AsString() ?? string.Empty;
        }

        return host.Length == 0 ? component : $"{component}, {host}";
    }
}
