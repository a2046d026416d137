using System.Globalization;
using System.Text.RegularExpressions;
using Bowline.EmbeddedCluster.Validation;
using Bowline.Languages.GoTemplates;
using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Definitions;

internal static partial class CustomValidation
{
    private static void CheckType(Node value, Node schema, string path, List<FieldError> errors)
    {
        string had = TypeOf(value);
        if (schema["x-kubernetes-int-or-string"]?.AsBool() == true)
        {
            if (value is not (StringNode or IntegerNode) && !IsWhole(value) && !(value.IsNull && schema["nullable"]?.AsBool() == true))
            {
                errors.Add(TypeError(path, "integer,string", had));
            }

            return;
        }

        string? type = schema["type"]?.AsString();
        bool fits = type switch
        {
            null or "" => true,
            _ when value.IsNull => schema["nullable"]?.AsBool() == true,
            "number" => had is "number" or "integer",
            "integer" => had == "integer" || IsWhole(value),
            _ => type == had,
        };
        if (fits)
        {
            return;
        }

        // A format is named instead of the type where the value has one of its own.
        string? format = value is StringNode or ListNode or NullNode ? null : schema["format"]?.AsString();
        string own = value switch
        {
            IntegerNode => "int64",
            FloatNode => "float64",
            _ => string.Empty,
        };
        errors.Add(format is null ? TypeError(path, type!, had) : TypeError(path, format, own));
    }

    // Beyond 2^53 a float does not say which whole number it means.
    private static bool IsWhole(Node value) => value is FloatNode number && number.Value == Math.Truncate(number.Value) && Math.Abs(number.Value) < 9007199254740992.0;

    private static FieldError TypeError(string path, string wanted, string had) =>
        new("FieldValueTypeInvalid", path, $"Invalid value: \"{had}\": {path} in body must be of type {wanted}: \"{had}\"");

    private static string TypeOf(Node value) => value switch
    {
        StringNode => "string",
        BoolNode => "boolean",
        IntegerNode => "integer",
        FloatNode => "number",
        ListNode => "array",
        MapNode => "object",
        _ => "null",
    };

    private static void CheckEnum(Node value, Node schema, string path, List<FieldError> errors)
    {
        if (schema["enum"] is ListNode { Count: > 0 } allowed && !allowed.Any(item => item.DeepEquals(value)))
        {
            string list = string.Join(", ", allowed.Select(item => $"\"{(item is MapNode or ListNode ? JsonWriter.ToText(item) : item)}\""));
            errors.Add(new FieldError("FieldValueNotSupported", path, $"Unsupported value: {JsonWriter.ToText(value)}: supported values: {list}"));
        }
    }

    private static void CheckText(StringNode text, Node schema, string path, List<FieldError> errors)
    {
        int length = text.Value.EnumerateRunes().Count();
        if (schema["maxLength"]?.AsInteger() is { } most && length > most)
        {
            errors.Add(FieldError.TooLong(path, (int)most));
        }

        if (schema["minLength"]?.AsInteger() is { } least && length < least)
        {
            errors.Add(FieldError.Invalid(path, text, $"{path} in body should be at least {least} chars long"));
        }

        if (schema["pattern"]?.AsString() is { } pattern && !Matches(text.Value, pattern))
        {
            errors.Add(FieldError.Invalid(path, text, $"{path} in body should match '{pattern}'"));
        }

        if (schema["format"]?.AsString() is { } format && !CustomFormats.Fits(text.Value, format))
        {
            errors.Add(new FieldError("FieldValueTypeInvalid", path, $"Invalid value: {JsonWriter.ToText(text)}: {path} in body must be of type {format}: {JsonWriter.ToText(text)}"));
        }
    }

    // A pattern that does not compile never came with the definition; it says nothing.
    private static bool Matches(string text, string pattern)
    {
        try
        {
            return !Re2.TryCompile(pattern, out Regex? regex, out _) || regex.IsMatch(text);
        }
        catch (RegexMatchTimeoutException)
        {
            return false;
        }
    }

    // In the reference's order: what the type can hold, then the factor, the lower bound, the upper one.
    private static void CheckNumber(Node value, Node schema, string path, List<FieldError> errors)
    {
        double number = value.AsNumber()!.Value;
        string Show(double bound) => bound.ToString("R", CultureInfo.InvariantCulture);
        CheckRange(value, schema, path, errors);
        if (schema["multipleOf"]?.AsNumber() is { } factor)
        {
            // A whole number is divided by the whole part of the factor, so that none is a multiple of less than one.
            double divisor = value is IntegerNode ? Math.Truncate(factor) : factor;
            if (divisor <= 0)
            {
                errors.Add(FieldError.Invalid(path, value is IntegerNode ? IntegerNode.Of((long)divisor) : new FloatNode(divisor), $"factor MultipleOf declared for {path} must be positive: {Show(divisor)}"));
            }
            else if (Math.Abs(Math.IEEERemainder(number, divisor)) > 1e-9)
            {
                errors.Add(FieldError.Invalid(path, value, $"{path} in body should be a multiple of {Show(divisor)}"));
            }
        }

        if (schema["minimum"]?.AsNumber() is { } least && (schema["exclusiveMinimum"]?.AsBool() == true ? number <= least : number < least))
        {
            errors.Add(FieldError.Invalid(path, value, $"{path} in body should be greater than {(schema["exclusiveMinimum"]?.AsBool() == true ? "" : "or equal to ")}{Show(least)}"));
        }

        if (schema["maximum"]?.AsNumber() is { } most && (schema["exclusiveMaximum"]?.AsBool() == true ? number >= most : number > most))
        {
            errors.Add(FieldError.Invalid(path, value, $"{path} in body should be less than {(schema["exclusiveMaximum"]?.AsBool() == true ? "" : "or equal to ")}{Show(most)}"));
        }
    }

    private static void CheckRange(Node value, Node schema, string path, List<FieldError> errors)
    {
        if (schema["type"]?.AsString() != "integer")
        {
            return;
        }

        string format = schema["format"]?.AsString() ?? string.Empty;
        bool inRange = value switch
        {
            IntegerNode whole => format != "int32" || whole.Value is >= int.MinValue and <= int.MaxValue,
            FloatNode number when IsWhole(value) => format == "int32" ? number.Value is >= int.MinValue and <= int.MaxValue : number.Value is >= long.MinValue and < 9223372036854775808.0,
            _ => false,
        };
        if (!inRange)
        {
            string shown = format.Length == 0 ? "type integer (default format)" : $"type integer with format {format}";
            errors.Add(new FieldError("FieldValueInvalid", "<nil>", $"Invalid value: \"\": Checked value must be of {shown} in {path}"));
        }
    }
}
