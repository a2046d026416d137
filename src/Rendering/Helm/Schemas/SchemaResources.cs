using Bowline.Languages.GoTemplates.Parsing;
using Bowline.Resources.Model;

namespace Bowline.Rendering.Helm.Schemas;

/// <summary>The resources within one schema file and what references in it mean. Nothing outside the file is ever loaded.</summary>
internal sealed class SchemaResources
{
    private static readonly Uri File = new("file:///values.schema.json");

    private readonly Dictionary<string, SchemaResource> byId = new(StringComparer.Ordinal);
    private readonly Dictionary<Node, SchemaResource> owners = new(ReferenceEqualityComparer.Instance);

    public SchemaResources(Node root)
    {
        Root = new SchemaResource(File, root, DraftOf(root, 2020));
        byId[Key(File)] = Root;
        Collect(root, Root, isRoot: true);
    }

    public SchemaResource Root { get; }

    public SchemaResource OwnerOf(Node node, SchemaResource otherwise) => owners.GetValueOrDefault(node, otherwise);

    /// <summary>The target of a reference, with its resource; null for a metaschema, which everything is taken to satisfy.</summary>
    public (Node Node, SchemaResource Resource)? Resolve(string reference, SchemaResource from)
    {
        if (!Uri.TryCreate(from.Id, reference, out Uri? target))
        {
            throw new SchemaException($"invalid $ref {SchemaError.Quote(reference)}");
        }

        string fragment = Uri.UnescapeDataString(target.Fragment.TrimStart('#'));
        if (!byId.TryGetValue(Key(target), out SchemaResource? resource))
        {
            return target.Host == "json-schema.org"
                ? null
                : throw new SchemaException($"failing loading {GoText.Quote(Key(target))}: a schema refers to itself only, nothing else is loaded");
        }

        if (fragment.Length == 0 || fragment[0] == '/')
        {
            return Follow(fragment, resource, target);
        }

        return resource.Anchors.TryGetValue(fragment, out Node? anchored) || resource.DynamicAnchors.TryGetValue(fragment, out anchored)
            ? (anchored, resource)
            : throw new SchemaException($"anchor in {GoText.Quote($"{Key(target)}#{fragment}")} not found in schema {GoText.Quote(Key(target))}");
    }

    private static string Key(Uri uri) => uri.GetLeftPart(UriPartial.Query);

    private static int DraftOf(Node node, int inherited)
    {
        if (node["$schema"]?.AsString() is not { } schema)
        {
            return inherited;
        }

        string known = schema.TrimEnd('#').Replace("https://", "http://", StringComparison.Ordinal);
        return known switch
        {
            "http://json-schema.org/draft-04/schema" => 4,
            "http://json-schema.org/draft-06/schema" => 6,
            "http://json-schema.org/draft-07/schema" => 7,
            "http://json-schema.org/draft/2019-09/schema" => 2019,
            "http://json-schema.org/draft/2020-12/schema" or "http://json-schema.org/schema" => 2020,
            _ => throw new SchemaException($"failing loading {GoText.Quote(schema)}: no such draft of JSON Schema is known"),
        };
    }

    private (Node Node, SchemaResource Resource) Follow(string pointer, SchemaResource resource, Uri target)
    {
        Node at = resource.Root;
        foreach (string token in pointer.Split('/').Skip(1))
        {
            string key = token.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
            Node? next = at is ListNode list ? int.TryParse(key, out int index) && index >= 0 && index < list.Count ? list[index] : null : at[key];
            at = next ?? throw new SchemaException($"json-pointer in {GoText.Quote($"{Key(target)}#{pointer}")} not found");
            resource = OwnerOf(at, resource);
        }

        return (at, resource);
    }

    private void Collect(Node node, SchemaResource resource, bool isRoot = false)
    {
        if (node is ListNode list)
        {
            foreach (Node item in list)
            {
                Collect(item, resource);
            }
        }

        if (node is not MapNode map)
        {
            return;
        }

        resource = Enter(map, resource, isRoot);
        foreach ((string key, Node value) in map)
        {
            // Values to compare with are no schemas, whatever they look like.
            if (key is not ("enum" or "const" or "default" or "examples"))
            {
                Collect(value, resource);
            }
        }
    }

    private SchemaResource Enter(MapNode map, SchemaResource resource, bool isRoot)
    {
        int draft = resource.Draft;
        string? id = map[draft == 4 ? "id" : "$id"]?.AsString();
        bool refHidesId = draft < 2019 && map.ContainsKey("$ref");
        if (id is not null && !refHidesId && Uri.TryCreate(resource.Id, id, out Uri? uri))
        {
            if (draft < 2019 && uri.Fragment.Length > 1)
            {
                resource.Anchors[uri.Fragment[1..]] = map;
            }
            else
            {
                resource = new SchemaResource(uri, map, isRoot ? draft : DraftOf(map, draft));
                byId[Key(uri)] = resource;
            }
        }

        owners[map] = resource;
        if (draft >= 2019 && map["$anchor"]?.AsString() is { } anchor)
        {
            resource.Anchors[anchor] = map;
        }

        if (draft >= 2020 && map["$dynamicAnchor"]?.AsString() is { } dynamicAnchor)
        {
            resource.DynamicAnchors[dynamicAnchor] = map;
        }

        return resource;
    }
}
