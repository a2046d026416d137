using Bowline.Rendering.Requests;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;
using Bowline.Sources.Files;

namespace Bowline.Rendering.Plain;

/// <summary>Finds manifest files and reads the objects in them.</summary>
internal static class Manifests
{
    /// <summary>Paths from the snapshot's root, in the order in which Argo CD walks: by name, directory by directory.</summary>
    public static IEnumerable<string> Find(RenderRequest request, CancellationToken cancellationToken)
    {
        string root = TreePath.Clean(request.Path);
        if (request.Files.FileExists(root))
        {
            return [root];
        }

        if (!request.Files.DirectoryExists(root))
        {
            throw new RenderException("no such file or folder", root);
        }

        ManifestFilter filter = new(request.Plain);
        return Walk(request, root, filter, cancellationToken);
    }

    /// <exception cref="RenderException">A document that is no Kubernetes object.</exception>
    public static IEnumerable<Resource> Read(string path, byte[] data)
    {
        IReadOnlyList<YamlDocument> documents;
        try
        {
            documents = YamlReader.ReadAll(data, YamlReadOptions.Kubernetes with { FileName = path });
        }
        catch (YamlException error)
        {
            throw new RenderException(error.Reason, path, error.Line, error.Column, error);
        }

        return documents.Where(document => !document.Root.IsNull).SelectMany(document => Objects(path, document));
    }

    private static IEnumerable<string> Walk(RenderRequest request, string root, ManifestFilter filter, CancellationToken cancellationToken)
    {
        IEnumerable<string> files = request.Plain.Recurse
            ? request.Files.Walk(root)
            : request.Files.List(root).Where(entry => !entry.IsDirectory).Select(entry => TreePath.Join(root, entry.Name));
        foreach (string path in files)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (filter.Takes(root.Length == 0 ? path : path[(root.Length + 1)..]))
            {
                yield return path;
            }
        }
    }

    private static IEnumerable<Resource> Objects(string path, YamlDocument document)
    {
        MapNode map = document.Root as MapNode ?? throw new RenderException("a manifest must be an object", path, document.Line);
        if (map.Count == 0)
        {
            return [];
        }

        int line = map.Line > 0 ? map.Line : document.Line;
        Require(map, "apiVersion", path, line);
        Require(map, "kind", path, line);
        if (map["items"] is not ListNode items || !map["kind"]!.AsString()!.EndsWith("List", StringComparison.Ordinal))
        {
            return [new Resource(map, new Origin(path, line))];
        }

        return items.Select(item => Item(item, map, path, line));
    }

    /// <summary>An item of a typed list, such as RoleList, may leave out what the list already says.</summary>
    private static Resource Item(Node item, MapNode list, string path, int line)
    {
        MapNode map = item as MapNode ?? throw new RenderException("an item of a list must be an object", path, line);
        string listKind = list["kind"]!.AsString()!;
        if (listKind.Length > "List".Length)
        {
            map["apiVersion"] ??= list["apiVersion"]!;
            map["kind"] ??= StringNode.Of(listKind[..^"List".Length]);
        }

        int at = map.Line > 0 ? map.Line : line;
        Require(map, "apiVersion", path, at);
        Require(map, "kind", path, at);
        return new Resource(map, new Origin(path, at));
    }

    private static void Require(MapNode map, string key, string path, int line)
    {
        if (map[key]?.AsString() is not { Length: > 0 })
        {
            throw new RenderException($"not a Kubernetes object: it has no {key}", path, line);
        }
    }
}
