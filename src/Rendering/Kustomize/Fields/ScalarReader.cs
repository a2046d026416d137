using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;
using Bowline.Rendering.Kustomize.Objects;
using Bowline.Rendering.Requests;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;

namespace Bowline.Rendering.Kustomize.Fields;

/// <summary>A scalar that a build made without saying of what type: it is whatever its text means, now and after any other text is put into it.</summary>
internal sealed class Untyped(string text) : OpaqueNode
{
    public static readonly Untyped Empty = new(string.Empty);

    public override Node ToPlain() => ScalarText.Plain(ScalarReader.Resolve(text));

    public override bool DeepEquals([NotNullWhen(true)] Node? other) => other is Untyped untyped && untyped.ToString() == text;

    public override string ToString() => text;
}

/// <summary>Text put into scalars: what was a number stays one, what was text stays text.</summary>
internal static partial class ScalarReader
{
    /// <summary>What the text means where it stands unquoted.</summary>
    public static Node Resolve(string text)
    {
        if (text.Length == 0)
        {
            return Node.Null;
        }

        // Anything that could be more than text is short and made of these characters.
        if (text.Length > 64 || !CouldBeTyped().IsMatch(text))
        {
            return new StringNode(text);
        }

        Node value = Read(text, YamlReadOptions.Kustomize);
        return value.ToString() == text ? value : new WrittenScalar(text, value);
    }

    /// <summary>A text that a transformer puts in a scalar's place: whatever it means there, unless what was there was quoted.</summary>
    public static Node Scalar(Node? current, string text) =>
        current is not null && ScalarText.Text(current) is { Quoted: true } ? new StringNode(text) { Quoted = true } : Resolve(text);

    /// <summary>A key that a build writes, which it does without quotes.</summary>
    /// <exception cref="RenderException">It would be read as a number, a truth value, a date or a merge, which is no key of JSON; the original fails on it, too.</exception>
    public static string Key(string key) => key == "<<" || Resolve(key) is not StringNode
        ? throw new RenderException($"the key '{key}' is refused: without quotes, as it is written, it is not a text")
        : key;

    private static Node Read(string text, YamlReadOptions options)
    {
        try
        {
            return YamlReader.Read(text, options);
        }
        catch (YamlException error)
        {
            throw new RenderException(error.Reason, inner: error);
        }
    }

    /// <exception cref="RenderException">The scalar's type cannot hold the text.</exception>
    public static Node Retype(Node current, string text)
    {
        if (current is Untyped)
        {
            return new Untyped(text);
        }

        current = SharedScalar.Unshared(current);
        if (current is StringNode known)
        {
            return new StringNode(text) { Quoted = known.Quoted };
        }

        if (current is WrittenScalar { Resolved: StringNode })
        {
            return FoldedText.Of(new StringNode(text) { Quoted = true });
        }

        Node wanted = current is WrittenScalar written ? written.Resolved : current;
        Node resolved = Resolve(text);
        resolved = resolved is WrittenScalar { Resolved: var value } ? value : resolved;
        bool fits = wanted.Kind == resolved.Kind || (wanted.Kind == NodeKind.Float && resolved.Kind == NodeKind.Integer);
        return fits ? Resolve(text) : throw new RenderException($"cannot decode `{text}` as a {wanted.Kind.ToString().ToLowerInvariant()}, which the field holds", line: current.Line);
    }

    /// <summary>
    /// What becomes of a scalar that takes the place of another: it keeps the notation that was there, so that a number in
    /// the place of a quoted text is text.
    /// </summary>
    public static Node InPlaceOf(Node? before, Node after)
    {
        if (before is null)
        {
            return after;
        }

        before = SharedScalar.Unshared(before);
        bool quoted = before is StringNode { Quoted: true } || (before is WrittenScalar { Resolved: StringNode } written && !IsDate(written));
        return after switch
        {
            MapNode or ListNode => after,
            StringNode text when text.Quoted == quoted => text,
            StringNode text => new StringNode(text.Value) { Line = text.Line, Quoted = quoted },
            _ when quoted && !ScalarText.IsNull(after) => new StringNode(ScalarText.Of(after)) { Line = after.Line, Quoted = true },
            _ => after,
        };
    }

    /// <summary>Dates are text, too, but of no notation of their own.</summary>
    private static bool IsDate(WrittenScalar written) => Resolve(written.Text) is WrittenScalar { Resolved: StringNode };

    /// <summary>Text from a build's own values: in quotes where YAML 1.1 would take it for something else.</summary>
    public static StringNode Written(string text) =>
        new(text) { Quoted = text.Length == 0 || IsTyped11(text) };

    private static bool IsTyped11(string text) =>
        text.Length <= 64 && CouldBeTyped11().IsMatch(text) && (text.EndsWith("nan", StringComparison.OrdinalIgnoreCase) || text.EndsWith("inf", StringComparison.OrdinalIgnoreCase) || YamlReader.Read(text, YamlReadOptions.Kubernetes) is not StringNode);

    /// <summary>Puts a value where another was: shared ones change wherever they stand.</summary>
    public static void Put(MapNode map, string key, Node value)
    {
        if (map[key] is SharedScalar shared && value is not (MapNode or ListNode))
        {
            shared.Current = SharedScalar.Unshared(value);
        }
        else
        {
            map[key] = value;
        }
    }

    [GeneratedRegex(@"^(?:[-+.0-9][-+.:_ 0-9A-Za-z]*|~|[nN](?:|o|O|ull|ULL)|[yY](?:|es|ES)|[oO](?:n|N|ff|FF)|true|True|TRUE|false|False|FALSE)\z")]
    private static partial Regex CouldBeTyped11();

    [GeneratedRegex(@"^(?:[-+.0-9][-+.:_ 0-9A-Za-z]*|~|null|Null|NULL|true|True|TRUE|false|False|FALSE)\z")]
    private static partial Regex CouldBeTyped();
}
