using Bowline.Cluster.Requests;
using Bowline.Delivery.Diffing;
using Bowline.Resources.Model;

namespace Bowline.Applications.Hub;

/// <summary>
/// Argo CD's CustomResourceDefinitions as Bowline installs them: the names, fields, columns and subresources of Argo CD's own, made from
/// a table of fields. What somebody else installed is left as it is.
/// </summary>
public static class ArgoDefinitions
{
    public const string Group = "argoproj.io";

    public const string Version = "v1alpha1";

    private const string ManagedBy = "app.kubernetes.io/managed-by";
    private const string Revision = "bowline.dev/definition";

    // Raised whenever the definitions that this class makes change, so that clusters get the newer ones.
    private const string CurrentRevision = "1";
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30);
    private static readonly KindInfo Definitions = new(new ResourceKind("apiextensions.k8s.io", "v1", "CustomResourceDefinition"), "customresourcedefinitions", Namespaced: false);

    public static KindInfo Applications { get; } = KindOf("Application");

    public static KindInfo Projects { get; } = KindOf("AppProject");

    public static KindInfo ApplicationSets { get; } = KindOf("ApplicationSet");

    /// <summary>Makes sure that a cluster serves the three kinds, and returns when it does.</summary>
    /// <exception cref="ClusterException">The cluster refuses the definitions, or does not serve them within 30 s.</exception>
    public static async Task InstallAsync(ICluster cluster, TimeProvider time, CancellationToken cancellationToken)
    {
        await Task.WhenAll(ArgoFields.Table.Kinds.Select(kind => InstallAsync(cluster, kind, cancellationToken))).ConfigureAwait(false);
        long began = time.GetTimestamp();
        foreach (KindInfo kind in (KindInfo[])[Applications, Projects, ApplicationSets])
        {
            while (await cluster.FindKindAsync(kind.Kind, cancellationToken).ConfigureAwait(false) is null)
            {
                if (time.GetElapsedTime(began) > LongestWait)
                {
                    throw new ClusterException($"{cluster.Name} does not serve {kind.Plural}.{Group} {LongestWait.TotalSeconds:0} s after their definition was made");
                }

                await Task.Delay(Pause, time, cancellationToken).ConfigureAwait(false);
                cluster.ForgetDiscovery();
            }
        }
    }

    /// <summary>The definition of one of the kinds, whole.</summary>
    public static MapNode DefinitionOf(string kind) => DefinitionOf(ArgoFields.Table.Kinds.Single(known => known.Name == kind));

    private static async Task InstallAsync(ICluster cluster, ArgoKind kind, CancellationToken cancellationToken)
    {
        ObjectKey key = new(Definitions, string.Empty, $"{kind.Plural}.{Group}");
        WriteOptions options = new() { FieldManager = Differ.FieldManager };
        try
        {
            if (await cluster.GetAsync(key, cancellationToken).ConfigureAwait(false) is not { } present)
            {
                await cluster.CreateAsync(Definitions, string.Empty, DefinitionOf(kind), options, cancellationToken).ConfigureAwait(false);
                return;
            }

            Node? labels = present.At("metadata", "labels");
            bool ours = labels?[ManagedBy]?.AsString() == "bowline" && present.At("metadata", "annotations", Revision)?.AsString() != CurrentRevision;
            bool assumed = labels?["bowline.dev/assumed"] is not null;
            if (ours || assumed)
            {
                MapNode newer = DefinitionOf(kind);
                newer.EnsureMap("metadata")["resourceVersion"] = present.At("metadata", "resourceVersion")!;
                await cluster.UpdateAsync(key, newer, options, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (ClusterException raced) when (raced.Reason is "AlreadyExists" or "Conflict")
        {
            // Another process made it, or made it newer, in this very moment.
        }
    }

    private static MapNode DefinitionOf(ArgoKind kind)
    {
        MapNode version = new()
        {
            ["name"] = Version,
            ["served"] = true,
            ["storage"] = true,
            ["subresources"] = kind.Status ? new MapNode { ["status"] = new MapNode() } : new MapNode(),
            ["schema"] = new MapNode { ["openAPIV3Schema"] = RootOf(kind) },
        };
        if (kind.Columns.Count > 0)
        {
            version["additionalPrinterColumns"] = new ListNode(kind.Columns.Select(ColumnOf));
        }

        return new MapNode
        {
            ["apiVersion"] = "apiextensions.k8s.io/v1",
            ["kind"] = "CustomResourceDefinition",
            ["metadata"] = new MapNode
            {
                ["name"] = $"{kind.Plural}.{Group}",
                ["labels"] = new MapNode { [ManagedBy] = "bowline", ["app.kubernetes.io/part-of"] = "argocd" },
                ["annotations"] = new MapNode { [Revision] = CurrentRevision },
            },
            ["spec"] = new MapNode
            {
                ["group"] = Group,
                ["names"] = new MapNode
                {
                    ["kind"] = kind.Name,
                    ["listKind"] = kind.Name + "List",
                    ["plural"] = kind.Plural,
                    ["singular"] = kind.Name.ToLowerInvariant(),
                    ["shortNames"] = new ListNode(kind.ShortNames.Select(Node (name) => name)),
                },
                ["scope"] = "Namespaced",
                ["versions"] = new ListNode([version]),
            },
        };
    }

    private static Node ColumnOf(ArgoColumn column)
    {
        MapNode made = new() { ["name"] = column.Name, ["type"] = "string", ["jsonPath"] = column.JsonPath };
        if (column.Wide)
        {
            made["priority"] = 10;
        }

        return made;
    }

    private static MapNode RootOf(ArgoKind kind)
    {
        Dictionary<string, MapNode> made = new(StringComparer.Ordinal);
        MapNode root = (MapNode)ObjectOf(kind.Name, made).DeepClone();
        MapNode properties = new() { ["apiVersion"] = Of("string"), ["kind"] = Of("string"), ["metadata"] = Of("object") };
        foreach ((string name, Node schema) in (MapNode)root["properties"]!)
        {
            properties[name] = schema;
        }

        root["properties"] = properties;
        root["required"] = new ListNode([.. root["required"] as ListNode ?? [], "metadata"]);
        return root;
    }

    /// <summary>An object's schema, made once and shared by all that hold it.</summary>
    private static MapNode ObjectOf(string type, Dictionary<string, MapNode> made)
    {
        if (made.TryGetValue(type, out MapNode? known))
        {
            return known;
        }

        IReadOnlyList<ArgoField> fields = ArgoFields.Table.Types[type];
        MapNode properties = new(fields.Count);
        foreach (ArgoField field in fields)
        {
            MapNode element = ElementOf(field, made);
            properties[field.Name] = field.Many switch
            {
                "[]" => new MapNode { ["type"] = "array", ["items"] = element },
                "{}" => new MapNode { ["type"] = "object", ["additionalProperties"] = element },
                _ => element,
            };
        }

        MapNode schema = new() { ["type"] = "object", ["properties"] = properties };
        if (fields.Any(field => field.Required))
        {
            schema["required"] = new ListNode(fields.Where(field => field.Required).Select(Node (field) => field.Name));
        }

        schema.Freeze();
        made[type] = schema;
        return schema;
    }

    private static MapNode ElementOf(ArgoField field, Dictionary<string, MapNode> made)
    {
        MapNode element = field.Kept ? new MapNode { ["type"] = "object", ["x-kubernetes-preserve-unknown-fields"] = true } : field.Type switch
        {
            "string" => Of("string"),
            "bool" => Of("boolean"),
            "int" => new MapNode { ["type"] = "integer", ["format"] = "int64" },
            "time" => new MapNode { ["type"] = "string", ["format"] = "date-time" },
            "intOrString" => new MapNode { ["anyOf"] = new ListNode([Of("integer"), Of("string")]), ["x-kubernetes-int-or-string"] = true },
            "any" => new MapNode { ["x-kubernetes-preserve-unknown-fields"] = true },
            "object" => new MapNode { ["type"] = "object", ["x-kubernetes-preserve-unknown-fields"] = true },
            _ => ObjectOf(field.Type, made),
        };
        if (field.Values.Count > 0)
        {
            element["enum"] = new ListNode(field.Values.Select(Node (value) => value));
        }

        return element;
    }

    private static MapNode Of(string type) => new() { ["type"] = type };

    private static KindInfo KindOf(string name)
    {
        ArgoKind kind = ArgoFields.Table.Kinds.Single(known => known.Name == name);
        return new KindInfo(new ResourceKind(Group, Version, name), kind.Plural, Namespaced: true) { ShortNames = kind.ShortNames, Subresources = kind.Status ? ["status"] : [] };
    }
}
