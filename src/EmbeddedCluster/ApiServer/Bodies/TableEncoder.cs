using Bowline.EmbeddedCluster.Kinds;
using Bowline.EmbeddedCluster.Tables;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.ApiServer.Bodies;

/// <summary>meta.k8s.io Tables: the columns that <c>kubectl get</c> prints.</summary>
internal sealed class TableEncoder(TimeProvider time)
{
    public MapNode Table(ServedKind kind, IReadOnlyList<MapNode> items, string include, MapNode metadata, bool beta)
    {
        if (include is not ("" or "None" or "Metadata" or "Object"))
        {
            throw Validation.ApiErrors.BadRequest($"Unable to convert to Table as requested: includeObject: Invalid value: \"{include}\": must be 'Metadata', 'Object', 'None', or empty");
        }

        TableColumns columns = TableColumns.Of(kind);
        return Build(columns, items, include, metadata, beta, withColumns: true);
    }

    /// <summary>A watch event's table: one row; columns are sent with the first event only.</summary>
    public MapNode Event(ServedKind kind, MapNode node, bool isBookmark, string include, bool first, bool beta)
    {
        MapNode metadata = new() { ["resourceVersion"] = ObjectMeta.Text(node, "resourceVersion") };
        return Build(TableColumns.Of(kind), isBookmark ? [node] : [node], include, metadata, beta, first);
    }

    private MapNode Build(TableColumns columns, IReadOnlyList<MapNode> items, string include, MapNode metadata, bool beta, bool withColumns)
    {
        ListNode rows = new(items.Count);
        DateTimeOffset now = time.GetUtcNow();
        foreach (MapNode item in items)
        {
            MapNode row = new() { ["cells"] = columns.Cells(item, now) };
            if (columns.Conditions(item) is { } conditions)
            {
                row["conditions"] = conditions;
            }

            row["object"] = Included(item, include, beta);
            rows.Add(row);
        }

        return new MapNode
        {
            ["kind"] = "Table",
            ["apiVersion"] = beta ? "meta.k8s.io/v1beta1" : "meta.k8s.io/v1",
            ["metadata"] = metadata,
            ["columnDefinitions"] = withColumns ? columns.Definitions : Node.Null,
            ["rows"] = rows,
        };
    }

    private static Node Included(MapNode item, string include, bool beta) => include switch
    {
        "None" => Node.Null,
        "Object" => item,
        _ => ListEncoder.Partial(item, new Accepted(BodyEncoding.Json, Presentation.PartialMetadata, beta), withHeader: true),
    };
}
