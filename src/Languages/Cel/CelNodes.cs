using Bowline.Languages.Cel.Values;
using Bowline.Languages.GoTemplates.Values;
using Bowline.Resources.Model;

namespace Bowline.Languages.Cel;

/// <summary>Makes the values of CEL that a schema promises where the data only has texts and plain lists; null where a text is no such value.</summary>
public static class CelNodes
{
    /// <summary>RFC 3339.</summary>
    public static Node? Timestamp(string text) => CelTimestamp.Parse(text);

    /// <summary><c>2006-01-02</c>, at midnight UTC.</summary>
    public static Node? Date(string text) => text.Length == 10 ? CelTimestamp.Parse(text + "T00:00:00Z") : null;

    /// <summary>Go's <c>1h30m</c>.</summary>
    public static Node? Duration(string text) => GoDuration.Parse(text, out _) is { } nanoseconds ? new CelDuration(nanoseconds) : null;

    /// <summary>Base64.</summary>
    public static Node? Bytes(string text)
    {
        byte[] bytes = new byte[text.Length];
        return Convert.TryFromBase64String(text, bytes, out int length) ? new CelBytes(bytes[..length]) : null;
    }

    /// <summary>A list whose order does not count; <paramref name="keys"/> tell its items apart, none for a set of scalars.</summary>
    public static Node Unordered(IReadOnlyList<Node> items, IReadOnlyList<string> keys) => new CelList(items, keys);

    /// <summary>An optional_type value; null is none.</summary>
    public static Node Optional(Node? value) => value is null ? CelOptional.None : new CelOptional(value);

    /// <summary>A value that makes the expression fail with this message.</summary>
    public static Node Failure(string message) => new CelError(message);

    /// <summary>The name under which <c>Name{field: value}</c> made the value; null for every other value.</summary>
    public static string? StructName(Node value) => value is CelStruct made ? made.Type.Name : null;

    /// <summary>The members of what <c>Name{field: value}</c> made, as values of CEL; null for every other value.</summary>
    public static MapNode? StructFields(Node value) => (value as CelStruct)?.Fields;
}
