namespace Bowline.SchemaTable;

/// <summary>Bytes and variable-length numbers (seven bits a byte, low bits first).</summary>
internal sealed class ByteWriter
{
    private readonly MemoryStream output = new();

    public void Number(int value)
    {
        uint rest = (uint)value;
        while (rest >= 0x80)
        {
            output.WriteByte((byte)(rest | 0x80));
            rest >>= 7;
        }

        output.WriteByte((byte)rest);
    }

    public void Bytes(ReadOnlySpan<byte> bytes) => output.Write(bytes);

    /// <summary>Bytes after their count.</summary>
    public void Block(byte[] bytes)
    {
        Number(bytes.Length);
        output.Write(bytes);
    }

    public byte[] ToArray() => output.ToArray();
}
