using Bowline.Languages.GoTemplates.Parsing;
using Bowline.Languages.GoTemplates.Values;
using Bowline.Rendering.Helm.Charts;
using Bowline.Rendering.Helm.Values;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;

namespace Bowline.Rendering.Helm.Functions;

/// <summary>Helm's map type <c>chartutil.Values</c>, whose methods templates can call.</summary>
internal static class ValuesObject
{
    public static GoMap Of(MapNode members) => new(TemplateData.ValuesType, members, name => Method(members, name));

    private static GoFunction? Method(MapNode members, string name) => name switch
    {
        "AsMap" => new GoFunction(_ => members) { Result = GoType.Map },
        "YAML" => new GoFunction(_ => StringNode.Of(YamlWriter.ToText(GoTree.ToPlain(members)))) { Result = GoType.String },
        "Table" => new GoFunction(call => Table(members, call.Text(0)), GoType.String) { Result = TemplateData.ValuesType },
        "PathValue" => new GoFunction(call => Value(members, call.Text(0)), GoType.String),
        _ => null,
    };

    private static GoMap Table(MapNode members, string path) =>
        ValuePath.Table(members, path, out string missing) is { } table ? Of(table) : throw new GoError($"{GoText.Quote(missing)} is not a table");

    private static Node Value(MapNode members, string path) =>
        ValuePath.Value(members, path) ?? throw new GoError($"{GoText.Quote(path[(path.LastIndexOf('.') + 1)..])} is not a value");
}
