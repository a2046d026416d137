using System.Globalization;
using System.Text;
using Bowline.Resources.Model;

namespace Bowline.Resources.Yaml;

internal sealed partial class TreeBuilder
{
    private Key ReadKey(bool block)
    {
        Count(1);
        YamlToken first = scanner.Peek();
        RawScalar scalar;
        if (first.Kind == TokenKind.Alias)
        {
            Anchored anchored = FindAnchor(out _);
            return anchored.Scalar is { } aliased ? ToKey(aliased, first.Start) : InvalidKey(first.Start, anchored.Container!);
        }

        (string? anchor, string? tag) = ReadProperties();
        YamlToken token = scanner.Peek();
        if (token.Kind == TokenKind.Scalar)
        {
            scalar = new RawScalar(token.Text!, Meaningful(tag), tag is null ? token.Plain : tag == "!", first.Start);
            scanner.Take();
        }
        else if (token.Kind is TokenKind.FlowListStart or TokenKind.FlowMapStart
            || (block && token.Kind is TokenKind.BlockEntry or TokenKind.BlockListStart or TokenKind.BlockMapStart))
        {
            return InvalidKey(first.Start, ReadContainer(token.Kind, anchor, first.Start));
        }
        else if (anchor is null && tag is null)
        {
            throw FailParsing("did not find expected node content", token.Start, first.Start);
        }
        else
        {
            scalar = new RawScalar(string.Empty, Meaningful(tag), Plain: tag is null or "!", first.Start);
        }

        Remember(anchor, scalar);
        return ToKey(scalar, first.Start);
    }

    private Key EmptyKey() => ToKey(new RawScalar(string.Empty, null, Plain: true, scanner.Peek().Start), scanner.Peek().Start);

    private Key ToKey(RawScalar scalar, Mark at)
    {
        if (scalar.Text == "<<" && (scalar.Plain || scalar.Tag == StandardTag + "merge"))
        {
            return new Key(scalar.Text, at, Merge: true);
        }

        ResolvedScalar resolved = Resolve(scalar);
        if (resolved.Kind != ScalarKind.String && options.Dialect == YamlDialect.Yaml12)
        {
            throw Fail(at, $"unsupported map key `{scalar.Text}`: object member name must be a string");
        }

        return new Key(resolved.Kind == ScalarKind.String ? resolved.Text : KeyText(resolved), at, Merge: false);
    }

    /// <summary>What <c>{{ .Values.x }}</c> is for YAML when nobody fills it in: a map that is the key of a map.</summary>
    private Key InvalidKey(Mark at, Node key)
    {
        Defer(Fail(at, $"invalid map key: {GoErrors.Syntax(key)}"));
        return new Key(string.Empty, at, Merge: false, Invalid: true);
    }

    /// <summary>The text that sigs.k8s.io/yaml makes of a key that is no string.</summary>
    private string KeyText(in ResolvedScalar resolved) => resolved.Kind switch
    {
        ScalarKind.Timestamp => resolved.Text,
        ScalarKind.Bool => resolved.Bool ? "true" : "false",
        ScalarKind.Integer => resolved.Integer.ToString(CultureInfo.InvariantCulture),
        ScalarKind.Float => GoFloat.General((float)resolved.Float),
        _ => KeyOfNull(),
    };

    private Node ToNode(in RawScalar scalar)
    {
        ResolvedScalar resolved = Resolve(scalar);
        Node node = ToNode(scalar, resolved);
        if (options.PlainScalar is { } plain && scalar.Plain && scalar.Tag is null && resolved.Kind != ScalarKind.String)
        {
            return plain(scalar.Text, node);
        }

        return options.FoldedScalar is { } folded && scalar.Folded && node is StringNode text ? folded(text) : node;
    }

    private Node ToNode(in RawScalar scalar, in ResolvedScalar resolved)
    {
        switch (resolved.Kind)
        {
            case ScalarKind.Null:
                return Node.Null;
            case ScalarKind.Bool:
                return BoolNode.Of(resolved.Bool);
            case ScalarKind.Integer when options.NumbersAsFloats:
                return new FloatNode(resolved.Integer) { Line = scalar.Mark.Line + 1 };
            case ScalarKind.Integer:
                return resolved.Integer is >= -1 and < 257 ? IntegerNode.Of(resolved.Integer) : new IntegerNode(resolved.Integer) { Line = scalar.Mark.Line + 1 };
            case ScalarKind.Unsigned:
                return new FloatNode(resolved.Unsigned) { Line = scalar.Mark.Line + 1, Unsigned = options.Dialect == YamlDialect.Yaml12 ? resolved.Unsigned : null };
            case ScalarKind.Float:
                return FloatToNode(scalar, resolved.Float);
            case ScalarKind.Timestamp when options.Dialect == YamlDialect.Yaml12:
                YamlTimestamps.TryParse(resolved.Text, out string rfc3339);
                return new StringNode(rfc3339) { Line = scalar.Mark.Line + 1 };
            default:
                return resolved.Text.Length == 0 ? StringNode.Empty : new StringNode(resolved.Text) { Line = scalar.Mark.Line + 1, Quoted = !scalar.Plain && scalar.Tag is null };
        }
    }

    /// <summary>Everything is JSON in the end: it has no infinities, and writes whole floats below 1e21 like integers.</summary>
    private Node FloatToNode(in RawScalar scalar, double value)
    {
        // Where scalars are kept as written, one may still be replaced, or only its text be used.
        if (!double.IsFinite(value))
        {
            mayNotBeJson |= options.PlainScalar is null;
            return new FloatNode(value) { Line = scalar.Mark.Line + 1 };
        }

        bool whole = !options.NumbersAsFloats && value == Math.Truncate(value) && Math.Abs(value) < 9.2e18;
        return whole ? new IntegerNode((long)value) { Line = scalar.Mark.Line + 1 } : new FloatNode(value) { Line = scalar.Mark.Line + 1 };
    }

    private ResolvedScalar Resolve(in RawScalar scalar)
    {
        if (scalar.Tag is null)
        {
            return scalar.Plain ? YamlScalars.Resolve(scalar.Text, options.Dialect) : new ResolvedScalar(ScalarKind.String, scalar.Text);
        }

        if (!scalar.Tag.StartsWith(StandardTag, StringComparison.Ordinal))
        {
            return new ResolvedScalar(ScalarKind.String, scalar.Text);
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
            _ => new ResolvedScalar(ScalarKind.String, scalar.Text),
        };
    }

    private ResolvedScalar Require(in RawScalar scalar, ScalarKind kind)
    {
        ResolvedScalar resolved = YamlScalars.Resolve(scalar.Text, options.Dialect);
        bool matches = resolved.Kind == kind || (kind == ScalarKind.Integer && resolved.Kind == ScalarKind.Unsigned);
        return matches ? resolved : Mismatch(scalar, resolved.Kind);
    }

    private ResolvedScalar RequireFloat(in RawScalar scalar)
    {
        ResolvedScalar resolved = YamlScalars.Resolve(scalar.Text, options.Dialect);
        return resolved.Kind switch
        {
            ScalarKind.Float => resolved,
            ScalarKind.Integer => new ResolvedScalar(ScalarKind.Float, scalar.Text, Float: resolved.Integer),
            _ => Mismatch(scalar, resolved.Kind),
        };
    }

    private ResolvedScalar Mismatch(in RawScalar scalar, ScalarKind kind)
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
        Defer(Fail(scalar.Mark, $"cannot decode !!{found} `{scalar.Text}` as a !!{scalar.Tag![StandardTag.Length..]}"));
        return new ResolvedScalar(ScalarKind.String, scalar.Text);
    }

    private ResolvedScalar Decode(in RawScalar scalar)
    {
        string text = scalar.Text.ReplaceLineEndings(string.Empty);
        byte[] bytes = new byte[(text.Length / 4 * 3) + 3];
        if (text.Contains(' ', StringComparison.Ordinal) || !Convert.TryFromBase64String(text, bytes, out int written))
        {
            Defer(Fail(scalar.Mark, "!!binary value contains invalid base64 data"));
            return new ResolvedScalar(ScalarKind.String, scalar.Text);
        }

        return new ResolvedScalar(ScalarKind.String, Encoding.UTF8.GetString(bytes, 0, written));
    }
}
