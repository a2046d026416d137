using System.Globalization;
using System.Text;
using System.Text.Json;
using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Storage;

/// <summary>
/// An object written out before its revision is known: with a revision that is probably not the one it gets, but as long, so that
/// only its digits are left to be put in.
/// </summary>
internal sealed class Draft
{
    private readonly string @namespace;
    private readonly string name;
    private readonly MapNode node;
    private readonly MapNode metadata;
    private readonly int digits;
    private byte[] json;

    /// <param name="node">Taken over: it is frozen once it has its revision.</param>
    /// <param name="guess">The revision that it would get if nobody else wrote now.</param>
    public Draft(string @namespace, string name, MapNode node, long guess)
    {
        this.@namespace = @namespace;
        this.name = name;
        metadata = node.EnsureMap("metadata");
        this.node = HeaderFirst(node);
        string text = guess.ToString(CultureInfo.InvariantCulture);
        metadata["resourceVersion"] = text;
        metadata.TrimExcess();
        digits = text.Length;
        json = JsonWriter.ToBytes(this.node);
    }

    /// <summary>A copy whose metadata can be changed; what both have in common is shared.</summary>
    public static MapNode Beginning(MapNode frozen)
    {
        MapNode copy = Copy(frozen);
        if (frozen["metadata"] is MapNode metadata)
        {
            copy["metadata"] = Copy(metadata);
        }

        return copy;
    }

    /// <summary>The object at its revision; once.</summary>
    /// <param name="parts">What trees share that are made from its bytes again.</param>
    public StoredObject At(long revision, SharedParts? parts = null)
    {
        string text = revision.ToString(CultureInfo.InvariantCulture);
        metadata["resourceVersion"] = text;
        node.Freeze();
        if (text.Length == digits)
        {
            Encoding.ASCII.GetBytes(text, json.AsSpan(RevisionAt(json), digits));
        }
        else
        {
            json = JsonWriter.ToBytes(node);
        }

        return StoredObject.Of(@namespace, name, revision, node, json, parts);
    }

    private static int RevisionAt(ReadOnlySpan<byte> json)
    {
        Utf8JsonReader reader = new(json);
        Enter(ref reader, "metadata"u8);
        Enter(ref reader, "resourceVersion"u8);
        return (int)reader.TokenStartIndex + 1;
    }

    /// <summary>From before an object to the value of one of its members, which is there.</summary>
    private static void Enter(ref Utf8JsonReader reader, ReadOnlySpan<byte> member)
    {
        if (reader.TokenType == JsonTokenType.None)
        {
            reader.Read();
        }

        while (reader.Read() && !reader.ValueTextEquals(member))
        {
            reader.Skip();
        }

        reader.Read();
    }

    private static MapNode HeaderFirst(MapNode node)
    {
        using IEnumerator<string> keys = node.Keys.GetEnumerator();
        if (keys.MoveNext() && keys.Current == "kind" && keys.MoveNext() && keys.Current == "apiVersion")
        {
            return node;
        }

        MapNode ordered = new(node.Count) { ["kind"] = node["kind"]!, ["apiVersion"] = node["apiVersion"]! };
        foreach ((string key, Node value) in node)
        {
            ordered[key] = value;
        }

        return ordered;
    }

    private static MapNode Copy(MapNode node)
    {
        MapNode copy = new(node.Count);
        foreach ((string key, Node value) in node)
        {
            copy[key] = value;
        }

        return copy;
    }
}
