using System.Globalization;
using System.Text;
using Bowline.Languages.Expressions.Evaluating;
using Bowline.Languages.GoTemplates.Printing;
using Bowline.Languages.GoTemplates.Values;
using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.Languages.Expressions.Functions;

internal static class Conversions
{
    public static IReadOnlyDictionary<string, Builtin> All { get; } = new Dictionary<string, Builtin>
    {
        ["type"] = new(1, 1, static call => StringNode.Of(TypeName(call[0]))),
        ["int"] = new(1, 1, static call => GoInteger.Int(call[0] is StringNode text
            ? long.TryParse(text.Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long value) ? value : throw new Failure($"invalid operation: int({text.Value})")
            : call.Integer(0))),
        ["float"] = new(1, 1, static call => new FloatNode(call[0] is StringNode text
            ? double.TryParse(text.Value, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) ? value : throw new Failure($"invalid operation: float({text.Value})")
            : Values.ToFloat(call[0]))),
        ["string"] = new(1, 1, static call => call.Built(ToText(call[0]))),
        ["toJSON"] = new(1, 1, static call => call.Built(JsonWriter.ToText(GoTree.ToPlain(call[0]), new JsonWriteOptions { Indent = true, SortKeys = true, EscapeHtml = true }))),
        ["fromJSON"] = new(1, 1, FromJson),
        ["toBase64"] = new(1, 1, static call => call.Built(Convert.ToBase64String(Values.Bytes(call.Text(0))))),
        ["fromBase64"] = new(1, 1, FromBase64),
    };

    /// <summary>What <c>%v</c> prints.</summary>
    public static string ToText(Node value) => GoPrinter.Sprint(value);

    private static string TypeName(Node value) => value switch
    {
        NullNode => "nil",
        BoolNode => "bool",
        FloatNode => "float",
        StringNode => "string",
        GoInteger { IsUnsigned: true } => "uint",
        _ when Values.Integer(value) is not null => "int",
        _ when GoTree.Map(value) is not null => "map",
        _ when GoTree.Items(value) is not null => "array",
        _ => Values.TypeOf(value),
    };

    private static Node FromJson(BuiltinCall call)
    {
        string text = call.Text(0);
        call.Run.BuildText(text.Length);
        try
        {
            return JsonReader.Read(Encoding.UTF8.GetBytes(text));
        }
        catch (Exception broken) when (broken is FormatException or System.Text.Json.JsonException)
        {
            throw new Failure(broken.Message, inner: broken);
        }
    }

    private static Node FromBase64(BuiltinCall call)
    {
        try
        {
            return call.Built(Encoding.UTF8.GetString(Convert.FromBase64String(call.Text(0))));
        }
        catch (FormatException broken)
        {
            throw new Failure("illegal base64 data", inner: broken);
        }
    }
}
