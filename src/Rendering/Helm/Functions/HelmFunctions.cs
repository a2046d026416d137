using System.Text;
using Bowline.Languages.GoTemplates.Printing;
using Bowline.Languages.GoTemplates.Sprig;
using Bowline.Languages.GoTemplates.Values;
using Bowline.Rendering.Helm.Charts;
using Bowline.Resources.Model;

namespace Bowline.Rendering.Helm.Functions;

/// <summary>Sprig's functions and those that Helm adds or replaces.</summary>
internal static class HelmFunctions
{
    public const string FailureStart = "HELM_ERR_START";
    public const string FailureEnd = "HELM_ERR_END";

    public static FunctionTable Table { get; } = SprigFunctions.Table.Without("env", "expandenv").With(new Dictionary<string, GoFunction>(StringComparer.Ordinal)
    {
        ["include"] = Text(call => RenderState.Of(call.Run).Include(call.Text(0), call[1], call.Run), GoType.String, GoType.Any),
        ["tpl"] = Text(call => RenderState.Of(call.Run).Tpl(call.Text(0), call[1], call.Run), GoType.String, GoType.Any),
        ["required"] = new GoFunction(Required, GoType.String, GoType.Any),
        ["fail"] = Text(call => throw Failure(call.Text(0)), GoType.String),
        ["lookup"] = new GoFunction(call => RenderState.Of(call.Run).Lookup(call.Text(0), call.Text(1), call.Text(2), call.Text(3)), GoType.String, GoType.String, GoType.String, GoType.String) { Result = GoType.Map },
        ["toYaml"] = Text(call => Lenient(() => ToYaml(call, YamlText.Of)), GoType.Any),
        ["toYamlPretty"] = Text(call => Lenient(() => ToYaml(call, YamlText.Pretty)), GoType.Any),
        ["fromYaml"] = new GoFunction(call => FromMap(() => GoYaml.ReadMap(Encoding.UTF8.GetBytes(call.Text(0)))), GoType.String) { Result = GoType.Map },
        ["fromYamlArray"] = new GoFunction(call => FromList(() => AsList(GoYaml.Read(call.Text(0)), JsonTyping.Mismatch)), GoType.String) { Result = GoType.List },
        ["toJson"] = Text(call => Lenient(() => MarshalledJson.Text(call[0])), GoType.Any),
        ["mustToJson"] = Text(call => MarshalledJson.Text(call[0]), GoType.Any),
        ["fromJson"] = new GoFunction(call => FromMap(() => AsMap(ReadJson(call)), GoMap.NewNil), GoType.String) { Result = GoType.Map },
        ["fromJsonArray"] = new GoFunction(call => FromList(() => ReadArray(call, static (node, _, type) => JsonTyping.PlainMismatch(node, type))), GoType.String) { Result = GoType.List },
        ["toToml"] = Text(ToToml, GoType.Any),
        ["fromToml"] = new GoFunction(call => FromMap(() => TomlReader.Read(call.Text(0))), GoType.String) { Result = GoType.Map },
    });

    private static GoFunction Text(Func<FunctionCall, string> body, params GoType[] parameters) =>
        new(call => StringNode.Of(body(call)), parameters) { Result = GoType.String };

    private static GoError Failure(string words) => new($"{FailureStart}{words}{FailureEnd}");

    private static Node Required(FunctionCall call) =>
        call[1] is NullNode or StringNode { Value.Length: 0 } ? throw Failure(call.Text(0)) : call[1];

    private static string ToYaml(FunctionCall call, Func<Node, string> write)
    {
        string text = write(call[0]);
        call.Run.Charge(text.Length);
        return text;
    }

    /// <summary>Helm swallows errors of marshalling in a template.</summary>
    private static string Lenient(Func<string> write)
    {
        try
        {
            return write();
        }
        catch (GoError)
        {
            return string.Empty;
        }
    }

    private static string ToToml(FunctionCall call)
    {
        if (call[0] is NullNode)
        {
            throw new GoError("reflect: call of reflect.Value.Type on zero Value");
        }

        try
        {
            return TomlWriter.Write(GoTree.ToPlain(call[0], static node => node is GoTime or GoDuration));
        }
        catch (GoError error)
        {
            return error.Message;
        }
    }

    /// <param name="empty">What is left of the map when null is read into it; nothing changes unless given.</param>
    private static Node FromMap(Func<MapNode?> read, Func<Node>? empty = null)
    {
        try
        {
            return read() ?? (Node?)empty?.Invoke() ?? new MapNode();
        }
        catch (Exception error) when (error is ChartException or GoError)
        {
            return new MapNode { ["Error"] = error.Message };
        }
    }

    private static Node FromList(Func<Node> read)
    {
        try
        {
            return read();
        }
        catch (Exception error) when (error is ChartException or GoError)
        {
            return new ListNode(StringNode.Of(error.Message));
        }
    }

    private static ListNode AsList(Node node, Func<Node, string, string, string> mismatch) => node switch
    {
        NullNode => [],
        ListNode list => list,
        _ => throw new ChartException(mismatch(node, "value", "[]interface {}")),
    };

    private static Node ReadArray(FunctionCall call, Func<Node, string, string, string> mismatch) =>
        ReadJson(call) is { IsNull: false } read ? AsList(read, mismatch) : GoSlice.NilList;

    private static MapNode? AsMap(Node node) => node switch
    {
        NullNode => null,
        MapNode map => map,
        _ => throw new ChartException(JsonTyping.PlainMismatch(node, "map[string]interface {}")),
    };

    private static Node ReadJson(FunctionCall call) =>
        GoJson.TryRead(call.Text(0), out Node? node, out string? error) ? node : throw new GoError(error);
}
