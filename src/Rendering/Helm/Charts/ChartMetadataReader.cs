using Bowline.Resources.Model;

namespace Bowline.Rendering.Helm.Charts;

/// <summary>Fills <see cref="ChartMetadata"/> as Go's JSON decoding fills the struct: unknown members ignored, scalars made text, wrong kinds refused.</summary>
internal static class ChartMetadataReader
{
    public static void Fill(ChartMetadata metadata, Node root)
    {
        if (root.IsNull)
        {
            return;
        }

        Members members = new(root as MapNode ?? throw new ChartException(JsonTyping.Mismatch(root, "value", "chart.Metadata")), "Metadata");
        metadata.Name = members.Text("name") ?? metadata.Name;
        metadata.Home = members.Text("home") ?? metadata.Home;
        metadata.Sources = members.Texts("sources") ?? metadata.Sources;
        metadata.Version = members.Text("version") ?? metadata.Version;
        metadata.Description = members.Text("description") ?? metadata.Description;
        metadata.Keywords = members.Texts("keywords") ?? metadata.Keywords;
        metadata.Maintainers = members.Objects("maintainers", "*chart.Maintainer", ReadMaintainer) ?? metadata.Maintainers;
        metadata.Icon = members.Text("icon") ?? metadata.Icon;
        metadata.ApiVersion = members.Text("apiVersion") ?? metadata.ApiVersion;
        metadata.Condition = members.Text("condition") ?? metadata.Condition;
        metadata.Tags = members.Text("tags") ?? metadata.Tags;
        metadata.AppVersion = members.Text("appVersion") ?? metadata.AppVersion;
        metadata.Deprecated = members.Flag("deprecated") ?? metadata.Deprecated;
        metadata.Annotations = members.TextMap("annotations") ?? metadata.Annotations;
        metadata.KubeVersion = members.Text("kubeVersion") ?? metadata.KubeVersion;
        metadata.Dependencies = members.Objects("dependencies", "*chart.Dependency", ReadDependency) ?? metadata.Dependencies;
        metadata.Type = members.Text("type") ?? metadata.Type;
    }

    private static ChartMaintainer ReadMaintainer(MapNode map)
    {
        Members members = new(map, "Maintainer");
        return new ChartMaintainer(members.Text("name") ?? string.Empty, members.Text("email") ?? string.Empty, members.Text("url") ?? string.Empty);
    }

    private static ChartDependency ReadDependency(MapNode map)
    {
        Members members = new(map, "Dependency");
        return new ChartDependency
        {
            Name = members.Text("name") ?? string.Empty,
            Version = members.Text("version") ?? string.Empty,
            Repository = members.Text("repository") ?? string.Empty,
            Condition = members.Text("condition") ?? string.Empty,
            Tags = members.Texts("tags") ?? [],
            Enabled = members.Flag("enabled") ?? false,
            ImportValues = members.List("import-values") ?? [],
            Alias = members.Text("alias") ?? string.Empty,
        };
    }

    /// <summary>The members of one struct; Go finds them by exact name or, failing that, in any case.</summary>
    private readonly struct Members(MapNode map, string type)
    {
        public string? Text(string name) => Find(name) is { IsNull: false } node ? AsText(node, name, "string") : null;

        public bool? Flag(string name) => Find(name) switch
        {
            null or NullNode => null,
            BoolNode flag => flag.Value,
            Node other => throw Wrong(other, name, "bool"),
        };

        public IReadOnlyList<Node>? List(string name) => Find(name) switch
        {
            null or NullNode => null,
            ListNode list => [.. list],
            Node other => throw Wrong(other, name, "[]interface {}"),
        };

        public IReadOnlyList<string>? Texts(string name)
        {
            if (Find(name) is not { IsNull: false } node)
            {
                return null;
            }

            List<string> texts = [];
            foreach (Node item in node as ListNode ?? throw Wrong(node, name, "[]string"))
            {
                texts.Add(item.IsNull ? string.Empty : AsText(item, name, "string"));
            }

            return texts;
        }

        public MapNode? TextMap(string name)
        {
            if (Find(name) is not { IsNull: false } node)
            {
                return null;
            }

            MapNode texts = new();
            foreach ((string key, Node value) in node as MapNode ?? throw Wrong(node, name, "map[string]string"))
            {
                texts[key] = value.IsNull ? string.Empty : AsText(value, name, "string");
            }

            return texts;
        }

        public IReadOnlyList<T?>? Objects<T>(string name, string elementType, Func<MapNode, T> read)
            where T : class
        {
            if (Find(name) is not { IsNull: false } node)
            {
                return null;
            }

            List<T?> objects = [];
            foreach (Node item in node as ListNode ?? throw Wrong(node, name, $"[]{elementType}"))
            {
                objects.Add(item switch
                {
                    NullNode => null,
                    MapNode map => read(map),
                    _ => throw Wrong(item, name, elementType[1..]),
                });
            }

            return objects;
        }

        private Node? Find(string name)
        {
            if (map.TryGet(name, out Node? exact))
            {
                return exact;
            }

            foreach ((string key, Node value) in map)
            {
                if (string.Equals(key, name, StringComparison.OrdinalIgnoreCase))
                {
                    return value;
                }
            }

            return null;
        }

        private string AsText(Node node, string name, string goType) => JsonTyping.ScalarText(node) ?? throw Wrong(node, name, goType);

        private ChartException Wrong(Node node, string name, string goType) => new(JsonTyping.Mismatch(node, $"struct field {type}.{name}", goType), line: node.Line);
    }
}
