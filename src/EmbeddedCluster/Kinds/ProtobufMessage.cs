using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Bowline.EmbeddedCluster.Kinds;

/// <summary>Fields of one protobuf message, in the order they are added.</summary>
internal sealed class ProtobufMessage
{
    private readonly ArrayBufferWriter<byte> output = new();

    public ReadOnlySpan<byte> Written => output.WrittenSpan;

    public void Text(int number, string text) => Bytes(number, Encoding.UTF8.GetBytes(text));

    public void Bytes(int number, ReadOnlySpan<byte> bytes)
    {
        Varint(((ulong)number << 3) | 2);
        Varint((ulong)bytes.Length);
        output.Write(bytes);
    }

    public void Number(int number, ulong value)
    {
        Varint((ulong)number << 3);
        Varint(value);
    }

    public void Fixed(int number, ulong value)
    {
        Varint(((ulong)number << 3) | 1);
        BinaryPrimitives.WriteUInt64LittleEndian(output.GetSpan(8), value);
        output.Advance(8);
    }

    private void Varint(ulong value)
    {
        Span<byte> span = output.GetSpan(10);
        int count = 0;
        while (value >= 0x80)
        {
            span[count++] = (byte)(value | 0x80);
            value >>= 7;
        }

        span[count++] = (byte)value;
        output.Advance(count);
    }
}
