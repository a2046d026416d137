using System.Text;
using Bowline.Languages.GoTemplates.Sprig;
using Bowline.Languages.GoTemplates.Values;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;

namespace Bowline.Applications.ApplicationSets.Templates;

/// <summary>
/// The functions of an ApplicationSet's Go templates (https://argo-cd.readthedocs.io/en/stable/operator-manual/applicationset/GoTemplate/):
/// Sprig's without those that look at the machine, <c>normalize</c>, <c>slugify</c>, <c>toYaml</c>, <c>fromYaml</c> and <c>fromYamlArray</c>.
/// </summary>
internal static class SetFunctions
{
    private const int DefaultSlug = 50;

    public static FunctionTable Table { get; } = SprigFunctions.Table.Without("env", "expandenv", "getHostByName").With(new Dictionary<string, GoFunction>(StringComparer.Ordinal)
    {
        ["normalize"] = new GoFunction(call => StringNode.Of(Naming.Normalize(call.Text(0))), GoType.String) { Result = GoType.String },
        ["slugify"] = new GoFunction(Slugify, GoType.Any) { IsVariadic = true, Result = GoType.String },
        ["toYaml"] = new GoFunction(ToYaml, GoType.Any) { Result = GoType.String },
        ["fromYaml"] = new GoFunction(call => Read(call.Text(0), "map[string]interface {}", node => node is NullNode ? new MapNode() : node as MapNode), GoType.String) { Result = GoType.Map },
        ["fromYamlArray"] = new GoFunction(call => Read(call.Text(0), "[]interface {}", node => node is NullNode ? [] : node as ListNode), GoType.String) { Result = GoType.List },
    });

    /// <summary><c>slugify [longest [whole words]] text</c>; what is left out is 50 and false.</summary>
    private static StringNode Slugify(FunctionCall call)
    {
        if (call.Count == 0 || call[call.Count - 1] is not StringNode text)
        {
            throw new GoError("slugify: the last argument must be a text");
        }

        long longest = call.Count < 2 ? DefaultSlug : call[0] is GoInteger or IntegerNode ? call.Integer(0) : throw new GoError("slugify: the first argument must be a whole number");
        bool words = call.Count >= 3 && (call[1] as BoolNode ?? throw new GoError("slugify: the second argument must be true or false")).Value;
        return StringNode.Of(Naming.Slug(Naming.Normalize(text.Value), (int)Math.Clamp(longest, 1, int.MaxValue), words));
    }

    private static StringNode ToYaml(FunctionCall call)
    {
        string text = YamlWriter.ToText(GoTree.ToPlain(call[0]));
        call.Run.Charge(text.Length);
        return StringNode.Of(text.EndsWith('\n') ? text[..^1] : text);
    }

    private static Node Read(string text, string type, Func<Node, Node?> convert)
    {
        try
        {
            IReadOnlyList<YamlDocument> documents = YamlReader.ReadAll(Encoding.UTF8.GetBytes(text), YamlReadOptions.HelmValues);
            return convert(documents.Count == 0 ? Node.Null : documents[0].Root)
                ?? throw new GoError($"error unmarshaling JSON: while decoding JSON: json: cannot unmarshal into Go value of type {type}");
        }
        catch (YamlException broken)
        {
            throw new GoError($"error converting YAML to JSON: {broken.GoMessage}", broken);
        }
    }
}
