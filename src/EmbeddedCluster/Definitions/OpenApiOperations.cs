using System.Globalization;
using Bowline.EmbeddedCluster.Kinds;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Definitions;

/// <summary>The operations of custom kinds, said as those of a built-in kind with the same scope and subresources are.</summary>
/// <param name="builtIn">The OpenAPI document, of v3 or of v2, that tells of a built-in group-version.</param>
/// <param name="references">What references to schemas begin with in it.</param>
internal sealed class OpenApiOperations(Func<string, MapNode> builtIn, string references)
{
    private static readonly Model Namespaced = new("apis/networking.k8s.io/v1", "ingresses", "Ingress", "NetworkingV1", "io.k8s.api.networking.v1.Ingress");
    private static readonly Model ClusterWide = new("apis/networking.k8s.io/v1", "servicecidrs", "ServiceCIDR", "NetworkingV1", "io.k8s.api.networking.v1.ServiceCIDR");
    private static readonly Model Scaled = new("apis/apps/v1", "deployments", "Deployment", "AppsV1", "io.k8s.api.apps.v1.Deployment");

    private readonly Dictionary<string, MapNode> documents = new(StringComparer.Ordinal);

    /// <summary>Adds the kind's paths.</summary>
    public void Describe(ServedKind kind, string schema, MapNode paths)
    {
        Model model = kind.Namespaced ? Namespaced : ClusterWide;
        Copy(kind, schema, model, paths, path => kind.HasStatus || !path.EndsWith("/status", StringComparison.Ordinal));
        if (kind.Custom!.Scale is not null)
        {
            Copy(kind, schema, Scaled, paths, path => path.EndsWith("/scale", StringComparison.Ordinal));
        }
    }

    /// <summary>Adds the built-in schemas that a document of v3 refers to, and those that they refer to.</summary>
    public void Complete(MapNode paths, MapNode schemas)
    {
        Node networking = Document(Namespaced)["components"]!["schemas"]!;
        Node apps = Document(Scaled)["components"]!["schemas"]!;
        Queue<Node> open = new([paths, .. schemas.Select(entry => entry.Value)]);
        while (open.TryDequeue(out Node? node))
        {
            foreach (string name in ReferencesOf(node).Distinct().ToArray())
            {
                if (!schemas.ContainsKey(name) && (networking[name] ?? apps[name]) is { } found)
                {
                    schemas[name] = found;
                    open.Enqueue(found);
                }
            }
        }
    }

    private IEnumerable<string> ReferencesOf(Node node) => node switch
    {
        MapNode map when map["$ref"]?.AsString() is { } reference => [reference[references.Length..]],
        MapNode map => map.SelectMany(entry => ReferencesOf(entry.Value)),
        ListNode list => list.SelectMany(ReferencesOf),
        _ => [],
    };

    private MapNode Document(Model model)
    {
        if (!documents.TryGetValue(model.Document, out MapNode? document))
        {
            documents[model.Document] = document = builtIn(model.Document);
        }

        return document;
    }

    private void Copy(ServedKind kind, string schema, Model model, MapNode paths, Func<string, bool> wanted)
    {
        string root = $"/{model.Document}/";
        foreach ((string path, Node item) in (MapNode)Document(model)["paths"]!)
        {
            if (!path.StartsWith(root, StringComparison.Ordinal))
            {
                continue;
            }

            string rest = path[root.Length..];
            string plain = kind.Namespaced ? rest : rest.Replace("namespaces/{namespace}/", string.Empty, StringComparison.Ordinal);
            if (plain.Split('/').Contains(model.Plural) && !rest.StartsWith("watch/", StringComparison.Ordinal) && wanted(path))
            {
                string own = string.Join('/', plain.Split('/').Select(part => part == model.Plural ? kind.Plural : part));
                paths[$"/apis/{kind.Kind.Group}/{kind.Kind.Version}/{own}"] = Rewrite(item, new Renaming(kind, references + schema, model, references + model.Schema));
            }
        }
    }

    private static Node Rewrite(Node node, Renaming names)
    {
        if (node is ListNode list)
        {
            return new ListNode(list.Where(item => IsKept(item, names)).Select(item => Rewrite(item, names)));
        }

        if (node is not MapNode map)
        {
            return node;
        }

        MapNode result = [];
        foreach ((string key, Node value) in map)
        {
            if (HasForm(key))
            {
                result[key] = key switch
                {
                    "operationId" => (Node)names.Operation(value.AsString()!),
                    "tags" => new ListNode(names.Tag),
                    "$ref" => names.Reference(value.AsString()!),
                    "x-kubernetes-group-version-kind" when value["kind"]?.AsString() == names.Model.Kind => OpenApiMerge.Gvk(names.Kind),
                    _ => Rewrite(value, names),
                };
            }
        }

        return result;
    }

    private static bool IsKept(Node item, Renaming names) => item switch
    {
        StringNode text => HasForm(text.Value),
        MapNode => names.Kind.Namespaced || item["name"]?.AsString() != "namespace",
        _ => true,
    };

    // Custom kinds have neither protobuf nor strategic merge patches.
    private static bool HasForm(string mediaType) =>
        !mediaType.Contains("protobuf", StringComparison.Ordinal) && !mediaType.Contains("cbor", StringComparison.Ordinal) && !mediaType.Contains("strategic", StringComparison.Ordinal);

    private sealed record Model(string Document, string Plural, string Kind, string Title, string Schema);

    private sealed record Renaming(ServedKind Kind, string Schema, Model Model, string Replaced)
    {
        private string Group => string.Concat(Kind.Kind.Group.Split('.', '-').Where(part => part.Length > 0).Select(Titled));

        public string Tag => $"{char.ToLower(Group[0], CultureInfo.InvariantCulture)}{Group[1..]}_{Kind.Kind.Version}";

        public string Operation(string id) => (Kind.Namespaced ? id : id.Replace("Namespaced", string.Empty, StringComparison.Ordinal))
            .Replace(Model.Title, Group + Titled(Kind.Kind.Version), StringComparison.Ordinal)
            .Replace(Model.Kind, Kind.Kind.Kind, StringComparison.Ordinal);

        public string Reference(string reference) =>
            reference == Replaced ? Schema
            : reference == Replaced + "List" ? Schema + "List"
            : reference;

        private static string Titled(string part) => char.ToUpperInvariant(part[0]) + part[1..];
    }
}
