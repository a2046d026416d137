using System.Collections.Frozen;
using System.Globalization;
using System.Text;
using Bowline.Languages.GoTemplates.Parsing;
using Bowline.Languages.GoTemplates.Printing;
using Bowline.Languages.GoTemplates.Values;
using Bowline.Resources.Model;

namespace Bowline.Languages.GoTemplates.Evaluating;

/// <summary>Go's own template functions; <c>and</c> and <c>or</c> are the evaluator's, since they do not evaluate all their arguments.</summary>
internal static class Builtins
{
    private static readonly GoType AnyValue = GoType.ReflectValue;

    public static readonly FrozenDictionary<string, GoFunction> Functions = new Dictionary<string, GoFunction>
    {
        ["call"] = GoFunction.Variadic(_ => Node.Null, AnyValue, AnyValue),
        ["html"] = GoFunction.Variadic(call => EscapeHtml(Text(call)), GoType.Any),
        ["js"] = GoFunction.Variadic(call => EscapeScript(Text(call)), GoType.Any),
        ["urlquery"] = GoFunction.Variadic(call => GoUrl.QueryEscape(Text(call)), GoType.Any),
        ["index"] = GoFunction.Variadic(Index, AnyValue, AnyValue),
        ["slice"] = GoFunction.Variadic(Slice, AnyValue, AnyValue),
        ["len"] = new GoFunction(Length, GoType.AnyOrNone),
        ["not"] = new GoFunction(call => !Value.IsTruthy(call[0]), AnyValue),
        ["print"] = GoFunction.Variadic(call => GoPrinter.Sprint(call.Arguments), GoType.Any),
        ["printf"] = GoFunction.Variadic(call => GoPrinter.Format(call.Text(0), call.Arguments[1..]), GoType.String, GoType.Any),
        ["println"] = GoFunction.Variadic(call => GoPrinter.Sprintln(call.Arguments), GoType.Any),
        ["eq"] = GoFunction.Variadic(call => Comparison.Equal(call[0], call.Arguments[1..]), AnyValue, AnyValue),
        ["ne"] = new GoFunction(call => !Comparison.Equal(call[0], call.Arguments[1..]), AnyValue, AnyValue),
        ["lt"] = new GoFunction(call => Comparison.Less(call[0], call[1]), AnyValue, AnyValue),
        ["le"] = new GoFunction(call => Comparison.LessOrEqual(call[0], call[1]), AnyValue, AnyValue),
        ["gt"] = new GoFunction(call => !Comparison.LessOrEqual(call[0], call[1]), AnyValue, AnyValue),
        ["ge"] = new GoFunction(call => !Comparison.Less(call[0], call[1]), AnyValue, AnyValue),
    }.ToFrozenDictionary(StringComparer.Ordinal);

    private static string Text(FunctionCall call)
    {
        Node[] shown = call.Arguments.ToArray();
        for (int i = 0; i < shown.Length; i++)
        {
            shown[i] = shown[i] is NullNode ? "<no value>" : shown[i];
        }

        return GoPrinter.Sprint(shown);
    }

    private static Node Index(FunctionCall call)
    {
        Node item = call[0] is NullNode ? throw new GoError("index of untyped nil") : call[0];
        foreach (Node index in call.Arguments[1..])
        {
            item = item switch
            {
                NullNode => throw new GoError("index of nil pointer"),
                MapNode or GoMap => MapIndex(item, index),
                StringNode text => ByteAt(GoText.ToBytes(text.Value), index),
                ListNode or GoSlice or GoBytes => ItemAt(GoTree.Items(item)!, index),
                _ => throw new GoError($"can't index item of type {GoType.Of(item)}"),
            };
        }

        return item;
    }

    private static Node MapIndex(Node item, Node index)
    {
        string key = index switch
        {
            StringNode text => text.Value,
            NullNode => throw new GoError("value is nil; should be of type string"),
            _ => throw new GoError($"value has type {GoType.Of(index)}; should be string"),
        };
        return GoTree.Map(item)![key] ?? (GoType.Of(item).Elem == GoType.String ? StringNode.Empty : Node.Null);
    }

    private static GoInteger ByteAt(byte[] bytes, Node index)
    {
        long at = IndexArgument(index, bytes.Length);
        return at < bytes.Length ? new GoInteger(GoType.Uint8, bytes[at]) : throw new GoError("reflect: string index out of range");
    }

    private static Node ItemAt(IReadOnlyList<Node> items, Node index)
    {
        int at = (int)IndexArgument(index, items.Count);
        return at < items.Count ? items[at] : throw new GoError("reflect: slice index out of range");
    }

    private static long IndexArgument(Node index, int capacity)
    {
        long at = index switch
        {
            GoInteger integer => integer.Value,
            IntegerNode integer => integer.Value,
            NullNode => throw new GoError("cannot index slice/array with nil"),
            _ => throw new GoError($"cannot index slice/array with type {GoType.Of(index)}"),
        };
        return at < 0 || at > capacity ? throw new GoError($"index out of range: {at}") : at;
    }

    private static Node Slice(FunctionCall call)
    {
        Node item = call[0];
        int count = call.Count - 1;
        if (item is NullNode)
        {
            throw new GoError("slice of untyped nil");
        }

        if (count > 3)
        {
            throw new GoError($"too many slice indexes: {count}");
        }

        byte[]? text = item is StringNode node ? GoText.ToBytes(node.Value) : null;
        if (text is not null && count == 3)
        {
            throw new GoError("cannot 3-index slice a string");
        }

        IReadOnlyList<Node>? items = text is null ? GoTree.Items(item) ?? throw new GoError($"can't slice item of type {GoType.Of(item)}") : null;
        int length = text?.Length ?? items!.Count;
        int[] indexes = [0, length, length];
        for (int i = 0; i < count; i++)
        {
            indexes[i] = (int)IndexArgument(call[i + 1], length);
        }

        for (int i = 0; i < 2; i++)
        {
            if (indexes[i] > indexes[i + 1])
            {
                throw new GoError($"invalid slice index: {indexes[i]} > {indexes[i + 1]}");
            }
        }

        (int from, int to) = (indexes[0], indexes[1]);
        return text is not null ? GoText.FromBytes(text.AsSpan(from, to - from))
            : item is ListNode ? new ListNode(items!.Skip(from).Take(to - from))
            : item is GoBytes bytes ? new GoBytes(bytes.Bytes[from..to].ToArray())
            : new GoSlice(GoType.Of(item), [.. items!.Skip(from).Take(to - from)]);
    }

    private static GoInteger Length(FunctionCall call) => GoInteger.Int(call[0] switch
    {
        GoNoValue => throw new GoError("reflect: call of reflect.Value.Type on zero Value"),
        NullNode => throw new GoError("len of nil pointer"),
        StringNode text => GoText.Utf8Length(text.Value),
        MapNode map => map.Count,
        GoMap map => map.Members.Count,
        ListNode list => list.Count,
        GoSlice slice => slice.Items.Count,
        GoBytes bytes => bytes.Bytes.Length,
        _ => throw new GoError($"len of type {GoType.Of(call[0])}"),
    });

    private static string EscapeHtml(string text)
    {
        if (text.AsSpan().IndexOfAny("'\"&<>\0") < 0)
        {
            return text;
        }

        StringBuilder escaped = new(text.Length + 16);
        foreach (char c in text)
        {
            _ = c switch
            {
                '\'' => escaped.Append("&#39;"),
                '"' => escaped.Append("&#34;"),
                '&' => escaped.Append("&amp;"),
                '<' => escaped.Append("&lt;"),
                '>' => escaped.Append("&gt;"),
                '\0' => escaped.Append('\uFFFD'),
                _ => escaped.Append(c),
            };
        }

        return escaped.ToString();
    }

    private static string EscapeScript(string text)
    {
        StringBuilder escaped = new(text.Length + 16);
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (rune.Value is '\\' or '\'' or '"')
            {
                escaped.Append('\\').Append((char)rune.Value);
            }
            else if (rune.Value is '<' or '>' or '&' or '=' || rune.Value < ' ' || (rune.Value >= 0x80 && !GoText.IsPrint(rune)))
            {
                escaped.Append(CultureInfo.InvariantCulture, $"\\u{rune.Value:X4}");
            }
            else
            {
                escaped.Append(rune.ToString());
            }
        }

        return escaped.ToString();
    }
}
