using System.Numerics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Bowline.Languages.GoTemplates.Sprig;

/// <summary>scrypt (RFC 7914).</summary>
internal static class Scrypt
{
    public static byte[] Derive(byte[] password, byte[] salt, int cost, int blockSize, int parallel, int length)
    {
        int words = 32 * blockSize;
        byte[] blocks = Rfc2898DeriveBytes.Pbkdf2(password, salt, 1, HashAlgorithmName.SHA256, parallel * words * 4);
        uint[] memory = new uint[cost * words];
        for (int i = 0; i < parallel; i++)
        {
            // Words are little-endian, as are the machines .NET runs on.
            Mix(MemoryMarshal.Cast<byte, uint>(blocks.AsSpan(i * words * 4, words * 4)), memory, cost, blockSize);
        }

        return Rfc2898DeriveBytes.Pbkdf2(password, blocks, 1, HashAlgorithmName.SHA256, length);
    }

    private static void Mix(Span<uint> block, uint[] memory, int cost, int blockSize)
    {
        int words = block.Length;
        uint[] next = new uint[words];
        for (int i = 0; i < cost; i++)
        {
            block.CopyTo(memory.AsSpan(i * words));
            MixBlock(block, next, blockSize);
        }

        for (int i = 0; i < cost; i++)
        {
            int j = (int)(block[words - 16] & (uint)(cost - 1));
            Span<uint> row = memory.AsSpan(j * words, words);
            for (int k = 0; k < words; k++)
            {
                block[k] ^= row[k];
            }

            MixBlock(block, next, blockSize);
        }
    }

    /// <summary>Even sixteen-word blocks end up in the first half, odd ones in the second.</summary>
    private static void MixBlock(Span<uint> block, uint[] next, int blockSize)
    {
        Span<uint> x = stackalloc uint[16];
        block[^16..].CopyTo(x);
        for (int i = 0; i < 2 * blockSize; i++)
        {
            for (int k = 0; k < 16; k++)
            {
                x[k] ^= block[(i * 16) + k];
            }

            Salsa(x);
            x.CopyTo(next.AsSpan(((i / 2) + (i % 2 * blockSize)) * 16));
        }

        next.CopyTo(block);
    }

    private static void Salsa(Span<uint> block)
    {
        Span<uint> x = stackalloc uint[16];
        block.CopyTo(x);
        for (int round = 0; round < 8; round += 2)
        {
            Quarter(x, 0, 4, 8, 12);
            Quarter(x, 5, 9, 13, 1);
            Quarter(x, 10, 14, 2, 6);
            Quarter(x, 15, 3, 7, 11);
            Quarter(x, 0, 1, 2, 3);
            Quarter(x, 5, 6, 7, 4);
            Quarter(x, 10, 11, 8, 9);
            Quarter(x, 15, 12, 13, 14);
        }

        for (int i = 0; i < 16; i++)
        {
            block[i] += x[i];
        }
    }

    private static void Quarter(Span<uint> x, int a, int b, int c, int d)
    {
        x[b] ^= BitOperations.RotateLeft(x[a] + x[d], 7);
        x[c] ^= BitOperations.RotateLeft(x[b] + x[a], 9);
        x[d] ^= BitOperations.RotateLeft(x[c] + x[b], 13);
        x[a] ^= BitOperations.RotateLeft(x[d] + x[c], 18);
    }
}
