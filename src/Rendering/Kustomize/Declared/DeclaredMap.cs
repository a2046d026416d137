using Bowline.Rendering.Requests;
using Bowline.Resources.Model;

namespace Bowline.Rendering.Kustomize.Declared;

/// <summary>
/// A map of a kustomization or plugin file, read as Go's JSON decoder fills structs: names match in any case, null is
/// nothing, a value of the wrong type is an error, and (when strict) so is a field nobody asked for.
/// </summary>
internal sealed class DeclaredMap
{
    private readonly string file;
    private readonly string path;
    private readonly bool strict;
    private readonly bool looseText;
    private readonly MapNode map;
    private readonly HashSet<string> taken = new(StringComparer.OrdinalIgnoreCase);

    /// <param name="looseText">Whether numbers and booleans pass for text, as where sigs.k8s.io/yaml knows the struct that it fills.</param>
    public DeclaredMap(MapNode map, string file, bool strict, string path = "", bool looseText = false)
    {
        this.looseText = looseText;
        this.map = map;
        this.file = file;
        this.strict = strict;
        this.path = path;
    }

    public MapNode Node => map;

    public bool Has(string name) => Find(name) is { IsNull: false };

    public string Text(string name) => AsText(name, Find(name));

    public bool Flag(string name) => OptionalFlag(name) ?? false;

    public bool? OptionalFlag(string name) => Find(name) switch
    {
        null or NullNode => null,
        BoolNode flag => flag.Value,
        Node other => throw WrongType(name, other, "bool"),
    };

    public long Integer(string name) => Find(name) switch
    {
        null or NullNode => 0,
        IntegerNode number => number.Value,
        Node other => throw WrongType(name, other, "int"),
    };

    public IReadOnlyList<string> Texts(string name) =>
        [.. List(name, "[]string").Select((item, i) => AsText($"{name}.{i}", item))];

    /// <summary>A map of texts in key order.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> TextMap(string name) =>
        [.. Members(name).Select(member => new KeyValuePair<string, string>(member.Key, AsText($"{name}.{member.Key}", member.Value)))];

    public IReadOnlyList<KeyValuePair<string, bool>> FlagMap(string name) =>
        [.. Members(name).Select(member => new KeyValuePair<string, bool>(member.Key, member.Value switch
        {
            BoolNode flag => flag.Value,
            NullNode => false,
            Node other => throw WrongType($"{name}.{member.Key}", other, "bool"),
        }))];

    public Node? Any(string name) => Find(name) is { IsNull: false } node ? node : null;

    /// <summary>A nested struct; null when it is missing. The reader must take every field it knows before it returns.</summary>
    public T? Struct<T>(string name, Func<DeclaredMap, T> read)
        where T : class => Find(name) switch
        {
            null or NullNode => null,
            MapNode nested => Read(nested, $"{path}{name}.", read),
            Node other => throw WrongType(name, other, "struct"),
        };

    public IReadOnlyList<T> Structs<T>(string name, Func<DeclaredMap, T> read) =>
        [.. List(name, "[]struct").Select((item, i) => item switch
        {
            MapNode nested => Read(nested, $"{path}{name}.{i}.", read),
            NullNode => Read(new MapNode(), $"{path}{name}.{i}.", read),
            Node other => throw WrongType($"{name}.{i}", other, "struct"),
        })];

    /// <exception cref="RenderException">A field that nothing asked for, in a strict map.</exception>
    public void Finish()
    {
        if (!strict)
        {
            return;
        }

        foreach ((string key, Node value) in map)
        {
            if (!taken.Contains(key))
            {
                throw new RenderException($"unknown field \"{path}{key}\"", file, value.Line);
            }
        }
    }

    private string AsText(string name, Node? node) => node switch
    {
        null or NullNode => string.Empty,
        StringNode text => text.Value,
        BoolNode or IntegerNode when looseText => node.ToString()!,
        FloatNode number when looseText => GoFloat.General((float)number.Value),
        _ => throw WrongType(name, node, "string"),
    };

    private T Read<T>(MapNode nested, string prefix, Func<DeclaredMap, T> read)
    {
        DeclaredMap declared = new(nested, file, strict, prefix, looseText);
        T result = read(declared);
        declared.Finish();
        return result;
    }

    private IEnumerable<KeyValuePair<string, Node>> Members(string name) => Find(name) switch
    {
        null or NullNode => [],
        MapNode nested => nested.Sorted(),
        Node other => throw WrongType(name, other, "map[string]string"),
    };

    private IEnumerable<Node> List(string name, string type) => Find(name) switch
    {
        null or NullNode => [],
        ListNode list => list,
        Node other => throw WrongType(name, other, type),
    };

    private Node? Find(string name)
    {
        taken.Add(name);
        if (map.TryGet(name, out Node? exact))
        {
            return exact;
        }

        foreach ((string key, Node value) in map)
        {
            if (string.Equals(key, name, StringComparison.OrdinalIgnoreCase))
            {
                return value;
            }
        }

        return null;
    }

    private RenderException WrongType(string name, Node found, string wanted)
    {
        string kind = found.Kind switch
        {
            NodeKind.Map => "object",
            NodeKind.List => "array",
            NodeKind.Integer or NodeKind.Float => "number",
            NodeKind.Bool => "bool",
            _ => "string",
        };
        return new RenderException($"cannot unmarshal {kind} into field {path}{name} of type {wanted}", file, found.Line);
    }
}
