using System.Buffers;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Bowline.Resources.Model;

namespace Bowline.Resources.Json;

/// <summary>One JSON text in a pooled buffer.</summary>
internal sealed class JsonEmitter(JsonWriteOptions options) : IDisposable
{
    private static readonly SearchValues<char> Escaped = SearchValues.Create(ControlsAnd("\"\\\u2028\u2029"));
    private static readonly SearchValues<char> EscapedForHtml = SearchValues.Create(ControlsAnd("\"\\\u2028\u2029<>&"));
    private byte[] buffer = ArrayPool<byte>.Shared.Rent(1024);
    private int length;
    private int depth;

    public void Dispose() => ArrayPool<byte>.Shared.Return(Interlocked.Exchange(ref buffer, []));

    /// <summary>The whole text; valid until this emitter is disposed.</summary>
    public ReadOnlySpan<byte> Emit(Node root)
    {
        WriteNode(root);
        return buffer.AsSpan(0, length);
    }

    private void WriteNode(Node node)
    {
        switch (node)
        {
            case MapNode map:
                WriteMap(map);
                break;
            case ListNode list:
                WriteList(list);
                break;
            case StringNode text:
                WriteText(text.Value);
                break;
            case IntegerNode integer:
                integer.Value.TryFormat(Reserve(20), out int written, default, CultureInfo.InvariantCulture);
                length += written;
                break;
            case FloatNode number:
                WriteFloat(number.Value);
                break;
            case BoolNode flag:
                Put(flag.Value ? "true"u8 : "false"u8);
                break;
            case OpaqueNode opaque:
                WriteNode(opaque.ToPlain());
                break;
            default:
                Put("null"u8);
                break;
        }
    }

    private void WriteMap(MapNode map)
    {
        if (map.Count == 0)
        {
            Put("{}"u8);
            return;
        }

        RuntimeHelpers.EnsureSufficientExecutionStack();
        Put("{"u8);
        depth++;
        bool first = true;
        if (options.SortKeys)
        {
            foreach ((string key, Node value) in map.Sorted())
            {
                WriteMember(key, value, ref first);
            }
        }
        else
        {
            foreach ((string key, Node value) in map)
            {
                WriteMember(key, value, ref first);
            }
        }

        depth--;
        WriteLineStart();
        Put("}"u8);
    }

    private void WriteMember(string key, Node value, ref bool first)
    {
        WriteSeparator(ref first);
        WriteText(key);
        Put(options.Indent ? ": "u8 : ":"u8);
        WriteNode(value);
    }

    private void WriteList(ListNode list)
    {
        if (list.Count == 0)
        {
            Put("[]"u8);
            return;
        }

        RuntimeHelpers.EnsureSufficientExecutionStack();
        Put("["u8);
        depth++;
        bool first = true;
        foreach (Node item in list)
        {
            WriteSeparator(ref first);
            WriteNode(item);
        }

        depth--;
        WriteLineStart();
        Put("]"u8);
    }

    private void WriteSeparator(ref bool first)
    {
        if (!first)
        {
            Put(","u8);
        }

        first = false;
        WriteLineStart();
    }

    private void WriteLineStart()
    {
        if (!options.Indent)
        {
            return;
        }

        Put("\n"u8);
        for (int i = 0; i < depth; i++)
        {
            PutText(options.IndentUnit);
        }
    }

    private void WriteFloat(double value)
    {
        if (!double.IsFinite(value))
        {
            throw new JsonException($"json: unsupported value: {(double.IsNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf")}");
        }

        PutText(GoFloat.Json(value));
    }

    private void WriteText(ReadOnlySpan<char> text)
    {
        SearchValues<char> escaped = options.EscapeHtml ? EscapedForHtml : Escaped;
        Put("\""u8);
        while (true)
        {
            int next = text.IndexOfAny(escaped);
            if (next < 0)
            {
                PutText(text);
                break;
            }

            PutText(text[..next]);
            PutEscape(text[next]);
            text = text[(next + 1)..];
        }

        Put("\""u8);
    }

    private void PutEscape(char c)
    {
        switch (c)
        {
            case '"':
                Put("\\\""u8);
                break;
            case '\\':
                Put("\\\\"u8);
                break;
            case '\n':
                Put("\\n"u8);
                break;
            case '\r':
                Put("\\r"u8);
                break;
            case '\t':
                Put("\\t"u8);
                break;
            case '\b':
                Put("\\b"u8);
                break;
            case '\f':
                Put("\\f"u8);
                break;
            default:
                PutText(string.Create(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"));
                break;
        }
    }

    private void Put(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Reserve(bytes.Length));
        length += bytes.Length;
    }

    private void PutText(ReadOnlySpan<char> text)
    {
        for (int at; (at = FirstStray(text)) >= 0; text = text[(at + 1)..])
        {
            PutValid(text[..at]);
            Put("\\ufffd"u8);
        }

        PutValid(text);
    }

    private void PutValid(ReadOnlySpan<char> text) => length += Encoding.UTF8.GetBytes(text, Reserve(text.Length * 3));

    /// <summary>Where the first half of a surrogate pair without the other is: no text, which Go escapes; -1 for none.</summary>
    private static int FirstStray(ReadOnlySpan<char> text)
    {
        for (int at = text.IndexOfAnyInRange('\uD800', '\uDFFF'); at >= 0 && at < text.Length; at++)
        {
            if (!char.IsSurrogate(text[at]))
            {
                continue;
            }

            if (!char.IsHighSurrogate(text[at]) || at + 1 == text.Length || !char.IsLowSurrogate(text[at + 1]))
            {
                return at;
            }

            at++;
        }

        return -1;
    }

    private Span<byte> Reserve(int count)
    {
        if (buffer.Length - length < count)
        {
            byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(buffer.Length * 2, length + count));
            buffer.AsSpan(0, length).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(buffer);
            buffer = larger;
        }

        return buffer.AsSpan(length);
    }

    private static char[] ControlsAnd(string others) => [.. Enumerable.Range(0, 0x20).Select(code => (char)code), .. others];
}
