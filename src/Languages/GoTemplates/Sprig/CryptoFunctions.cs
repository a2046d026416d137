using System.Globalization;
using System.Security.Cryptography;
using Bowline.Languages.GoTemplates.Parsing;
using Bowline.Languages.GoTemplates.Values;
using Bowline.Resources.Model;
using static Bowline.Languages.GoTemplates.Sprig.FunctionList;

namespace Bowline.Languages.GoTemplates.Sprig;

/// <summary>Digests, passwords, AES and certificates. Keys always come from the system's cryptographic source.</summary>
internal static class CryptoFunctions
{
    /// <summary>What a slow function is charged, so that a template cannot call it without end.</summary>
    private const int SlowCharge = 2 * 1024 * 1024;

    public static FunctionList All()
    {
        FunctionList list = new()
        {
            { "sha1sum", call => Hex(SHA1.HashData(Bytes(call, 0))), Text },
            { "sha256sum", call => Hex(SHA256.HashData(Bytes(call, 0))), Text },
            { "sha512sum", call => Hex(SHA512.HashData(Bytes(call, 0))), Text },
            { "adler32sum", call => Adler32(Bytes(call, 0)).ToString(CultureInfo.InvariantCulture), Text },
            { "bcrypt", call => BcryptText(call, call.Text(0)), Text },
            { "htpasswd", HtPassword, Text, Text },
            { "derivePassword", DerivePassword, GoType.Uint32, Text, Text, Text, Text },
            { "encryptAES", EncryptAes, Text, Text },
            { "decryptAES", DecryptAes, Text, Text },
        };
        list.AddAll(CertificateFunctions.All());
        return list;
    }

    internal static void ChargeSlow(FunctionCall call)
    {
        call.Run.Cancellation.ThrowIfCancellationRequested();
        call.Run.Charge(SlowCharge);
    }

    private static byte[] Bytes(FunctionCall call, int index) => GoText.ToBytes(call.Text(index));

    private static string Hex(byte[] digest) => Convert.ToHexStringLower(digest);

    private static uint Adler32(byte[] bytes)
    {
        uint a = 1;
        uint b = 0;
        foreach (byte value in bytes)
        {
            a = (a + value) % 65521;
            b = (b + a) % 65521;
        }

        return (b << 16) | a;
    }

    private static string BcryptText(FunctionCall call, string password)
    {
        ChargeSlow(call);
        byte[] bytes = GoText.ToBytes(password);
        return bytes.Length > 72
            ? "failed to encrypt string with bcrypt: bcrypt: password length exceeds 72 bytes"
            : Bcrypt.Hash(bytes, RandomFunctions.Bytes(call.Run, Bcrypt.SaltLength), Bcrypt.DefaultCost);
    }

    private static Node HtPassword(FunctionCall call)
    {
        string user = call.Text(0);
        return user.Contains(':', StringComparison.Ordinal)
            ? $"invalid username: {user}"
            : $"{user}:{BcryptText(call, call.Text(1))}";
    }

    private static Node DerivePassword(FunctionCall call)
    {
        ChargeSlow(call);
        return MasterPassword.Derive((uint)call.Integer(0), call.Text(1), Bytes(call, 2), Bytes(call, 3), Bytes(call, 4));
    }

    private static byte[] AesKey(FunctionCall call)
    {
        byte[] key = new byte[32];
        byte[] password = Bytes(call, 0);
        password.AsSpan(0, Math.Min(password.Length, key.Length)).CopyTo(key);
        return key;
    }

    private static Node EncryptAes(FunctionCall call)
    {
        using Aes aes = Aes.Create();
        aes.Key = AesKey(call);
        byte[] iv = RandomFunctions.Bytes(call.Run, 16);
        return Convert.ToBase64String([.. iv, .. aes.EncryptCbc(Bytes(call, 1), iv)]);
    }

    /// <summary>What a base64 decoder sets aside for so many characters.</summary>
    private static int Capacity(int characters) => characters / 4 * 3;

    private static Node DecryptAes(FunctionCall call)
    {
        if (call.Text(1).Length == 0)
        {
            return StringNode.Empty;
        }

        byte[] data = EncodingFunctions.DecodeBase64(call.Text(1), out string? error) ?? throw new GoError(error!);
        if (data.Length < 16)
        {
            throw new GoError($"runtime error: slice bounds out of range [:16] with capacity {Capacity(call.Text(1).Length)}");
        }

        if (data.Length == 16)
        {
            throw new GoError("runtime error: index out of range [-1]");
        }

        if (data.Length % 16 != 0)
        {
            throw new GoError("crypto/cipher: input not full blocks");
        }

        using Aes aes = Aes.Create();
        aes.Key = AesKey(call);
        byte[] plain = aes.DecryptCbc(data.AsSpan(16), data.AsSpan(0, 16), PaddingMode.None);
        int padding = plain[^1];
        return padding > plain.Length
            ? throw new GoError($"runtime error: slice bounds out of range [:{plain.Length - padding}]")
            : GoText.FromBytes(plain.AsSpan(0, plain.Length - padding));
    }
}
