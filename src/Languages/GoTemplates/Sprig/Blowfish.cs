using System.Numerics;

namespace Bowline.Languages.GoTemplates.Sprig;

/// <summary>The Blowfish cipher with bcrypt's salted key schedule. Its tables are the fraction of pi in binary, and are computed as such.</summary>
internal sealed class Blowfish
{
    private const int Rounds = 16;
    private const int SubkeyCount = Rounds + 2;
    private const int BoxSize = 1024;

    private static readonly Lazy<uint[]> Pi = new(PiWords);

    private readonly uint[] subkeys;
    private readonly uint[] boxes;

    public Blowfish()
    {
        subkeys = Pi.Value[..SubkeyCount];
        boxes = Pi.Value[SubkeyCount..];
    }

    /// <summary>Mixes a key in; the salt, when given, is enciphered along.</summary>
    public void Expand(ReadOnlySpan<byte> key, ReadOnlySpan<byte> salt)
    {
        int at = 0;
        for (int i = 0; i < SubkeyCount; i++)
        {
            subkeys[i] ^= Word(key, ref at);
        }

        uint left = 0;
        uint right = 0;
        int saltAt = 0;
        Fill(subkeys, salt, ref saltAt, ref left, ref right);
        Fill(boxes, salt, ref saltAt, ref left, ref right);
    }

    public void Encrypt(ref uint left, ref uint right)
    {
        uint l = left;
        uint r = right;
        uint[] s = boxes;
        for (int i = 0; i < Rounds; i += 2)
        {
            l ^= subkeys[i];
            r ^= ((s[l >> 24] + s[256 + ((l >> 16) & 0xFF)]) ^ s[512 + ((l >> 8) & 0xFF)]) + s[768 + (l & 0xFF)];
            r ^= subkeys[i + 1];
            l ^= ((s[r >> 24] + s[256 + ((r >> 16) & 0xFF)]) ^ s[512 + ((r >> 8) & 0xFF)]) + s[768 + (r & 0xFF)];
        }

        left = r ^ subkeys[Rounds + 1];
        right = l ^ subkeys[Rounds];
    }

    private void Fill(uint[] table, ReadOnlySpan<byte> salt, ref int saltAt, ref uint left, ref uint right)
    {
        for (int i = 0; i < table.Length; i += 2)
        {
            if (!salt.IsEmpty)
            {
                left ^= Word(salt, ref saltAt);
                right ^= Word(salt, ref saltAt);
            }

            Encrypt(ref left, ref right);
            table[i] = left;
            table[i + 1] = right;
        }
    }

    /// <summary>The next four bytes of an endlessly repeated text.</summary>
    private static uint Word(ReadOnlySpan<byte> bytes, ref int at)
    {
        uint word = 0;
        for (int i = 0; i < 4; i++)
        {
            word = (word << 8) | bytes[at];
            at = (at + 1) % bytes.Length;
        }

        return word;
    }

    private static uint[] PiWords()
    {
        const int Words = SubkeyCount + BoxSize;
        const int Guard = 64;
        int bits = (Words * 32) + Guard;
        BigInteger one = BigInteger.One << bits;
        // Machin: pi = 16 arctan(1/5) - 4 arctan(1/239).
        BigInteger pi = (16 * ArcTangentOfInverse(5, one)) - (4 * ArcTangentOfInverse(239, one));
        BigInteger fraction = (pi - (3 * one)) >> Guard;
        byte[] bytes = fraction.ToByteArray(isUnsigned: true, isBigEndian: true);
        byte[] padded = new byte[Words * 4];
        bytes.CopyTo(padded, padded.Length - bytes.Length);
        uint[] words = new uint[Words];
        for (int i = 0; i < Words; i++)
        {
            words[i] = System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(padded.AsSpan(i * 4));
        }

        return words;
    }

    private static BigInteger ArcTangentOfInverse(int x, BigInteger one)
    {
        BigInteger power = one / x;
        BigInteger sum = power;
        for (int n = 3, sign = -1; !power.IsZero; n += 2, sign = -sign)
        {
            power /= x * x;
            sum += sign * (power / n);
        }

        return sum;
    }
}
