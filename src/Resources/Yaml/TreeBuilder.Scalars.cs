using System.Globalization;
using System.Text;
using Bowline.Resources.Model;

namespace Bowline.Resources.Yaml;

internal sealed partial class TreeBuilder
{
    private const string StandardTag = "tag:yaml.org,2002:";

    private string ReadKey()
    {
        Count(1);
        YamlEvent key = current;
        YamlEvent scalar = key;
        switch (key.Kind)
        {
            case YamlEventKind.Alias:
                scalar = Find(key).Scalar;
                break;
            case YamlEventKind.Scalar:
                Remember(key.Anchor, null, key, 1);
                break;
        }

        if (scalar.Kind != YamlEventKind.Scalar)
        {
            throw Fail(key, "invalid map key: only a scalar can be the key of a map");
        }

        current = source.Next();
        ResolvedScalar resolved = Resolve(scalar);
        if (resolved.Kind == ScalarKind.String)
        {
            return resolved.Text;
        }

        return options.Dialect == YamlDialect.Yaml12 ? throw Fail(key, $"unsupported map key `{scalar.Value}`: object member name must be a string") : KeyText(key, resolved);
    }

    /// <summary>The text that sigs.k8s.io/yaml makes of a key that is no string.</summary>
    private string KeyText(in YamlEvent key, in ResolvedScalar resolved) => resolved.Kind switch
    {
        ScalarKind.Timestamp => resolved.Text,
        ScalarKind.Bool => resolved.Bool ? "true" : "false",
        ScalarKind.Integer => resolved.Integer.ToString(CultureInfo.InvariantCulture),
        ScalarKind.Float => GoFloat.General((float)resolved.Float),
        _ => throw Fail(key, $"unsupported map key `{resolved.Text}`"),
    };

    private Node ToNode(in YamlEvent scalar)
    {
        ResolvedScalar resolved = Resolve(scalar);
        switch (resolved.Kind)
        {
            case ScalarKind.Null:
                return Node.Null;
            case ScalarKind.Bool:
                return BoolNode.Of(resolved.Bool);
            case ScalarKind.Integer when options.NumbersAsFloats:
                return new FloatNode(resolved.Integer) { Line = scalar.Line };
            case ScalarKind.Integer:
                return resolved.Integer is >= -1 and < 257 ? IntegerNode.Of(resolved.Integer) : new IntegerNode(resolved.Integer) { Line = scalar.Line };
            case ScalarKind.Unsigned:
                return new FloatNode(resolved.Unsigned) { Line = scalar.Line };
            case ScalarKind.Float:
                return FloatToNode(scalar, resolved.Float);
            case ScalarKind.Timestamp when options.Dialect == YamlDialect.Yaml12:
                YamlTimestamps.TryParse(resolved.Text, out string rfc3339);
                return new StringNode(rfc3339) { Line = scalar.Line };
            default:
                return resolved.Text.Length == 0 ? StringNode.Empty : new StringNode(resolved.Text) { Line = scalar.Line };
        }
    }

    /// <summary>Everything is JSON in the end: it has no infinities, and writes whole floats below 1e21 like integers.</summary>
    private Node FloatToNode(in YamlEvent scalar, double value)
    {
        if (!double.IsFinite(value))
        {
            throw Fail(scalar, $"json: unsupported value: {(double.IsNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf")}");
        }

        bool whole = !options.NumbersAsFloats && value == Math.Truncate(value) && Math.Abs(value) < 9.2e18;
        return whole ? new IntegerNode((long)value) { Line = scalar.Line } : new FloatNode(value) { Line = scalar.Line };
    }

    private ResolvedScalar Resolve(in YamlEvent scalar)
    {
        if (scalar.Tag is null)
        {
            return scalar.Implicit ? YamlScalars.Resolve(scalar.Value, options.Dialect) : new ResolvedScalar(ScalarKind.String, scalar.Value);
        }

        if (!scalar.Tag.StartsWith(StandardTag, StringComparison.Ordinal))
        {
            return new ResolvedScalar(ScalarKind.String, scalar.Value);
        }

        ReadOnlySpan<char> tag = scalar.Tag.AsSpan(StandardTag.Length);
        return tag switch
        {
            "bool" => Require(scalar, ScalarKind.Bool),
            "int" => Require(scalar, ScalarKind.Integer),
            "null" => Require(scalar, ScalarKind.Null),
            "timestamp" => Require(scalar, ScalarKind.Timestamp),
            "float" => RequireFloat(scalar),
            "binary" => Decode(scalar),
            _ => new ResolvedScalar(ScalarKind.String, scalar.Value),
        };
    }

    private ResolvedScalar Require(in YamlEvent scalar, ScalarKind kind)
    {
        ResolvedScalar resolved = YamlScalars.Resolve(scalar.Value, options.Dialect);
        bool matches = resolved.Kind == kind || (kind == ScalarKind.Integer && resolved.Kind == ScalarKind.Unsigned);
        return matches ? resolved : throw Mismatch(scalar, resolved.Kind);
    }

    private ResolvedScalar RequireFloat(in YamlEvent scalar)
    {
        ResolvedScalar resolved = YamlScalars.Resolve(scalar.Value, options.Dialect);
        return resolved.Kind switch
        {
            ScalarKind.Float => resolved,
            ScalarKind.Integer => new ResolvedScalar(ScalarKind.Float, scalar.Value, Float: resolved.Integer),
            _ => throw Mismatch(scalar, resolved.Kind),
        };
    }

    private YamlException Mismatch(in YamlEvent scalar, ScalarKind kind)
    {
        string found = kind switch
        {
            ScalarKind.Null => "null",
            ScalarKind.Bool => "bool",
            ScalarKind.Integer or ScalarKind.Unsigned => "int",
            ScalarKind.Float => "float",
            ScalarKind.Timestamp => "timestamp",
            _ => "str",
        };
        return Fail(scalar, $"cannot decode !!{found} `{scalar.Value}` as a !!{scalar.Tag![StandardTag.Length..]}");
    }

    private ResolvedScalar Decode(in YamlEvent scalar)
    {
        string text = scalar.Value.ReplaceLineEndings(string.Empty);
        byte[] bytes = new byte[(text.Length / 4 * 3) + 3];
        if (text.Contains(' ', StringComparison.Ordinal) || !Convert.TryFromBase64String(text, bytes, out int written))
        {
            throw Fail(scalar, "!!binary value contains invalid base64 data");
        }

        return new ResolvedScalar(ScalarKind.String, Encoding.UTF8.GetString(bytes, 0, written));
    }
}
