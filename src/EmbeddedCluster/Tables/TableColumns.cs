using System.Collections.Concurrent;
using System.Collections.Frozen;
using Bowline.EmbeddedCluster.Kinds;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Tables;

/// <summary>The columns of one kind and how their cells are filled.</summary>
internal sealed class TableColumns
{
    private static readonly Lazy<FrozenDictionary<string, ListNode>> Recorded = new(ReadRecorded);

    private static readonly FrozenDictionary<string, Func<Row, ListNode>> Fillers = new Dictionary<string, Func<Row, ListNode>>
    {
        ["pods"] = PodCells.Of,
        ["configmaps"] = CoreCells.ConfigMap,
        ["secrets"] = CoreCells.Secret,
        ["namespaces"] = CoreCells.Namespace,
        ["services"] = CoreCells.Service,
        ["endpoints"] = CoreCells.Endpoints,
        ["nodes"] = CoreCells.Node,
        ["persistentvolumeclaims"] = CoreCells.Claim,
        ["persistentvolumes"] = CoreCells.Volume,
        ["events"] = CoreCells.Event,
        ["events.events.k8s.io"] = CoreCells.Event,
        ["resourcequotas"] = CoreCells.Quota,
        ["podtemplates"] = OtherCells.Template,
        ["replicationcontrollers"] = WorkloadCells.ReplicaSet,
        ["replicasets.apps"] = WorkloadCells.ReplicaSet,
        ["deployments.apps"] = WorkloadCells.Deployment,
        ["statefulsets.apps"] = WorkloadCells.StatefulSet,
        ["daemonsets.apps"] = WorkloadCells.DaemonSet,
        ["controllerrevisions.apps"] = OtherCells.Revision,
        ["jobs.batch"] = WorkloadCells.Job,
        ["cronjobs.batch"] = WorkloadCells.CronJob,
        ["horizontalpodautoscalers.autoscaling"] = WorkloadCells.Autoscaler,
        ["poddisruptionbudgets.policy"] = WorkloadCells.Budget,
        ["ingresses.networking.k8s.io"] = OtherCells.Ingress,
        ["ingressclasses.networking.k8s.io"] = OtherCells.IngressClass,
        ["networkpolicies.networking.k8s.io"] = OtherCells.NetworkPolicy,
        ["endpointslices.discovery.k8s.io"] = OtherCells.EndpointSlice,
        ["storageclasses.storage.k8s.io"] = OtherCells.StorageClass,
        ["rolebindings.rbac.authorization.k8s.io"] = OtherCells.Binding,
        ["clusterrolebindings.rbac.authorization.k8s.io"] = OtherCells.Binding,
        ["priorityclasses.scheduling.k8s.io"] = OtherCells.PriorityClass,
        ["leases.coordination.k8s.io"] = row => new ListNode(row.Name, row.Text("spec", "holderIdentity"), row.Age),
        ["runtimeclasses.node.k8s.io"] = row => new ListNode(row.Name, row.Text("handler"), row.Age),
        ["apiservices.apiregistration.k8s.io"] = OtherCells.ApiService,
        ["certificatesigningrequests.certificates.k8s.io"] = OtherCells.Request,
        ["flowschemas.flowcontrol.apiserver.k8s.io"] = OtherCells.FlowSchema,
        ["prioritylevelconfigurations.flowcontrol.apiserver.k8s.io"] = OtherCells.PriorityLevel,
        ["ipaddresses.networking.k8s.io"] = OtherCells.Address,
        ["servicecidrs.networking.k8s.io"] = row => new ListNode(row.Name, Row.Join(Row.Each(row.Spec?["cidrs"]).Select(cidr => cidr.AsString())), row.Age),
        ["volumeattachments.storage.k8s.io"] = row => new ListNode(row.Name, row.Text("spec", "attacher"), row.Text("spec", "source", "persistentVolumeName"), row.Text("spec", "nodeName"), row.Flag("status", "attached"), row.Age),
        ["csinodes.storage.k8s.io"] = row => new ListNode(row.Name, Row.Each(row.Spec?["drivers"]).Count(), row.Age),
        ["mutatingwebhookconfigurations.admissionregistration.k8s.io"] = row => new ListNode(row.Name, Row.Each(row.Item["webhooks"]).Count(), row.Age),
        ["validatingwebhookconfigurations.admissionregistration.k8s.io"] = row => new ListNode(row.Name, Row.Each(row.Item["webhooks"]).Count(), row.Age),
        ["mutatingadmissionpolicies.admissionregistration.k8s.io"] = PolicyCells.Mutating,
        ["mutatingadmissionpolicybindings.admissionregistration.k8s.io"] = PolicyCells.Binding,
        ["validatingadmissionpolicies.admissionregistration.k8s.io"] = PolicyCells.Validating,
        ["validatingadmissionpolicybindings.admissionregistration.k8s.io"] = PolicyCells.Binding,
        ["resourceclaims.resource.k8s.io"] = PolicyCells.Claim,
        ["resourceslices.resource.k8s.io"] = PolicyCells.Slice,
        ["csidrivers.storage.k8s.io"] = PolicyCells.Driver,
        ["volumeattributesclasses.storage.k8s.io"] = row => new ListNode(row.Name, row.Text("driverName"), row.Age),
    }.ToFrozenDictionary(StringComparer.Ordinal);

    private static readonly ListNode ScaleColumns = new(
        Column("Name", "string", string.Empty, "The object's name."), Column("Desired", "integer", string.Empty, "How many replicas are wanted."), Column("Available", "integer", string.Empty, "How many there are."), Column("Age", "string", string.Empty, "Time since the object was created."));

    private static readonly ListNode ComponentColumns = new(
        Column("Name", "string", "name", "The part's name."), Column("Status", "string", string.Empty, "Whether it is healthy."), Column("Message", "string", string.Empty, "What it said."), Column("Error", "string", string.Empty, "What went wrong."));

    private readonly Func<Row, ListNode> fill;
    private readonly Func<MapNode, ListNode?> conditions;

    private TableColumns(ListNode definitions, Func<Row, ListNode> fill, Func<MapNode, ListNode?>? conditions = null)
    {
        Definitions = definitions;
        this.fill = fill;
        this.conditions = conditions ?? (static _ => null);
    }

    public ListNode Definitions { get; }

    public static TableColumns Of(ServedKind kind)
    {
        if (kind.Kind is { Group: "autoscaling", Kind: "Scale" })
        {
            return new TableColumns(ScaleColumns, static row => new ListNode(row.Name, row.Number("spec", "replicas"), row.Number("status", "replicas"), row.Age));
        }

        if (kind.QualifiedPlural == "componentstatuses")
        {
            return new TableColumns(ComponentColumns, OtherCells.Component);
        }

        if (kind.Custom is not null)
        {
            return new TableColumns(CustomCells.Definitions(kind), row => CustomCells.Of(kind, row));
        }

        string path = kind.Kind.Group.Length == 0 ? $"/api/v1/{kind.Plural}" : $"/apis/{kind.Kind.ApiVersion}/{kind.Plural}";
        if (Recorded.Value.TryGetValue(path, out ListNode? definitions) && Fillers.TryGetValue(kind.QualifiedPlural, out Func<Row, ListNode>? fill))
        {
            return new TableColumns(definitions, fill, kind.QualifiedPlural == "pods" ? PodCells.Conditions : null);
        }

        return definitions is { Count: 2 } && definitions[1]["name"]?.AsString() == "Age"
            ? new TableColumns(definitions, static row => new ListNode(row.Name, row.Age))
            : new TableColumns(NameAndCreation, static row => new ListNode(row.Name, row.Created));
    }

    public ListNode Cells(MapNode node, DateTimeOffset now) => fill(new Row(node, now));

    public ListNode? Conditions(MapNode node) => conditions(node);

    private static ListNode NameAndCreation { get; } = (ListNode)new ListNode(
        Column("Name", "string", "name", "The object's name."),
        Column("Created At", "date", string.Empty, "When the object was created.")).Freeze();

    internal static MapNode Column(string name, string type, string format, string description, long priority = 0) =>
        new() { ["name"] = name, ["type"] = type, ["format"] = format, ["description"] = description, ["priority"] = priority };

    private static FrozenDictionary<string, ListNode> ReadRecorded()
    {
        MapNode file = EmbeddedData.Json("table-columns.json");
        Dictionary<string, ListNode> tables = new(StringComparer.Ordinal);
        foreach ((string path, Node columns) in file)
        {
            ListNode described = new(columns.AsList()!.Select(column => (Node)Column(
                column["name"]!.AsString()!,
                column["type"]!.AsString()!,
                column["format"]!.AsString()!,
                column["name"]!.AsString()! + " of the object.",
                column["priority"]!.AsInteger()!.Value)));
            tables[path] = (ListNode)described.Freeze();
        }

        return tables.ToFrozenDictionary(StringComparer.Ordinal);
    }
}

/// <summary>Columns that a CRD asks for.</summary>
internal static class CustomCells
{
    public static ListNode Definitions(ServedKind kind)
    {
        ListNode definitions = new(TableColumns.Column("Name", "string", "name", "The object's name."));
        if (kind.Custom!.Columns is not { Count: > 0 } columns)
        {
            definitions.Add(TableColumns.Column("Age", "date", string.Empty, "How long ago the object was created."));
            return definitions;
        }

        foreach (Node column in columns)
        {
            string name = column["name"]?.AsString() ?? string.Empty;
            definitions.Add(TableColumns.Column(
                name,
                column["type"]?.AsString() ?? "string",
                column["format"]?.AsString() ?? string.Empty,
                column["description"]?.AsString() ?? $"Custom resource definition column (in JSONPath format): {column["jsonPath"]?.AsString()}",
                column["priority"]?.AsInteger() ?? 0));
        }

        return definitions;
    }

    public static ListNode Of(ServedKind kind, Row row)
    {
        ListNode cells = new(StringNode.Of(row.Name));
        if (kind.Custom!.Columns is not { Count: > 0 } columns)
        {
            cells.Add(row.Age);
            return cells;
        }

        foreach (Node column in columns)
        {
            cells.Add(Cell(row, column));
        }

        return cells;
    }

    private static Node Cell(Row row, Node column)
    {
        Node[] found = [.. SimplePath.Select(row.Item, column["jsonPath"]?.AsString() ?? string.Empty)];
        if (found.Length == 0)
        {
            return Node.Null;
        }

        return column["type"]?.AsString() switch
        {
            "integer" => found[0].AsInteger() is { } whole ? IntegerNode.Of(whole) : Node.Null,
            "number" => found[0].AsNumber() is not null ? found[0] : Node.Null,
            "boolean" => found[0] as BoolNode ?? Node.Null,
            "date" => found[0] is StringNode time ? StringNode.Of(Ages.Since(time, row.Now)) : Node.Null,
            _ => StringNode.Of(Text(found[0])),
        };
    }

    private static string Text(Node node) => node is MapNode or ListNode ? Bowline.Resources.Json.JsonWriter.ToText(node) : node.ToString() ?? string.Empty;
}

/// <summary>The part of JSONPath that CRDs may use: members, indexes, wildcards and equality filters.</summary>
internal static class SimplePath
{
    public static IEnumerable<Node> Select(Node root, string path)
    {
        IEnumerable<Node> current = [root];
        foreach (string step in Steps(path))
        {
            current = [.. current.SelectMany(node => Follow(node, step))];
        }

        return current.Where(node => !node.IsNull);
    }

    private static IEnumerable<string> Steps(string path)
    {
        int at = 0;
        while (at < path.Length)
        {
            if (path[at] == '[')
            {
                int end = path.IndexOf(']', at);
                end = end < 0 ? path.Length - 1 : end;
                yield return path[at..(end + 1)];
                at = end + 1;
                continue;
            }

            at += path[at] == '.' ? 1 : 0;
            System.Text.StringBuilder name = new();
            while (at < path.Length && path[at] is not ('.' or '['))
            {
                at += path[at] == '\\' && at + 1 < path.Length ? 1 : 0;
                name.Append(path[at++]);
            }

            if (name.Length > 0)
            {
                yield return name.ToString();
            }
        }
    }

    private static IEnumerable<Node> Follow(Node node, string step)
    {
        if (!step.StartsWith('['))
        {
            return step == "*" ? All(node) : node[step] is { } member ? [member] : [];
        }

        string inner = step.Trim('[', ']');
        if (inner == "*")
        {
            return All(node);
        }

        if (inner.StartsWith('\'') || inner.StartsWith('"'))
        {
            return node[inner.Trim('\'', '"')] is { } member ? [member] : [];
        }

        if (inner.StartsWith("?(", StringComparison.Ordinal))
        {
            return Filter(node, inner[2..].TrimEnd(')'));
        }

        return node is ListNode list && int.TryParse(inner, out int index) && (index < 0 ? index + list.Count : index) is var real && real >= 0 && real < list.Count ? [list[real]] : [];
    }

    private static IEnumerable<Node> Filter(Node node, string condition)
    {
        string[] sides = condition.Split("==", 2, StringSplitOptions.TrimEntries);
        if (sides.Length != 2 || !sides[0].StartsWith("@.", StringComparison.Ordinal) || node is not ListNode list)
        {
            return [];
        }

        string[] path = sides[0][2..].Split('.');
        string value = sides[1].Trim('\'', '"');
        return list.Where(item => item.At(path)?.ToString() == value);
    }

    private static IEnumerable<Node> All(Node node) => node switch
    {
        ListNode list => list,
        MapNode map => map.Values,
        _ => [],
    };
}
