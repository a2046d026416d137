using System.Security.Cryptography;
using Bowline.Sources.Files;

namespace Bowline.Sources.Downloads;

/// <summary>A SHA-256 in the form of registries, <c>sha256:</c> and 64 lower-case hexadecimal digits.</summary>
public readonly record struct ContentDigest
{
    private const string Prefix = "sha256:";

    private ContentDigest(string hex) => Hex = hex;

    public string Hex { get; }

    public static ContentDigest Of(ReadOnlySpan<byte> content) => new(Convert.ToHexStringLower(SHA256.HashData(content)));

    /// <summary>Reads a digest with or without its prefix, as repository indexes have both.</summary>
    /// <exception cref="SourceException">Another algorithm, or no digest.</exception>
    public static ContentDigest Parse(string text)
    {
        string hex = text.StartsWith(Prefix, StringComparison.Ordinal) ? text[Prefix.Length..] : text;
        return hex.Length == 64 && hex.All(char.IsAsciiHexDigit) ? new ContentDigest(hex.ToLowerInvariant()) : throw new SourceException("not a SHA-256 digest: " + new string([.. text.Take(100).Select(c => char.IsControl(c) ? '\uFFFD' : c)]));
    }

    public override string ToString() => Prefix + Hex;
}
