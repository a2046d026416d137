using System.Text;
using Bowline.Languages.GoTemplates.Parsing;
using static Bowline.Languages.GoTemplates.Sprig.FunctionList;

namespace Bowline.Languages.GoTemplates.Sprig;

/// <summary>Base64 and base32; a text that cannot be decoded gives Go's error text as the result.</summary>
internal static class EncodingFunctions
{
    private const string Base32Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

    public static FunctionList All() => new()
    {
        { "b64enc", call => Convert.ToBase64String(GoText.ToBytes(call.Text(0))), Text },
        { "b64dec", call => DecodeBase64(call.Text(0), out string? error) is { } bytes ? GoText.FromBytes(bytes) : error!, Text },
        { "b32enc", call => EncodeBase32(GoText.ToBytes(call.Text(0))), Text },
        { "b32dec", call => DecodeBase32(call.Text(0)), Text },
    };

    public static byte[]? DecodeBase64(string text, out string? error)
    {
        byte[] source = GoText.ToBytes(text);
        byte[] plain = [.. source.Where(b => b is not ((byte)'\r' or (byte)'\n'))];
        error = null;
        if (!plain.Contains((byte)'\\') && plain.Length % 4 == 0 && System.Buffers.Text.Base64.IsValid(plain))
        {
            byte[] decoded = new byte[System.Buffers.Text.Base64.GetMaxDecodedFromUtf8Length(plain.Length)];
            if (System.Buffers.Text.Base64.DecodeFromUtf8(plain, decoded, out _, out int written) == System.Buffers.OperationStatus.Done)
            {
                return decoded[..written];
            }
        }

        int at = FindBase64Error(source);
        if (at < 0)
        {
            // Go accepts stray bits in the last character; .NET does not.
            return DecodeLoosely(plain);
        }

        error = $"illegal base64 data at input byte {at}";
        return null;
    }

    /// <summary>Where Go reports the first problem, walking four characters at a time; -1 when there is none.</summary>
    private static int FindBase64Error(byte[] source)
    {
        int at = 0;
        while (true)
        {
            for (int j = 0; j < 4;)
            {
                if (at == source.Length)
                {
                    return j == 0 ? -1 : at - j;
                }

                byte c = source[at++];
                if (c is (byte)'\r' or (byte)'\n')
                {
                    continue;
                }

                if (c != '=')
                {
                    if (!IsBase64(c))
                    {
                        return at - 1;
                    }

                    j++;
                    continue;
                }

                return FindPaddingError(source, at, j);
            }
        }
    }

    private static int FindPaddingError(byte[] source, int at, int filled)
    {
        if (filled < 2)
        {
            return at - 1;
        }

        if (filled == 2)
        {
            SkipLineEnds(source, ref at);
            if (at == source.Length)
            {
                return source.Length;
            }

            if (source[at] != '=')
            {
                return at - 1;
            }

            at++;
        }

        SkipLineEnds(source, ref at);
        return at < source.Length ? at : -1;
    }

    private static void SkipLineEnds(byte[] source, ref int at)
    {
        while (at < source.Length && source[at] is (byte)'\r' or (byte)'\n' && at < source.Length)
        {
            at++;
        }
    }

    private static bool IsBase64(byte c) => char.IsAsciiLetterOrDigit((char)c) || c is (byte)'+' or (byte)'/';

    private static byte[] DecodeLoosely(byte[] plain)
    {
        const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        return FromBits(plain.TakeWhile(c => c != '=').Select(c => Alphabet.IndexOf((char)c, StringComparison.Ordinal)), 6);
    }

    private static string EncodeBase32(byte[] bytes)
    {
        StringBuilder encoded = new((bytes.Length + 4) / 5 * 8);
        int buffer = 0;
        int bits = 0;
        foreach (byte b in bytes)
        {
            buffer = ((buffer << 8) | b) & 0xFFFF;
            for (bits += 8; bits >= 5; bits -= 5)
            {
                encoded.Append(Base32Alphabet[(buffer >> (bits - 5)) & 31]);
            }
        }

        if (bits > 0)
        {
            encoded.Append(Base32Alphabet[(buffer << (5 - bits)) & 31]);
        }

        return encoded.Append('=', (8 - (encoded.Length % 8)) % 8).ToString();
    }

    private static string DecodeBase32(string text)
    {
        byte[] source = [.. GoText.ToBytes(text).Where(b => b is not ((byte)'\r' or (byte)'\n'))];
        List<int> digits = [];
        for (int at = 0; at < source.Length; at++)
        {
            int j = digits.Count % 8;
            if (source[at] == '=' && j >= 2 && source.Length - at <= 8)
            {
                int error = FindBase32PaddingError(source, at, j);
                return error >= 0 ? Illegal(error) : GoText.FromBytes(FromBits(digits, 5));
            }

            int digit = Base32Alphabet.IndexOf((char)source[at], StringComparison.Ordinal);
            if (digit < 0)
            {
                return Illegal(at);
            }

            digits.Add(digit);
        }

        return digits.Count % 8 == 0 ? GoText.FromBytes(FromBits(digits, 5)) : Illegal(source.Length - (digits.Count % 8));
    }

    private static int FindBase32PaddingError(byte[] source, int at, int filled)
    {
        int left = source.Length - at - 1;
        if (left + filled < 7)
        {
            return source.Length;
        }

        for (int k = 0; k < 7 - filled && k < left; k++)
        {
            if (source[at + 1 + k] != '=')
            {
                return at + k;
            }
        }

        return filled is 1 or 3 or 6 ? at : -1;
    }

    private static string Illegal(int at) => $"illegal base32 data at input byte {at}";

    private static byte[] FromBits(IEnumerable<int> digits, int width)
    {
        List<byte> bytes = [];
        int buffer = 0;
        int bits = 0;
        foreach (int digit in digits)
        {
            buffer = ((buffer << width) | digit) & 0xFFFF;
            bits += width;
            if (bits >= 8)
            {
                bits -= 8;
                bytes.Add((byte)(buffer >> bits));
            }
        }

        return [.. bytes];
    }
}
