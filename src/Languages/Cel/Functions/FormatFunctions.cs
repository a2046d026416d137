using System.Globalization;
using System.Text.RegularExpressions;
using Bowline.Languages.Cel.Types;
using Bowline.Languages.Cel.Values;
using Bowline.Resources.Model;

namespace Bowline.Languages.Cel.Functions;

internal sealed class CelFormat(string name, Func<string, IReadOnlyList<string>> validate) : CelLibraryValue
{
    public static readonly CelType FormatType = CelType.Opaque("kubernetes.NamedFormat");

    public override CelType Type => FormatType;

    public IReadOnlyList<string> Validate(string text) => validate(text);

    public override bool IsSame(CelLibraryValue other) => ReferenceEquals(other, this);

    public override string ToString() => name;
}

/// <summary>format.named(), format.dns1123Label() and so on, and validate().</summary>
internal static partial class FormatFunctions
{
    private const string Type = "kubernetes.NamedFormat";
    private const string LabelMessage = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
    private const string SubdomainMessage = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
    private const string Label1035Message = "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
    private const string ValueMessage = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
    private const string NameMessage = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

    private static readonly Dictionary<string, CelFormat> Formats = new CelFormat[]
    {
        new("dns1123Label", text => Sized(text, 63, Label(), LabelMessage)),
        new("dns1123Subdomain", text => Sized(text, 253, Subdomain(), SubdomainMessage)),
        new("dns1035Label", text => Sized(text, 63, Label1035(), Label1035Message)),
        new("qualifiedName", QualifiedName),
        new("dns1123LabelPrefix", text => Sized(WithoutDash(text), 63, Label(), LabelMessage)),
        new("dns1123SubdomainPrefix", text => Sized(WithoutDash(text), 253, Subdomain(), SubdomainMessage)),
        new("dns1035LabelPrefix", text => Sized(WithoutDash(text), 63, Label1035(), Label1035Message)),
        new("labelValue", text => Sized(text, 63, LabelValue(), ValueMessage)),
        new("uri", text => UrlFunctions.Parse(text, out string error) is null ? [error] : []),
        new("uuid", text => Uuid().IsMatch(text) ? [] : ["does not match the UUID format"]),
        new("byte", text => Convert.TryFromBase64String(text, new byte[text.Length], out _) && text.Length > 0 ? [] : ["invalid base64"]),
        new("date", text => DateTime.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _) ? [] : ["invalid date"]),
        new("datetime", text => CelTimestamp.Parse(text) is null ? ["invalid datetime"] : []),
    }.ToDictionary(format => format.ToString()!, StringComparer.Ordinal);

    public static CelLibrary All()
    {
        CelLibrary library = new();
        library.AddType(Type, CelFormat.FormatType);
        foreach ((string name, CelFormat format) in Formats)
        {
            library.Add($"format.{name}(): {Type}", (_, _) => format);
        }

        library.Add($"format.named(string): optional<{Type}>", (_, a) => Formats.TryGetValue(a.Text(0), out CelFormat? format) ? new CelOptional(format) : CelOptional.None);
        library.Add($"{Type} validate(string): optional<list<string>>", (run, a) =>
            ((CelFormat)a[0]).Validate(a.Text(1)) is { Count: > 0 } errors ? new CelOptional(run.Texts(errors)) : CelOptional.None);
        return library;
    }

    // generateName may end in a dash; what comes after it makes the name valid.
    private static string WithoutDash(string text) => text.Length > 1 && text.EndsWith('-') ? text[..^2] + 'a' : text;

    private static List<string> Sized(string text, int most, Regex pattern, string message)
    {
        List<string> errors = [];
        if (text.Length > most)
        {
            errors.Add($"must be no more than {most} characters");
        }

        if (!pattern.IsMatch(text))
        {
            errors.Add(message);
        }

        return errors;
    }

    private static List<string> QualifiedName(string text)
    {
        string[] parts = text.Split('/');
        if (parts.Length > 2)
        {
            return ["a qualified name " + NameMessage + " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"];
        }

        List<string> errors = [];
        if (parts.Length == 2)
        {
            errors.AddRange(parts[0].Length == 0 ? ["prefix part must be non-empty"] : Sized(parts[0], 253, Subdomain(), SubdomainMessage).Select(error => "prefix part " + error));
        }

        if (parts[^1].Length == 0)
        {
            errors.Add("name part must be non-empty");
        }

        errors.AddRange(Sized(parts[^1], 63, Name(), NameMessage).Select(error => "name part " + error));
        return errors;
    }

    [GeneratedRegex(@"\A[a-z0-9]([-a-z0-9]*[a-z0-9])?\z", RegexOptions.CultureInvariant)]
    private static partial Regex Label();

    [GeneratedRegex(@"\A[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\z", RegexOptions.CultureInvariant)]
    private static partial Regex Subdomain();

    [GeneratedRegex(@"\A[a-z]([-a-z0-9]*[a-z0-9])?\z", RegexOptions.CultureInvariant)]
    private static partial Regex Label1035();

    [GeneratedRegex(@"\A(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?\z", RegexOptions.CultureInvariant)]
    private static partial Regex LabelValue();

    [GeneratedRegex(@"\A([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]\z", RegexOptions.CultureInvariant)]
    private static partial Regex Name();

    [GeneratedRegex(@"\A(?i)[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Uuid();
}
