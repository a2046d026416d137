using System.Buffers;
using System.Globalization;
using System.Runtime.CompilerServices;
using Bowline.Resources.Model;

namespace Bowline.Resources.Yaml;

/// <summary>
/// Writes block style as libyaml's emitter does. It keeps that emitter's four facts about the line being written, because where
/// lines break follows from them: the column, the indent, whether a space was just written, and whether only indentation was.
/// </summary>
internal sealed partial class YamlEmitter(YamlWriteOptions options) : IDisposable
{
    private const int Step = 2;
    private byte[] buffer = ArrayPool<byte>.Shared.Rent(1024);
    private int length;
    private int column;
    private int indent = -1;
    private bool whitespace = true;
    private bool indention = true;

    public void Dispose() => ArrayPool<byte>.Shared.Return(Interlocked.Exchange(ref buffer, []));

    /// <summary>The whole document; valid until this emitter is disposed.</summary>
    public ReadOnlySpan<byte> Emit(Node root)
    {
        WriteNode(root, inMapping: false);
        WriteIndent();
        return buffer.AsSpan(0, length);
    }

    private void WriteNode(Node node, bool inMapping)
    {
        switch (node)
        {
            case MapNode map:
                WriteMap(map);
                break;
            case ListNode list:
                WriteList(list, inMapping);
                break;
            case StringNode text:
                WriteValue(text.Value);
                break;
            case IntegerNode integer:
                WriteBare(integer.Value.ToString(CultureInfo.InvariantCulture));
                break;
            case FloatNode number:
                WriteBare(number.Unsigned is { } exact ? exact.ToString(CultureInfo.InvariantCulture) : FloatText(number.Value));
                break;
            case BoolNode flag:
                WriteBare(flag.Value ? "true" : "false");
                break;
            case OpaqueNode opaque:
                WriteNode(opaque.ToPlain(), inMapping);
                break;
            default:
                WriteBare("null");
                break;
        }
    }

    private void WriteMap(MapNode map)
    {
        if (map.Count == 0)
        {
            WriteIndicator("{}"u8, needSpace: true, keepsIndention: false);
            return;
        }

        RuntimeHelpers.EnsureSufficientExecutionStack();
        int saved = indent;
        indent = indent < 0 ? 0 : indent + Step;
        if (options.SortKeys && map.Count > 1)
        {
            KeyValuePair<string, Node>[] members = [.. map];
            NaturalKeyOrder.Sort(members, static member => member.Key, options.Dialect);
            foreach ((string key, Node value) in members)
            {
                WriteMember(key, value);
            }
        }
        else
        {
            foreach ((string key, Node value) in map)
            {
                WriteMember(key, value);
            }
        }

        indent = saved;
    }

    private void WriteMember(string key, Node value)
    {
        WriteIndent();
        if (TryWriteSimpleKey(key))
        {
            WriteIndicator(":"u8, needSpace: false, keepsIndention: false);
        }
        else
        {
            WriteIndicator("?"u8, needSpace: true, keepsIndention: true);
            WriteValue(key);
            WriteIndent();
            WriteIndicator(":"u8, needSpace: true, keepsIndention: true);
        }

        WriteNode(value, inMapping: true);
    }

    private void WriteList(ListNode list, bool inMapping)
    {
        if (list.Count == 0)
        {
            WriteIndicator("[]"u8, needSpace: true, keepsIndention: false);
            return;
        }

        RuntimeHelpers.EnsureSufficientExecutionStack();
        int saved = indent;
        // Below a key, items stand at the key's own column.
        bool atKey = inMapping && !indention && !options.IndentLists;
        indent = indent < 0 ? 0 : atKey ? indent : indent + Step;
        foreach (Node item in list)
        {
            WriteIndent();
            WriteIndicator("-"u8, needSpace: true, keepsIndention: true);
            WriteNode(item, inMapping: false);
        }

        indent = saved;
    }

    /// <summary>
    /// sigs.k8s.io/yaml goes through JSON and reads that as YAML, so whole floats become integers up to the largest of 64 bits.
    /// </summary>
    private string FloatText(double value)
    {
        if (options.Dialect == YamlDialect.Yaml12 || !double.IsFinite(value))
        {
            return GoFloat.General(value);
        }

        string json = GoFloat.Json(value);
        ResolvedScalar resolved = YamlScalars.Resolve(json, YamlDialect.Yaml11);
        return resolved.Kind switch
        {
            ScalarKind.Integer => resolved.Integer.ToString(CultureInfo.InvariantCulture),
            ScalarKind.Unsigned => json,
            _ => GoFloat.General(value),
        };
    }

    private void WriteIndent()
    {
        int target = Math.Max(indent, 0);
        if (!indention || column > target || (column == target && !whitespace))
        {
            PutBreak();
        }

        if (column < target)
        {
            Reserve(target - column).Fill((byte)' ');
            length += target - column;
            column = target;
        }

        whitespace = true;
        indention = true;
    }

    private void WriteIndicator(ReadOnlySpan<byte> indicator, bool needSpace, bool keepsIndention)
    {
        if (needSpace && !whitespace)
        {
            Put((byte)' ');
        }

        indicator.CopyTo(Reserve(indicator.Length));
        length += indicator.Length;
        column += indicator.Length;
        whitespace = false;
        indention &= keepsIndention;
    }

    private void PutBreak()
    {
        Reserve(1)[0] = (byte)'\n';
        length++;
        column = 0;
    }

    private void Put(byte ascii)
    {
        Reserve(1)[0] = ascii;
        length++;
        column++;
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

        return buffer.AsSpan(length, count);
    }
}
