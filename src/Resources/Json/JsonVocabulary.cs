using System.Buffers.Binary;
using System.Numerics;
using System.Text;
using System.Text.Json;
using Bowline.Resources.Model;

namespace Bowline.Resources.Json;

/// <summary>
/// What the objects of one API server have in common: names of members, short texts, sets of owned fields. Objects that are read with the same
/// vocabulary share these instead of holding each its own, so a cache of many objects is several times smaller. The shared sets are frozen.
/// </summary>
/// <remarks>For any number of threads. What lands on another's place replaces it, so hostile input gains nothing and the tables do not grow.</remarks>
public sealed class JsonVocabulary
{
    private const string OwnedFields = "fieldsV1";
    private const int Places = 2048;
    private const int LongestText = 32;
    private const int LongestSet = 4096;
    private readonly StringNode?[] texts = new StringNode?[Places];
    private readonly OwnedSet?[] sets = new OwnedSet?[Places];

    internal MemberNames Names { get; } = new();

    internal static bool IsOwnedFields(string member) => member == OwnedFields;

    /// <summary>The text that the reader stands on; null for one that is not shared.</summary>
    internal StringNode? Text(ref Utf8JsonReader reader)
    {
        if (reader.HasValueSequence || reader.ValueIsEscaped || reader.ValueSpan.Length is 0 or > LongestText)
        {
            return null;
        }

        ref StringNode? place = ref texts[Place(reader.ValueSpan)];
        if (Volatile.Read(ref place) is { } known && Ascii.Equals(reader.ValueSpan, known.Value))
        {
            return known;
        }

        StringNode read = StringNode.Of(JsonText.Read(ref reader));
        Volatile.Write(ref place, read);
        return read;
    }

    /// <summary>The set that has been read from just this text before; null for one that is new or not shared.</summary>
    internal Node? Known(ReadOnlySpan<byte> json) =>
        json.Length <= LongestSet && Volatile.Read(ref sets[Place(json)]) is { } known && json.SequenceEqual(known.Json) ? known.Fields : null;

    internal Node Keep(ReadOnlySpan<byte> json, Node fields)
    {
        if (json.Length <= LongestSet)
        {
            Volatile.Write(ref sets[Place(json)], new OwnedSet(json.ToArray(), fields.Freeze()));
        }

        return fields;
    }

    private static int Place(ReadOnlySpan<byte> text)
    {
        uint hash = (uint)text.Length;
        for (; text.Length >= sizeof(ulong); text = text[sizeof(ulong)..])
        {
            hash = BitOperations.Crc32C(hash, BinaryPrimitives.ReadUInt64LittleEndian(text));
        }

        foreach (byte rest in text)
        {
            hash = BitOperations.Crc32C(hash, rest);
        }

        return (int)(hash % Places);
    }

    private sealed record OwnedSet(byte[] Json, Node Fields);
}
