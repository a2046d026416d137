using System.Globalization;
using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Validation;

/// <summary>One thing wrong with an object, worded as apimachinery's field errors are.</summary>
internal sealed record FieldError(string Reason, string Field, string Message)
{
    public static FieldError Required(string field, string detail = "") =>
        new("FieldValueRequired", field, detail.Length == 0 ? "Required value" : $"Required value: {detail}");

    public static FieldError Invalid(string field, Node? value, string detail) => new("FieldValueInvalid", field, detail.Length == 0 ? $"Invalid value: {Show(value)}" : $"Invalid value: {Show(value)}: {detail}");

    public static FieldError NotSupported(string field, Node? value, params string[] supported) =>
        new("FieldValueNotSupported", field, $"Unsupported value: {Show(value)}: supported values: {string.Join(", ", supported.Select(text => $"\"{text}\""))}");

    public static FieldError Forbidden(string field, string detail) => new("FieldValueForbidden", field, $"Forbidden: {detail}");

    public static FieldError Duplicate(string field, Node? value) => new("FieldValueDuplicate", field, $"Duplicate value: {Show(value)}");

    public static FieldError NotFound(string field, Node? value) => new("FieldValueNotFound", field, $"Not found: {Show(value)}");

    public static FieldError TooLong(string field, int most) =>
        new("FieldValueTooLong", field, string.Create(CultureInfo.InvariantCulture, $"Too long: may not be more than {most} bytes"));

    public static FieldError TooMany(string field, int had, int most) =>
        new("FieldValueTooMany", field, string.Create(CultureInfo.InvariantCulture, $"Too many: {had}: must have at most {most} items"));

    public MapNode ToCause() => new() { ["reason"] = Reason, ["message"] = Message, ["field"] = Field };

    public override string ToString() => $"{Field}: {Message}";

    private static string Show(Node? value) => value switch
    {
        null => "null",
        _ => JsonWriter.ToText(value, new JsonWriteOptions { SortKeys = true }),
    };
}
