using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Bowline.Languages.GoTemplates.Sprig;

/// <summary>bcrypt in the form <c>$2a$10$…</c> that Go writes.</summary>
internal static class Bcrypt
{
    public const int SaltLength = 16;
    public const int DefaultCost = 10;

    private const string Alphabet = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

    public static string Hash(byte[] password, byte[] salt, int cost)
    {
        byte[] key = [.. password, 0];
        Blowfish cipher = new();
        cipher.Expand(key, salt);
        for (long i = 0; i < 1L << cost; i++)
        {
            cipher.Expand(key, default);
            cipher.Expand(salt, default);
        }

        byte[] text = Encoding.ASCII.GetBytes("OrpheanBeholderScryDoubt");
        for (int block = 0; block < text.Length; block += 8)
        {
            uint left = BinaryPrimitives.ReadUInt32BigEndian(text.AsSpan(block));
            uint right = BinaryPrimitives.ReadUInt32BigEndian(text.AsSpan(block + 4));
            for (int i = 0; i < 64; i++)
            {
                cipher.Encrypt(ref left, ref right);
            }

            BinaryPrimitives.WriteUInt32BigEndian(text.AsSpan(block), left);
            BinaryPrimitives.WriteUInt32BigEndian(text.AsSpan(block + 4), right);
        }

        // The last byte is dropped, as in the original implementation.
        return string.Create(CultureInfo.InvariantCulture, $"$2a${cost:00}${Encode(salt)}{Encode(text.AsSpan(0, 23))}");
    }

    private static string Encode(ReadOnlySpan<byte> bytes)
    {
        StringBuilder text = new();
        for (int i = 0; i < bytes.Length; i += 3)
        {
            int left = bytes.Length - i;
            int group = (bytes[i] << 16) | (left > 1 ? bytes[i + 1] << 8 : 0) | (left > 2 ? bytes[i + 2] : 0);
            for (int j = 0; j <= Math.Min(left, 3); j++)
            {
                text.Append(Alphabet[(group >> (18 - (6 * j))) & 63]);
            }
        }

        return text.ToString();
    }
}
