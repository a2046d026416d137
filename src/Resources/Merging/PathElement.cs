using System.Globalization;
using System.Text;
using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.Resources.Merging;

/// <summary>One key field of an associative list's element.</summary>
internal readonly record struct KeyField(string Name, Node Value);

/// <summary>One step of a field path: a field, an element of an associative list by its keys or (sets) by its value, or by index.</summary>
internal readonly struct PathElement : IEquatable<PathElement>
{
    // A string for a field, KeyField[] for keys, a Node for a set's value, null for an index.
    private readonly object? payload;
    private readonly int index;

    private PathElement(object? payload, int index)
    {
        this.payload = payload;
        this.index = index;
    }

    public string? FieldName => payload as string;

    public KeyField[]? Keys => payload as KeyField[];

    public Node? Value => payload as Node;

    public int Index => index;

    private int Rank => payload switch
    {
        string => 0,
        KeyField[] => 1,
        Node => 2,
        _ => 3,
    };

    public static PathElement Field(string name) => new(name, 0);

    /// <param name="keys">Sorted by name.</param>
    public static PathElement Key(KeyField[] keys) => new(keys, 0);

    public static PathElement OfValue(Node value) => new(value, 0);

    public static PathElement At(int index) => new(null, index);

    public static int Compare(in PathElement left, in PathElement right)
    {
        if (left.payload is string a && right.payload is string b)
        {
            return ReferenceEquals(a, b) ? 0 : KeyOrder.Compare(a, b);
        }

        int rank = left.Rank;
        int difference = rank - right.Rank;
        return difference != 0 ? difference : rank switch
        {
            1 => CompareKeys((KeyField[])left.payload!, (KeyField[])right.payload!),
            2 => ScalarOrder.Compare((Node)left.payload!, (Node)right.payload!),
            _ => left.index.CompareTo(right.index),
        };
    }

    public bool Equals(PathElement other) => Compare(this, other) == 0;

    public override bool Equals(object? obj) => obj is PathElement other && Equals(other);

    public override int GetHashCode()
    {
        switch (payload)
        {
            case string name:
                return name.GetHashCode(StringComparison.Ordinal);
            case KeyField[] keys:
                HashCode hash = default;
                foreach (KeyField key in keys)
                {
                    hash.Add(ScalarOrder.Hash(key.Value));
                }

                return hash.ToHashCode();
            case Node value:
                return ScalarOrder.Hash(value);
            default:
                return index;
        }
    }

    /// <summary>As Kubernetes prints it in messages: <c>.image</c>, <c>[name="a"]</c>, <c>[="x"]</c>, <c>[3]</c>.</summary>
    public override string ToString() => payload switch
    {
        string name => "." + name,
        KeyField[] keys => "[" + string.Join(',', keys.Select(key => $"{key.Name}={Quoted(key.Value)}")) + "]",
        Node value => $"[={Quoted(value)}]",
        _ => string.Create(CultureInfo.InvariantCulture, $"[{index}]"),
    };

    /// <summary>As FieldsV1 writes it: <c>f:image</c>, <c>k:{"name":"a"}</c>, <c>v:"x"</c>, <c>i:3</c>.</summary>
    public string ToFieldsV1Key()
    {
        switch (payload)
        {
            case string name:
                return "f:" + name;
            case KeyField[] keys:
                StringBuilder text = new("k:{");
                for (int i = 0; i < keys.Length; i++)
                {
                    text.Append(i > 0 ? "," : string.Empty).Append(GoJson.Of(StringNode.Of(keys[i].Name))).Append(':').Append(GoJson.Of(keys[i].Value));
                }

                return text.Append('}').ToString();
            case Node value:
                return "v:" + GoJson.Of(value);
            default:
                return string.Create(CultureInfo.InvariantCulture, $"i:{index}");
        }
    }

    /// <exception cref="FormatException">Not a path element.</exception>
    public static PathElement Parse(string key)
    {
        if (key.Length < 2 || key[1] != ':')
        {
            throw new FormatException($"not a FieldsV1 path element: {key}");
        }

        string rest = key[2..];
        try
        {
            return key[0] switch
            {
                'f' => Field(rest),
                'v' => OfValue(JsonReader.Read(rest)),
                'k' => ParseKeys(rest),
                'i' => At(int.Parse(rest, CultureInfo.InvariantCulture)),
                _ => throw new FormatException($"not a FieldsV1 path element: {key}"),
            };
        }
        catch (System.Text.Json.JsonException malformed)
        {
            throw new FormatException($"not a FieldsV1 path element: {key}", malformed);
        }
    }

    private static PathElement ParseKeys(string json)
    {
        MapNode map = JsonReader.Read(json) as MapNode ?? throw new FormatException($"not a FieldsV1 key: {json}");
        return Key([.. map.Sorted().Select(member => new KeyField(member.Key, member.Value))]);
    }

    private static int CompareKeys(KeyField[] left, KeyField[] right)
    {
        for (int i = 0; i < left.Length && i < right.Length; i++)
        {
            int difference = KeyOrder.Compare(left[i].Name, right[i].Name);
            difference = difference != 0 ? difference : ScalarOrder.Compare(left[i].Value, right[i].Value);
            if (difference != 0)
            {
                return difference;
            }
        }

        return left.Length - right.Length;
    }

    private static string Quoted(Node value) => value is StringNode text ? GoQuoted(text.Value) : value.ToString()!;

    private static string GoQuoted(string text)
    {
        StringBuilder quoted = new("\"");
        foreach (char c in text)
        {
            quoted.Append(c switch
            {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\n' => "\\n",
                '\t' => "\\t",
                '\r' => "\\r",
                < ' ' => string.Create(CultureInfo.InvariantCulture, $"\\x{(int)c:x2}"),
                _ => c.ToString(),
            });
        }

        return quoted.Append('"').ToString();
    }
}
