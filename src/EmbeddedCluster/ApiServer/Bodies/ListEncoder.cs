using System.Buffers;
using System.Collections.Frozen;
using System.Text;
using Bowline.EmbeddedCluster.Kinds;
using Bowline.EmbeddedCluster.Storage;
using Bowline.Resources.Json;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;

namespace Bowline.EmbeddedCluster.ApiServer.Bodies;

/// <summary>Writes objects, lists and watch frames in the accepted form; stored bytes are copied wherever they say the right thing.</summary>
internal sealed class ListEncoder(TimeProvider time)
{
    private static readonly FrozenDictionary<FeedType, (string Type, byte[] Head)> FrameHeads = Enum.GetValues<FeedType>().ToFrozenDictionary(
        type => type,
        type => (type.ToString().ToUpperInvariant(), System.Text.Encoding.UTF8.GetBytes($"{{\"type\":\"{type.ToString().ToUpperInvariant()}\",\"object\":")));

    private static readonly byte[] FrameTail = "}\n"u8.ToArray();
    private readonly TableEncoder tables = new(time);

    public ReadOnlyMemory<byte> One(ServedKind kind, ResourceResult result, Accepted accepted, ApiRequest request)
    {
        if (accepted.Presentation == Presentation.Object)
        {
            return accepted.Encoding == BodyEncoding.Json && result.Stored is { } stored ? stored.Json : Bytes(result.Node, accepted);
        }

        if (accepted.Presentation == Presentation.PartialMetadataList)
        {
            throw Validation.ApiErrors.NotAcceptableForm($"you requested PartialObjectMetadataList, but the requested object is not a list (*{kind.GoType})");
        }

        MapNode shown = accepted.Presentation == Presentation.Table
            ? tables.Table(kind, [result.Node], request.Parameter("includeObject"), Revision(result.Node), accepted.IsBetaMeta)
            : Partial(result.Node, accepted, withHeader: true);
        return Bytes(shown, accepted);
    }

    public ReadOnlyMemory<byte> List(ServedKind kind, ListPage page, Accepted accepted, ApiRequest request)
    {
        if (accepted.Presentation == Presentation.PartialMetadata)
        {
            throw Validation.ApiErrors.NotAcceptableForm($"you requested PartialObjectMetadata, but the requested object is a list (*{(kind.Custom is not null ? "unstructured.UnstructuredList" : $"{kind.Kind.Group}.{kind.ListKind}")})");
        }

        if (accepted is { Presentation: Presentation.Object, Encoding: BodyEncoding.Json })
        {
            return PlainList(kind, page);
        }

        MapNode metadata = Metadata(page, kind, accepted.Presentation != Presentation.Object);
        IEnumerable<MapNode> nodes = page.Items.Select(item => ResourceService.Present(kind, item).Node);
        MapNode list = accepted.Presentation switch
        {
            Presentation.Table => tables.Table(kind, [.. nodes], request.Parameter("includeObject"), metadata, accepted.IsBetaMeta),
            Presentation.Object => Header(kind.ListKind, kind.Kind.ApiVersion, metadata, nodes.Select(node => (Node)WithoutHeader(kind, node))),
            _ => Header("PartialObjectMetadataList", MetaVersion(accepted), metadata, nodes.Select(node => (Node)Partial(node, accepted, withHeader: true))),
        };
        return Bytes(list, accepted);
    }

    /// <summary>A list of objects that are not stored; it has no revision.</summary>
    public byte[] Computed(ServedKind kind, IReadOnlyList<MapNode> items, Accepted accepted, ApiRequest request) => Bytes(
        accepted.Presentation switch
        {
            Presentation.Table => tables.Table(kind, items, request.Parameter("includeObject"), [], accepted.IsBetaMeta),
            Presentation.Object => Header(kind.ListKind, kind.Kind.ApiVersion, [], items.Select(node => (Node)WithoutHeader(kind, node))),
            _ => Header("PartialObjectMetadataList", MetaVersion(accepted), [], items.Select(node => (Node)Partial(node, accepted, withHeader: true))),
        },
        accepted);

    public Frame Frame(ServedKind kind, FeedEvent item, Accepted accepted, ApiRequest request, bool first)
    {
        (string type, byte[] head) = FrameHeads[item.Type];
        if (accepted.Encoding == BodyEncoding.Protobuf)
        {
            return ApiServer.Frame.Of(ProtobufWriter.WriteEvent(type, ProtobufWriter.Write(Shown(kind, item, accepted, request, first))));
        }

        bool asStored = item.Type != FeedType.Error && accepted.Presentation == Presentation.Object && item.Object is not null && ResourceService.IsStoredAs(kind, item.Object);
        byte[] body = asStored ? item.Object!.Json : JsonWriter.ToBytes(Shown(kind, item, accepted, request, first));
        return new Frame(head, body, FrameTail);
    }

    public static byte[] Bytes(MapNode node, Accepted accepted)
    {
        if (accepted.Encoding != BodyEncoding.Yaml)
        {
            return accepted.Encoding == BodyEncoding.Json ? JsonWriter.ToBytes(node) : ProtobufWriter.Write(node);
        }

        ArrayBufferWriter<byte> yaml = new();
        YamlWriter.Write(node, yaml);
        return yaml.WrittenSpan.ToArray();
    }

    private MapNode Shown(ServedKind kind, FeedEvent item, Accepted accepted, ApiRequest request, bool first)
    {
        if (item.Type == FeedType.Error)
        {
            return item.Error!.ToStatus();
        }

        MapNode node = item.Object is null ? Bookmarks.Of(kind, item) : ResourceService.Present(kind, item.Object).Node;
        return accepted.Presentation switch
        {
            Presentation.Table => tables.Event(kind, node, item.Object is null, request.Parameter("includeObject"), first, accepted.IsBetaMeta),
            Presentation.Object => node,
            _ => Partial(node, accepted, withHeader: true),
        };
    }

    private static ReadOnlyMemory<byte> PlainList(ServedKind kind, ListPage page)
    {
        ArrayBufferWriter<byte> output = new(page.Items.Sum(item => item.Size + 1) + 256);
        Append(output, $"{{\"kind\":\"{kind.ListKind}\",\"apiVersion\":\"{kind.Kind.ApiVersion}\",\"metadata\":");
        JsonWriter.Write(Metadata(page, kind, shaped: false), output);
        Append(output, ",\"items\":[");
        for (int i = 0; i < page.Items.Count; i++)
        {
            if (i > 0)
            {
                Append(output, ",");
            }

            WriteItem(output, kind, page.Items[i]);
        }

        Append(output, "]}");
        return output.WrittenMemory;
    }

    private static void WriteItem(ArrayBufferWriter<byte> output, ServedKind kind, StoredObject item)
    {
        bool stored = ResourceService.IsStoredAs(kind, item);
        if (stored && kind.Custom is not null)
        {
            output.Write(item.Json);
        }
        else if (stored)
        {
            Append(output, "{");
            output.Write(item.Json.AsSpan(item.HeaderLength));
        }
        else
        {
            JsonWriter.Write(WithoutHeader(kind, ResourceService.Present(kind, item).Node), output);
        }
    }

    private static MapNode WithoutHeader(ServedKind kind, MapNode node)
    {
        if (kind.Custom is not null)
        {
            return node;
        }

        MapNode bare = new(node.Count);
        foreach ((string key, Node value) in node)
        {
            if (key is not ("kind" or "apiVersion"))
            {
                bare[key] = value;
            }
        }

        return bare;
    }

    private static MapNode Header(string kind, string apiVersion, MapNode metadata, IEnumerable<Node> items) =>
        new() { ["kind"] = kind, ["apiVersion"] = apiVersion, ["metadata"] = metadata, ["items"] = new ListNode(items) };

    private static MapNode Metadata(ListPage page, ServedKind kind, bool shaped)
    {
        MapNode metadata = new() { ["resourceVersion"] = page.Revision.ToString() };
        // Lists of custom resources always have the member: the reference encodes them without a Go type.
        if (page.Continue.Length > 0 || (kind.Custom is not null && !shaped))
        {
            metadata["continue"] = page.Continue;
        }

        if (page.Remaining is { } remaining)
        {
            metadata["remainingItemCount"] = remaining;
        }

        return metadata;
    }

    private static MapNode Revision(MapNode node) => new() { ["resourceVersion"] = ObjectMeta.Text(node, "resourceVersion") };

    private static string MetaVersion(Accepted accepted) => accepted.IsBetaMeta ? "meta.k8s.io/v1beta1" : "meta.k8s.io/v1";

    internal static MapNode Partial(MapNode node, Accepted accepted, bool withHeader)
    {
        MapNode partial = [];
        if (withHeader)
        {
            partial["kind"] = "PartialObjectMetadata";
            partial["apiVersion"] = MetaVersion(accepted);
        }

        partial["metadata"] = node["metadata"] ?? new MapNode();
        return partial;
    }

    private static void Append(ArrayBufferWriter<byte> output, string text) => System.Text.Encoding.UTF8.GetBytes(text, output);
}
