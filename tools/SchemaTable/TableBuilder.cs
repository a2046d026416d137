using System.Text;
using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.SchemaTable;

/// <summary>
/// Writes the table that <c>Bowline.Resources.Schemas.KindTable</c> reads. All numbers are variable-length:
/// strings, schema nodes (equal ones shared, definitions first), definition names, groups with their kinds, other kinds.
/// </summary>
internal sealed class TableBuilder
{
    private const string ReferencePrefix = "#/components/schemas/";
    private readonly Dictionary<string, int> stringIndex = new(StringComparer.Ordinal);
    private readonly List<string> strings = [];
    private readonly List<byte[]> nodes = [];
    private readonly Dictionary<string, int> nodeIndex = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> definitionIndex = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> schemaOfKind = new(StringComparer.Ordinal);
    private ApiDocuments documents = null!;

    public byte[] Build(ApiDocuments source)
    {
        documents = source;
        foreach ((string name, _) in source.Definitions)
        {
            definitionIndex[name] = nodes.Count;
            nodes.Add([]);
        }

        foreach ((string name, MapNode definition) in source.Definitions)
        {
            nodes[definitionIndex[name]] = Encode(definition, name);
            foreach (Node kind in definition["x-kubernetes-group-version-kind"]?.AsList() ?? [])
            {
                schemaOfKind[KindKey(Text(kind, "group"), Text(kind, "version"), Text(kind, "kind"))] = definitionIndex[name];
            }
        }

        // Written before the header, since each section adds strings.
        ByteWriter names = Names();
        ByteWriter groups = Groups();
        ByteWriter others = OtherKinds();

        ByteWriter table = new();
        table.Bytes("BKT1"u8);
        table.Number(strings.Count);
        strings.ForEach(text => table.Block(Encoding.UTF8.GetBytes(text)));
        table.Number(nodes.Count);
        nodes.ForEach(table.Block);
        table.Bytes(names.ToArray());
        table.Bytes(groups.ToArray());
        table.Bytes(others.ToArray());
        return table.ToArray();
    }

    private static string KindKey(string group, string version, string kind) => $"{group}/{version}/{kind}";

    private static string Text(Node node, string key) => node[key]?.AsString() ?? string.Empty;

    private int StringOf(string text)
    {
        if (!stringIndex.TryGetValue(text, out int index))
        {
            index = strings.Count;
            stringIndex[text] = index;
            strings.Add(text);
        }

        return index;
    }

    private int StringsOf(Node? list, string separator = ",") =>
        StringOf(string.Join(separator, (list?.AsList() ?? []).Select(item => item.AsString())));

    /// <summary>Definitions are referred to by their own index; inline schemas are shared when they encode to the same bytes.</summary>
    private int NodeOf(MapNode schema)
    {
        string? reference = Text(schema, "$ref") is { Length: > 0 } direct ? direct : schema["allOf"]?.AsList()?[0] is { } first ? Text(first, "$ref") : null;
        if (reference is null)
        {
            return Shared(Encode(schema, string.Empty));
        }

        string name = reference[ReferencePrefix.Length..];
        MapNode target = documents.Definitions[name];
        bool overrides = schema.Any(member => member.Key is not ("$ref" or "allOf") && !IsEmptyDefault(member));
        if (!overrides)
        {
            return definitionIndex[name];
        }

        MapNode flattened = (MapNode)target.DeepClone();
        foreach ((string key, Node value) in schema)
        {
            if (key is not ("$ref" or "allOf"))
            {
                flattened[key] = value;
            }
        }

        return Shared(Encode(flattened, name));
    }

    /// <summary>OpenAPI marks every Go struct that is not a pointer with <c>default: {}</c>, which says nothing about defaulting; see <see cref="IsStruct"/>.</summary>
    private static bool IsEmptyDefault(KeyValuePair<string, Node> member) => member is { Key: "default", Value: MapNode { Count: 0 } };

    private int Shared(byte[] encoded)
    {
        string key = Convert.ToHexString(encoded);
        if (!nodeIndex.TryGetValue(key, out int index))
        {
            index = nodes.Count;
            nodeIndex[key] = index;
            nodes.Add(encoded);
        }

        return index;
    }

    private byte[] Encode(MapNode schema, string definition)
    {
        (string type, string format) = definition switch
        {
            "io.k8s.apimachinery.pkg.api.resource.Quantity" => ("string", "quantity"),
            "io.k8s.apimachinery.pkg.util.intstr.IntOrString" => ("", "int-or-string"),
            _ => (Text(schema, "type"), Text(schema, "format")),
        };
        List<(int Bit, Action<ByteWriter> Write)> facts = [];
        void Add(int bit, bool present, Action<ByteWriter> write)
        {
            if (present)
            {
                facts.Add((bit, write));
            }
        }

        MapNode? properties = schema["properties"]?.AsMap();
        MapNode? additional = schema["additionalProperties"]?.AsMap();
        Add(0, type.Length > 0, w => w.Number(StringOf(type)));
        Add(1, format.Length > 0, w => w.Number(StringOf(format)));
        Add(2, properties is not null, w => Properties(w, properties!));
        Add(3, additional is not null, w => w.Number(NodeOf(additional!)));
        Add(4, schema["items"] is MapNode, w => w.Number(NodeOf((MapNode)schema["items"]!)));
        Add(5, Text(schema, "x-kubernetes-list-type") == "set", _ => { });
        Add(6, Text(schema, "x-kubernetes-list-type") == "map", w => w.Number(StringsOf(schema["x-kubernetes-list-map-keys"])));
        // The reference merges an embedded raw object as one value.
        bool raw = definition == "io.k8s.apimachinery.pkg.runtime.RawExtension";
        Add(7, raw || Text(schema, "x-kubernetes-map-type") == "atomic", _ => { });
        Add(8, schema["x-kubernetes-patch-merge-key"] is not null, w => w.Number(StringOf(Text(schema, "x-kubernetes-patch-merge-key"))));
        Add(9, schema["x-kubernetes-patch-strategy"] is not null, w => w.Number(StringOf(Text(schema, "x-kubernetes-patch-strategy"))));
        Add(10, schema["required"] is ListNode, w => w.Number(StringsOf(schema["required"])));
        Add(11, schema["default"] is { } value and not MapNode { Count: 0 }, w => w.Number(StringOf(JsonWriter.ToText(schema["default"]!))));
        Add(12, schema["enum"] is ListNode, w => w.Number(StringsOf(schema["enum"], "\n")));
        ByteWriter writer = new();
        writer.Number(facts.Aggregate(0, (bits, fact) => bits | (1 << fact.Bit)));
        facts.ForEach(fact => fact.Write(writer));
        return writer.ToArray();
    }

    private void Properties(ByteWriter writer, MapNode properties)
    {
        writer.Number(properties.Count);
        foreach ((string name, Node schema) in properties)
        {
            writer.Number(StringOf(name));
            writer.Number((NodeOf((MapNode)schema) << 1) | (IsStruct((MapNode)schema) ? 1 : 0));
        }
    }

    /// <summary>A Go struct that is not a pointer is always written, be it empty; ownership of a created object depends on it.</summary>
    private bool IsStruct(MapNode schema)
    {
        string? reference = (schema["allOf"] as ListNode)?[0]["$ref"]?.AsString();
        return schema["default"] is MapNode { Count: 0 } && reference is not null && documents.Definitions[reference[ReferencePrefix.Length..]]["type"]?.AsString() == "object";
    }

    /// <summary>Definition names split at the last dot, because a package holds many of them.</summary>
    private ByteWriter Names()
    {
        ByteWriter writer = new();
        writer.Number(definitionIndex.Count);
        foreach ((string name, int node) in definitionIndex)
        {
            int dot = name.LastIndexOf('.');
            writer.Number(StringOf(name[..(dot + 1)]));
            writer.Number(StringOf(name[(dot + 1)..]));
            writer.Number(node);
        }

        return writer;
    }

    private ByteWriter Groups()
    {
        ByteWriter writer = new();
        Node[] groups = [.. documents.Discovery["/api"]!["items"]!.AsList()!, .. documents.Discovery["/apis"]!["items"]!.AsList()!];
        writer.Number(groups.Length);
        foreach (Node group in groups)
        {
            string name = group["metadata"]?["name"]?.AsString() ?? string.Empty;
            ListNode versions = group["versions"]!.AsList()!;
            writer.Number(StringOf(name));
            writer.Number(versions.Count);
            foreach (Node version in versions)
            {
                ListNode resources = version["resources"]!.AsList()!;
                writer.Number(StringOf(Text(version, "version")));
                writer.Number(resources.Count);
                foreach (Node resource in resources)
                {
                    Resource(writer, name, Text(version, "version"), resource);
                }
            }
        }

        return writer;
    }

    private void Resource(ByteWriter writer, string group, string version, Node resource)
    {
        string plural = Text(resource, "resource");
        string kind = resource["responseKind"]!["kind"]!.AsString()!;
        string apiVersion = group.Length == 0 ? version : $"{group}/{version}";
        writer.Number(StringOf(kind));
        writer.Number(StringOf(plural));
        writer.Number(StringOf(Text(resource, "singularResource")));
        writer.Number(Text(resource, "scope") == "Namespaced" ? 1 : 0);
        writer.Number(StringsOf(resource["verbs"]));
        writer.Number(StringsOf(resource["shortNames"]));
        writer.Number(StringsOf(resource["categories"]));
        writer.Number(StringOf(documents.StorageHashes.GetValueOrDefault($"{apiVersion}/{plural}", string.Empty)));
        writer.Number(schemaOfKind.Remove(KindKey(group, version, kind), out int node) ? node + 1 : 0);
        ListNode subresources = resource["subresources"]?.AsList() ?? [];
        writer.Number(subresources.Count);
        foreach (Node subresource in subresources)
        {
            Node response = subresource["responseKind"]!;
            bool own = Text(response, "version").Length == 0;
            writer.Number(StringOf(Text(subresource, "subresource")));
            writer.Number(StringOf(own ? group : Text(response, "group")));
            writer.Number(StringOf(own ? version : Text(response, "version")));
            writer.Number(StringOf(Text(response, "kind")));
            writer.Number(StringsOf(subresource["verbs"]));
        }
    }

    /// <summary>Kinds that have a schema but no resource of their own: lists, Scale, Eviction, Status, options.</summary>
    private ByteWriter OtherKinds()
    {
        ByteWriter writer = new();
        writer.Number(schemaOfKind.Count);
        foreach ((string key, int node) in schemaOfKind.OrderBy(entry => entry.Key, StringComparer.Ordinal))
        {
            string[] parts = key.Split('/');
            writer.Number(StringOf(parts[0]));
            writer.Number(StringOf(parts[1]));
            writer.Number(StringOf(parts[2]));
            writer.Number(node);
        }

        return writer;
    }
}
