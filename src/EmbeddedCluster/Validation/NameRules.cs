using System.Text.RegularExpressions;

namespace Bowline.EmbeddedCluster.Validation;

/// <summary>The name formats of apimachinery, each returning what is wrong in its words.</summary>
internal static partial class NameRules
{
    private const string SubdomainText = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
    private const string LabelText = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
    private const string Label1035Text = "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
    private const string QualifiedText = "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
    private const string LabelValueText = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

    public static IEnumerable<string> Subdomain(string name)
    {
        if (name.Length > 253)
        {
            yield return "must be no more than 253 characters";
        }

        if (!SubdomainPattern().IsMatch(name))
        {
            yield return SubdomainText;
        }
    }

    public static IEnumerable<string> Label(string name)
    {
        if (name.Length > 63)
        {
            yield return "must be no more than 63 characters";
        }

        if (!LabelPattern().IsMatch(name))
        {
            yield return LabelText;
        }
    }

    public static IEnumerable<string> Label1035(string name)
    {
        if (name.Length > 63)
        {
            yield return "must be no more than 63 bytes";
        }

        if (!Label1035Pattern().IsMatch(name))
        {
            yield return Label1035Text;
        }
    }

    /// <summary>The name of a port: an IANA service name.</summary>
    public static IEnumerable<string> PortName(string name)
    {
        if (name.Length > 15)
        {
            yield return "must be no more than 15 characters";
        }

        if (!PortNamePattern().IsMatch(name))
        {
            yield return "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)";
        }

        if (!name.Any(c => c is >= 'a' and <= 'z'))
        {
            yield return "must contain at least one letter (a-z)";
        }

        if (name.Contains("--", StringComparison.Ordinal))
        {
            yield return "must not contain consecutive hyphens";
        }

        if (name.StartsWith('-') || name.EndsWith('-'))
        {
            yield return "must not begin or end with a hyphen";
        }
    }

    /// <summary>The name of an environment variable: anything printable but an equals sign.</summary>
    public static IEnumerable<string> EnvironmentName(string name) =>
        name.Length > 0 && name.All(c => c is >= ' ' and <= '~' and not '=') ? [] : ["a valid environment variable name must consist only of printable ASCII characters other than '='"];

    /// <summary>A key of a ConfigMap or Secret.</summary>
    public static IEnumerable<string> ConfigKey(string key)
    {
        if (key.Length > 253)
        {
            yield return "must be no more than 253 characters";
        }

        if (!ConfigKeyPattern().IsMatch(key))
        {
            yield return "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";
        }
        else if (key is "." or "..")
        {
            yield return $"must not be '{key}'";
        }
        else if (key.StartsWith("..", StringComparison.Ordinal))
        {
            yield return "must not start with '..'";
        }
    }

    public static IEnumerable<string> HttpHeader(string name) =>
        HttpHeaderPattern().IsMatch(name) ? [] : ["a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')"];

    /// <summary>A path below a directory, never out of it.</summary>
    public static IEnumerable<string> LocalPath(string path)
    {
        if (path.StartsWith('/'))
        {
            yield return "must be a relative path";
        }

        foreach (string wrong in NoBacksteps(path))
        {
            yield return wrong;
        }
    }

    /// <summary>A path that leads nowhere up.</summary>
    public static IEnumerable<string> NoBacksteps(string path) => path.Split('/').Contains("..") ? ["must not contain '..'"] : [];

    /// <summary>A path below a directory that leaves the names starting with dots to the kubelet.</summary>
    public static IEnumerable<string> LocalUnreservedPath(string path)
    {
        foreach (string wrong in LocalPath(path))
        {
            yield return wrong;
        }

        if (path.StartsWith("..", StringComparison.Ordinal) && path != ".." && !path.StartsWith("../", StringComparison.Ordinal))
        {
            yield return "must not start with '..'";
        }
    }

    /// <summary>An entry of a resolver's search list: a subdomain that may have underscores.</summary>
    public static IEnumerable<string> SearchPath(string name) => name.Length == 0 ? [] : Subdomain(name.Replace('_', 'a'));

    /// <summary>A DNS name whose first label may be an asterisk.</summary>
    public static IEnumerable<string> Wildcard(string name)
    {
        if (name.Length > 253)
        {
            yield return "must be no more than 253 characters";
        }

        if (!WildcardPattern().IsMatch(name))
        {
            yield return "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character (e.g. '*.example.com', regex used for validation is '\\*\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
        }
    }

    /// <summary>A DNS name with dots.</summary>
    public static IEnumerable<string> FullyQualified(string name)
    {
        if (name.Length == 0)
        {
            return ["Required value"];
        }

        string[] wrong = [.. Subdomain(name)];
        return wrong.Length > 0 ? wrong : name.Split('.').Length < 3 ? ["should be a domain with at least three segments separated by dots"] : [];
    }

    /// <summary>A label as an object's name, where dots are the usual mistake.</summary>
    public static IEnumerable<string> LabelName(string name) => name.Contains('.', StringComparison.Ordinal) ? ["must not contain dots"] : Label(name);

    /// <summary>A label key is a qualified name in other words.</summary>
    public static IEnumerable<string> LabelKey(string name) => QualifiedName(name).Select(wrong => wrong.Replace("a qualified name must", "a valid label key must", StringComparison.Ordinal));

    /// <summary>RBAC names: anything that can stand as a path segment.</summary>
    public static IEnumerable<string> PathSegment(string name)
    {
        if (name is "." or "..")
        {
            yield return $"may not be '{name}'";
            yield break;
        }

        foreach (string illegal in (string[])["/", "%"])
        {
            if (name.Contains(illegal, StringComparison.Ordinal))
            {
                yield return $"may not contain '{illegal}'";
            }
        }
    }

    public static IEnumerable<string> QualifiedName(string name)
    {
        string[] parts = name.Split('/');
        if (parts.Length > 2)
        {
            yield return $"a qualified name {QualifiedText[5..].Replace("part must", "must", StringComparison.Ordinal)} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')";
            yield break;
        }

        if (parts.Length == 2)
        {
            if (parts[0].Length == 0)
            {
                yield return "prefix part must be non-empty";
            }
            else
            {
                foreach (string wrong in Subdomain(parts[0]))
                {
                    yield return "prefix part " + wrong;
                }
            }
        }

        string own = parts[^1];
        if (own.Length == 0)
        {
            yield return "name part must be non-empty";
        }
        else if (own.Length > 63)
        {
            yield return "name part must be no more than 63 bytes";
        }

        if (!QualifiedPattern().IsMatch(own))
        {
            yield return QualifiedText;
        }
    }

    public static IEnumerable<string> LabelValue(string value)
    {
        if (value.Length > 63)
        {
            yield return "must be no more than 63 bytes";
        }

        if (!LabelValuePattern().IsMatch(value))
        {
            yield return LabelValueText;
        }
    }

    [GeneratedRegex(@"^[-a-z0-9]+\z", RegexOptions.CultureInvariant)]
    private static partial Regex PortNamePattern();

    [GeneratedRegex(@"^[-._a-zA-Z0-9]+\z", RegexOptions.CultureInvariant)]
    private static partial Regex ConfigKeyPattern();

    [GeneratedRegex(@"^[-A-Za-z0-9]+\z", RegexOptions.CultureInvariant)]
    private static partial Regex HttpHeaderPattern();

    [GeneratedRegex(@"^\*\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\z", RegexOptions.CultureInvariant)]
    private static partial Regex WildcardPattern();

    [GeneratedRegex(@"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\z", RegexOptions.CultureInvariant)]
    private static partial Regex SubdomainPattern();

    [GeneratedRegex(@"^[a-z0-9]([-a-z0-9]*[a-z0-9])?\z", RegexOptions.CultureInvariant)]
    private static partial Regex LabelPattern();

    [GeneratedRegex(@"^[a-z]([-a-z0-9]*[a-z0-9])?\z", RegexOptions.CultureInvariant)]
    private static partial Regex Label1035Pattern();

    [GeneratedRegex(@"^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]\z", RegexOptions.CultureInvariant)]
    private static partial Regex QualifiedPattern();

    [GeneratedRegex(@"^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?\z", RegexOptions.CultureInvariant)]
    private static partial Regex LabelValuePattern();
}
