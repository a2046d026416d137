using System.Security.Cryptography;
using System.Text;
using Bowline.Languages.GoTemplates.Values;
using static Bowline.Languages.GoTemplates.Sprig.FunctionList;

namespace Bowline.Languages.GoTemplates.Sprig;

/// <summary>Everything random, from the run's own source when it has one.</summary>
internal static class RandomFunctions
{
    private const string Letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    private const string Digits = "0123456789";

    private static readonly string Printable = string.Concat(Enumerable.Range(32, 95).Select(c => (char)c));

    public static FunctionList All() => new()
    {
        { "randAlphaNum", call => Characters(call, Letters + Digits), Int },
        { "randAlpha", call => Characters(call, Letters), Int },
        { "randAscii", call => Characters(call, Printable), Int },
        { "randNumeric", call => Characters(call, Digits), Int },
        { "randInt", RandomInt, Int, Int },
        { "randBytes", call => Convert.ToBase64String(Bytes(call.Run, Count(call))), Int },
        { "shuffle", Shuffle, Text },
        { "uuidv4", call => Uuid(call.Run) },
    };

    public static byte[] Bytes(TemplateRun run, int count)
    {
        run.Charge(count);
        byte[] bytes = new byte[count];
        if (run.Random is { } random)
        {
            random.NextBytes(bytes);
        }
        else
        {
            RandomNumberGenerator.Fill(bytes);
        }

        return bytes;
    }

    public static int Next(TemplateRun run, int below) => run.Random?.Next(below) ?? RandomNumberGenerator.GetInt32(below);

    private static int Count(FunctionCall call)
    {
        long count = call.Integer(0);
        if (count < 0)
        {
            throw new GoError("runtime error: makeslice: len out of range");
        }

        call.Run.Charge(count);
        return (int)count;
    }

    private static string Characters(FunctionCall call, string alphabet)
    {
        char[] characters = new char[Count(call)];
        for (int i = 0; i < characters.Length; i++)
        {
            characters[i] = alphabet[Next(call.Run, alphabet.Length)];
        }

        return new string(characters);
    }

    private static Resources.Model.Node RandomInt(FunctionCall call)
    {
        (long from, long to) = (call.Integer(0), call.Integer(1));
        if (to <= from || (UInt128)((Int128)to - from) > long.MaxValue)
        {
            throw new GoError("invalid argument to Intn");
        }

        long range = to - from;
        ulong drawn = BitConverter.ToUInt64(Bytes(call.Run, 8)) % (ulong)range;
        return GoInteger.Int(from + (long)drawn);
    }

    private static Resources.Model.Node Shuffle(FunctionCall call)
    {
        Rune[] runes = [.. call.Text(0).EnumerateRunes()];
        for (int i = runes.Length - 1; i > 0; i--)
        {
            int other = Next(call.Run, i + 1);
            (runes[i], runes[other]) = (runes[other], runes[i]);
        }

        return string.Concat(runes.Select(rune => rune.ToString()));
    }

    private static string Uuid(TemplateRun run)
    {
        byte[] bytes = Bytes(run, 16);
        bytes[6] = (byte)((bytes[6] & 0x0F) | 0x40);
        bytes[8] = (byte)((bytes[8] & 0x3F) | 0x80);
        return new Guid(bytes, bigEndian: true).ToString("D");
    }
}
