using System.Diagnostics.CodeAnalysis;
using Bowline.Languages.GoTemplates.Values;
using Bowline.Rendering.Helm.Charts;
using Bowline.Resources.Model;

namespace Bowline.Rendering.Helm.Functions;

/// <summary><c>.Chart</c>: a struct that embeds the metadata, so its fields are those of both, and prints as two.</summary>
internal sealed class ChartObject(ChartMetadata metadata, bool isRoot) : GoValue
{
    private static readonly GoType StructType = GoType.Struct("struct { chart.Metadata; IsRoot bool }");
    private static readonly GoType MetadataType = GoType.Struct("chart.Metadata");
    private static readonly GoType MaintainerType = GoType.PointerTo(GoType.Struct("chart.Maintainer"));
    private static readonly GoType DependencyType = GoType.PointerTo(GoType.Struct("chart.Dependency"));

    private readonly GoObject embedded = Embed(metadata);

    public override GoType Type => StructType;

    public override IReadOnlyList<KeyValuePair<string, Node>> Fields => [new("Metadata", embedded), new("IsRoot", BoolNode.Of(isRoot))];

    public override bool TryField(string name, [NotNullWhen(true)] out Node? value)
    {
        value = name switch
        {
            "Metadata" => embedded,
            "IsRoot" => BoolNode.Of(isRoot),
            _ => embedded.TryField(name, out Node? found) ? found : null,
        };
        return value is not null;
    }

    public override Node ToPlain()
    {
        MapNode json = (MapNode)embedded.ToPlain();
        json["IsRoot"] = BoolNode.Of(isRoot);
        return json;
    }

    private static GoObject Embed(ChartMetadata metadata)
    {
        List<GoObject> maintainers = [.. (metadata.Maintainers ?? []).Select(one => Maintainer(one!))];
        List<GoObject> dependencies = [.. (metadata.Dependencies ?? []).Select(one => Dependency(one!))];
        StructBuilder fields = new(MetadataType);
        fields.Add("Name", "name", metadata.Name);
        fields.Add("Home", "home", metadata.Home);
        fields.Add("Sources", "sources", Strings(metadata.Sources), metadata.Sources?.Count > 0);
        fields.Add("Version", "version", metadata.Version);
        fields.Add("Description", "description", metadata.Description);
        fields.Add("Keywords", "keywords", Strings(metadata.Keywords), metadata.Keywords?.Count > 0);
        fields.Add("Maintainers", "maintainers", new GoSlice(GoType.SliceOf(MaintainerType), maintainers) { IsNilSlice = metadata.Maintainers is null }, maintainers.Count > 0);
        fields.Add("Icon", "icon", metadata.Icon);
        fields.Add("APIVersion", "apiVersion", metadata.ApiVersion);
        fields.Add("Condition", "condition", metadata.Condition);
        fields.Add("Tags", "tags", metadata.Tags);
        fields.Add("AppVersion", "appVersion", metadata.AppVersion);
        fields.Add("Deprecated", "deprecated", BoolNode.Of(metadata.Deprecated), metadata.Deprecated);
        fields.Add("Annotations", "annotations", new GoMap(GoType.StringMap, metadata.Annotations ?? new MapNode()) { IsNilMap = metadata.Annotations is null }, metadata.Annotations?.Count > 0);
        fields.Add("KubeVersion", "kubeVersion", metadata.KubeVersion);
        fields.Add("Dependencies", "dependencies", new GoSlice(GoType.SliceOf(DependencyType), dependencies) { IsNilSlice = metadata.Dependencies is null }, dependencies.Count > 0);
        fields.Add("Type", "type", metadata.Type);
        return fields.Build();
    }

    private static GoSlice Strings(IReadOnlyList<string>? texts) =>
        new(GoType.Strings, [.. (texts ?? []).Select(StringNode.Of)]) { IsNilSlice = texts is null };

    private static GoObject Maintainer(ChartMaintainer maintainer)
    {
        StructBuilder fields = new(MaintainerType);
        fields.Add("Name", "name", maintainer.Name);
        fields.Add("Email", "email", maintainer.Email);
        fields.Add("URL", "url", maintainer.Url);
        return fields.Build();
    }

    private static GoObject Dependency(ChartDependency dependency)
    {
        StructBuilder fields = new(DependencyType);
        fields.Add("Name", "name", StringNode.Of(dependency.Name), inJson: true);
        fields.Add("Version", "version", dependency.Version);
        fields.Add("Repository", "repository", StringNode.Of(dependency.Repository), inJson: true);
        fields.Add("Condition", "condition", dependency.Condition);
        fields.Add("Tags", "tags", GoSlice.Strings(dependency.Tags), dependency.Tags.Count > 0);
        fields.Add("Enabled", "enabled", BoolNode.Of(dependency.Enabled), dependency.Enabled);
        fields.Add("ImportValues", "import-values", new ListNode(dependency.ImportValues), dependency.ImportValues.Count > 0);
        fields.Add("Alias", "alias", dependency.Alias);
        return fields.Build();
    }
}
