using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Bowline.Languages.GoTemplates.Sprig;

/// <summary>The Master Password algorithm behind derivePassword: scrypt of the password and user, HMAC of the site, letters by a template.</summary>
internal static class MasterPassword
{
    private static readonly Dictionary<string, string[]> Templates = new()
    {
        ["maximum"] = ["anoxxxxxxxxxxxxxxxxx", "axxxxxxxxxxxxxxxxxno"],
        ["long"] =
        [
            "CvcvnoCvcvCvcv", "CvcvCvcvnoCvcv", "CvcvCvcvCvcvno", "CvccnoCvcvCvcv", "CvccCvcvnoCvcv", "CvccCvcvCvcvno", "CvcvnoCvccCvcv",
            "CvcvCvccnoCvcv", "CvcvCvccCvcvno", "CvcvnoCvcvCvcc", "CvcvCvcvnoCvcc", "CvcvCvcvCvccno", "CvccnoCvccCvcv", "CvccCvccnoCvcv",
            "CvccCvccCvcvno", "CvcvnoCvccCvcc", "CvcvCvccnoCvcc", "CvcvCvccCvccno", "CvccnoCvcvCvcc", "CvccCvcvnoCvcc", "CvccCvcvCvccno",
        ],
        ["medium"] = ["CvcnoCvc", "CvcCvcno"],
        ["short"] = ["Cvcn"],
        ["basic"] = ["aaanaaan", "aannaaan", "aaannaaa"],
        ["pin"] = ["nnnn"],
    };

    public static string Derive(uint counter, string type, byte[] password, byte[] user, byte[] site)
    {
        if (!Templates.TryGetValue(type, out string[]? templates))
        {
            return $"cannot find password template {type}";
        }

        byte[] scope = Encoding.ASCII.GetBytes("com.lyndir.masterpassword");
        byte[] key = Scrypt.Derive(password, [.. scope, .. BigEndian((uint)user.Length), .. user], 32768, 8, 2, 64);
        byte[] seed = HMACSHA256.HashData(key, (byte[])[.. scope, .. BigEndian((uint)site.Length), .. site, .. BigEndian(counter)]);
        string template = templates[seed[0] % templates.Length];
        return string.Concat(template.Select((letter, i) => Letters(letter) is var letters ? letters[seed[i + 1] % letters.Length] : default));
    }

    private static byte[] BigEndian(uint value)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        return bytes;
    }

    private static string Letters(char letter) => letter switch
    {
        'V' => "AEIOU",
        'C' => "BCDFGHJKLMNPQRSTVWXYZ",
        'v' => "aeiou",
        'c' => "bcdfghjklmnpqrstvwxyz",
        'A' => "AEIOUBCDFGHJKLMNPQRSTVWXYZ",
        'a' => "AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz",
        'n' => "0123456789",
        'o' => "@&%?,=[]_:-+*$#!'^~;()/.",
        _ => "AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz0123456789!@#$%^&*()",
    };
}
