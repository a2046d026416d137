using Bowline.EmbeddedCluster.Kinds;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Tables;

/// <summary>Networking, rights, storage classes and the rest.</summary>
internal static class OtherCells
{
    public static ListNode Component(Row row)
    {
        Node? healthy = Row.Each(row.Item["conditions"]).FirstOrDefault(condition => condition["type"]?.AsString() == "Healthy");
        string status = healthy?["status"]?.AsString() switch
        {
            "True" => "Healthy",
            "False" => "Unhealthy",
            _ => "Unknown",
        };
        return new ListNode(row.Name, status, healthy?["message"]?.AsString() ?? string.Empty, healthy?["error"]?.AsString() ?? string.Empty);
    }

    public static ListNode Ingress(Row row)
    {
        string[] hosts = [.. Row.Each(row.Spec?["rules"]).Select(rule => rule["host"]?.AsString() is { Length: > 0 } host ? host : "*")];
        string shown = hosts.Length == 0 ? "*" : hosts.Length <= 3 ? Row.Join(hosts) : $"{Row.Join(hosts.Take(3))} + {hosts.Length - 3} more...";
        string address = Row.Join(Row.Each(row.Item.At("status", "loadBalancer", "ingress")).Select(item => item["ip"]?.AsString() ?? item["hostname"]?.AsString()));
        return new ListNode(row.Name, row.TextOrNone("spec", "ingressClassName"), shown, address, Row.Each(row.Spec?["tls"]).Any() ? "80, 443" : "80", row.Age);
    }

    public static ListNode IngressClass(Row row)
    {
        Node? parameters = row.Item.At("spec", "parameters");
        string group = parameters?["apiGroup"]?.AsString() is { Length: > 0 } own ? "." + own : string.Empty;
        string shown = parameters is null ? Row.None : $"{parameters["kind"]?.AsString()}{group}/{parameters["name"]?.AsString()}";
        return new ListNode(row.Name, row.Text("spec", "controller"), shown, row.Age);
    }

    public static ListNode NetworkPolicy(Row row) => new(row.Name, SelectorText.Of(row.Item.At("spec", "podSelector")) is { Length: > 0 } selector ? selector : Row.None, row.Age);

    public static ListNode EndpointSlice(Row row)
    {
        string[] ports = [.. Row.Each(row.Item["ports"]).Select(port => port["port"]?.AsInteger() is { } number ? number.ToString() : "*")];
        string[] addresses = [.. Row.Each(row.Item["endpoints"]).SelectMany(endpoint => Row.Each(endpoint["addresses"])).Select(address => address.AsString() ?? string.Empty)];
        return new ListNode(row.Name, row.Text("addressType"), ports.Length == 0 ? "<unset>" : Row.Few(ports), addresses.Length == 0 ? "<unset>" : Row.Few(addresses), row.Age);
    }

    public static ListNode StorageClass(Row row)
    {
        bool isDefault = row.Item.At("metadata", "annotations", "storageclass.kubernetes.io/is-default-class")?.AsString() == "true";
        return new ListNode(
            isDefault ? row.Name + " (default)" : row.Name,
            row.Text("provisioner"),
            row.Text("reclaimPolicy"),
            row.Text("volumeBindingMode"),
            row.Flag("allowVolumeExpansion"),
            row.Age);
    }

    public static ListNode Binding(Row row)
    {
        IEnumerable<Node> subjects = Row.Each(row.Item["subjects"]);
        string Of(string kind) => string.Join(", ", subjects.Where(subject => subject["kind"]?.AsString() == kind)
            .Select(subject => kind == "ServiceAccount" ? $"{subject["namespace"]?.AsString()}/{subject["name"]?.AsString()}" : subject["name"]?.AsString()));
        return new ListNode(row.Name, $"{row.Text("roleRef", "kind")}/{row.Text("roleRef", "name")}", row.Age, Of("User"), Of("Group"), Of("ServiceAccount"));
    }

    public static ListNode PriorityClass(Row row) => new(row.Name, row.Number("value"), row.Flag("globalDefault"), row.Age, row.Text("preemptionPolicy"));

    public static ListNode ApiService(Row row)
    {
        Node? service = row.Item.At("spec", "service");
        Node? available = Row.Each(row.Status?["conditions"]).FirstOrDefault(condition => condition["type"]?.AsString() == "Available");
        string status = available?["status"]?.AsString() ?? "Unknown";
        string shown = status == "True" || available is null ? status : $"{status} ({available["reason"]?.AsString()})";
        return new ListNode(row.Name, service is null ? "Local" : $"{service["namespace"]?.AsString()}/{service["name"]?.AsString()}", shown, row.Age);
    }

    public static ListNode Revision(Row row)
    {
        Node? owner = Row.Each(row.Item.At("metadata", "ownerReferences")).FirstOrDefault(reference => reference["controller"]?.AsBool() == true);
        string group = ResourceKind.Of(owner?["apiVersion"]?.AsString() ?? string.Empty, string.Empty).Group;
        string kind = owner?["kind"]?.AsString()?.ToLowerInvariant() ?? string.Empty;
        string shown = owner is null ? Row.None : $"{(group.Length == 0 ? kind : $"{kind}.{group}")}/{owner["name"]?.AsString()}";
        return new ListNode(row.Name, shown, row.Number("revision").ToString(), row.Age);
    }

    public static ListNode Request(Row row)
    {
        string[] conditions = [.. Row.Each(row.Status?["conditions"]).Select(condition => condition["type"]?.AsString() ?? string.Empty)];
        string state = conditions.Contains("Denied") ? "Denied" : conditions.Contains("Approved") ? "Approved" : "Pending";
        string shown = conditions.Contains("Failed") ? state + ",Failed" : row.Text("status", "certificate").Length > 0 ? state + ",Issued" : state;
        string duration = row.Item.At("spec", "expirationSeconds")?.AsInteger() is { } seconds ? Ages.Short(TimeSpan.FromSeconds(seconds)) : Row.None;
        return new ListNode(row.Name, row.Age, row.TextOrNone("spec", "signerName"), row.Text("spec", "username"), duration, shown);
    }

    public static ListNode Template(Row row)
    {
        (string names, string images) = Row.Containers(row.Item.At("template", "spec"));
        return new ListNode(row.Name, names, images, Row.Labels(row.Item.At("template", "metadata", "labels")));
    }

    public static ListNode Address(Row row)
    {
        Node? parent = row.Spec?["parentRef"];
        string[] parts = [Joined(".", parent?["resource"], parent?["group"]).ToLowerInvariant(), Joined("/", parent?["namespace"], parent?["name"])];
        return new ListNode(row.Name, parent is null ? Row.None : string.Join('/', parts));
    }

    private static string Joined(string separator, params ReadOnlySpan<Node?> parts)
    {
        List<string> texts = [];
        foreach (Node? part in parts)
        {
            if (part?.AsString() is { Length: > 0 } text)
            {
                texts.Add(text);
            }
        }

        return string.Join(separator, texts);
    }

    public static ListNode PriorityLevel(Row row)
    {
        Node? limited = row.Item.At("spec", "limited");
        Node? queuing = limited.At2("limitResponse", "queuing");
        string Show(Node? number) => number?.AsInteger()?.ToString() ?? Row.None;
        return new ListNode(
            row.Name,
            row.Text("spec", "type"),
            Show((limited ?? row.Item.At("spec", "exempt"))?["nominalConcurrencyShares"]),
            Show(queuing?["queues"]),
            Show(queuing?["handSize"]),
            Show(queuing?["queueLengthLimit"]),
            row.Age);
    }

    public static ListNode FlowSchema(Row row)
    {
        string missing = Row.Each(row.Status?["conditions"]).FirstOrDefault(condition => condition["type"]?.AsString() == "Dangling")?["status"]?.AsString() ?? "?";
        return new ListNode(
            row.Name,
            row.Text("spec", "priorityLevelConfiguration", "name"),
            row.Number("spec", "matchingPrecedence").ToString(),
            row.TextOrNone("spec", "distinguisherMethod", "type"),
            row.Age,
            missing);
    }

    private static Node? At2(this Node? node, string first, string second) => node?[first]?[second];
}
