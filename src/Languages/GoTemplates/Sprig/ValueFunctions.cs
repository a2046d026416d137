using Bowline.Languages.GoTemplates.Printing;
using Bowline.Languages.GoTemplates.Values;
using Bowline.Resources.Json;
using Bowline.Resources.Model;
using static Bowline.Languages.GoTemplates.Sprig.FunctionList;

namespace Bowline.Languages.GoTemplates.Sprig;

/// <summary>Defaults, conditions, types and JSON.</summary>
internal static class ValueFunctions
{
    private static readonly JsonWriteOptions Compact = new() { SortKeys = true, EscapeHtml = true };
    private static readonly JsonWriteOptions Raw = new() { SortKeys = true };
    private static readonly JsonWriteOptions Pretty = new() { SortKeys = true, EscapeHtml = true, Indent = true };

    public static FunctionList All()
    {
        FunctionList list = new()
        {
            { "empty", call => IsEmpty(call[0]), Any },
            { "ternary", call => call.Bool(2) ? call[0] : call[1], Any, Any, Bool },
            { "typeOf", call => TypeOf(call[0]), Any },
            { "typeIs", call => TypeOf(call[1]) == call.Text(0), Text, Any },
            { "typeIsLike", call => TypeOf(call[1]) is var type && (type == call.Text(0) || type == "*" + call.Text(0)), Text, Any },
            { "kindOf", call => KindOf(call[0]), Any },
            { "kindIs", call => KindOf(call[1]) == call.Text(0), Text, Any },
            { "deepEqual", call => GoEquality.DeepEqual(call[0], call[1]), Any, Any },
            { "toJson", call => OrEmpty(call, Compact), Any },
            { "toPrettyJson", call => OrEmpty(call, Pretty), Any },
            { "toRawJson", call => ToJson(call[0], Raw), Any },
            { "mustToJson", call => ToJson(call[0], Compact), Any },
            { "mustToPrettyJson", call => ToJson(call[0], Pretty), Any },
            { "mustToRawJson", call => ToJson(call[0], Raw), Any },
            { "fromJson", call => GoJson.TryRead(call.Text(0), out Node? node, out _) ? node : Node.Null, Text },
            { "mustFromJson", call => GoJson.TryRead(call.Text(0), out Node? node, out string? error) ? node : throw new GoError(error), Text },
        };
        list.Variadic("default", call => call.Count < 2 || IsEmpty(call[1]) ? call[0] : call[1], Any, Any);
        list.Variadic("coalesce", call => First(call, value => !IsEmpty(value)) ?? Node.Null, Any);
        list.Variadic("all", call => First(call, IsEmpty) is null, Any);
        list.Variadic("any", call => First(call, value => !IsEmpty(value)) is not null, Any);
        return list;
    }

    /// <summary>Sprig's empty: the zero value of its kind; structs never are.</summary>
    public static bool IsEmpty(Node value) => value switch
    {
        NullNode => true,
        StringNode text => text.Value.Length == 0,
        BoolNode flag => !flag.Value,
        IntegerNode integer => integer.Value == 0,
        FloatNode number => number.Value == 0,
        MapNode map => map.Count == 0,
        ListNode list => list.Count == 0,
        GoInteger integer => integer.Value == 0,
        GoDuration duration => duration.Nanoseconds == 0,
        GoComplex complex => complex.Real == 0 && complex.Imaginary == 0,
        GoMap map => map.Members.Count == 0,
        GoSlice slice => slice.Items.Count == 0,
        GoBytes bytes => bytes.Bytes.Length == 0,
        GoValue other => other.IsNil,
        _ => false,
    };

    public static string KindOf(Node node) => GoTree.KindOf(node) switch
    {
        GoKind.Pointer => "ptr",
        var kind => kind.ToString().ToLowerInvariant(),
    };

    private static string TypeOf(Node node) => node is NullNode ? "<nil>" : GoType.Of(node).Name;

    private static Node? First(FunctionCall call, Func<Node, bool> match)
    {
        foreach (Node value in call.Arguments)
        {
            if (match(value))
            {
                return value;
            }
        }

        return null;
    }

    private static string OrEmpty(FunctionCall call, JsonWriteOptions options)
    {
        try
        {
            return ToJson(call[0], options);
        }
        catch (GoError)
        {
            return string.Empty;
        }
    }

    private static string ToJson(Node value, JsonWriteOptions options)
    {
        try
        {
            return JsonWriter.ToText(GoTree.ToPlain(value), options);
        }
        catch (System.Text.Json.JsonException exception)
        {
            throw new GoError(exception.Message, exception);
        }
    }
}
