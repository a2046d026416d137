using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Text;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Kinds;

internal enum WireType
{
    String,
    Bool,
    Int32,
    Int64,
    Double,
    Bytes,
    Quantity,
    IntOrString,
    Time,
    MicroTime,
    FieldsV1,
    Raw,
    SchemaOrList,
    SchemaOrBool,
    Message,
}

/// <summary>One field of a built-in type as Go declares it.</summary>
/// <param name="Pointer">An explicit zero is kept.</param>
/// <param name="Always">Written even when it is zero (no omitempty).</param>
/// <param name="Inlined">Its members stand in the parent object in JSON; protobuf nests them.</param>
internal sealed record WireField(int Number, string Name, WireType Type, string TypeName, bool IsList, bool IsMap, bool Pointer, bool Always, bool Inlined);

/// <summary>The shape of a built-in type, in JSON and in protobuf.</summary>
internal sealed class WireMessage
{
    private readonly TypeTable table;
    private FrozenDictionary<string, WireField>? members;
    private WireField[]? flattened;

    public WireMessage(TypeTable table, string name, WireField[] fields)
    {
        this.table = table;
        Name = name;
        Fields = fields;
    }

    public string Name { get; }

    /// <summary>The type's name without its package, as Go's error messages have it.</summary>
    public string ShortName => Name[(Name.LastIndexOf('.') + 1)..];

    /// <summary>Fields by protobuf number, inlined ones nested.</summary>
    public WireField[] Fields { get; }

    /// <summary>A Go slice type such as ExtraValue: a JSON array, a protobuf message with items.</summary>
    public bool IsNamedList => Name.EndsWith(".ExtraValue", StringComparison.Ordinal) || Name.EndsWith(".Verbs", StringComparison.Ordinal);

    /// <summary>An object in its own right, which says its kind and apiVersion wherever it stands (the claims of a StatefulSet).</summary>
    public bool IsKind => table.IsKind(Name);

    /// <summary>JSON members with inlined types flattened, in declaration order.</summary>
    public WireField[] Members => flattened ??= [.. Fields.SelectMany(member => member.Inlined ? table.Get(member.TypeName).Members : [member])];

    public FrozenDictionary<string, WireField> ByName => members ??= Members.DistinctBy(member => member.Name).ToFrozenDictionary(member => member.Name, StringComparer.Ordinal);

    public WireMessage Of(WireField field) => table.Get(field.TypeName);
}

/// <summary>The types of every served kind, parsed one by one when first needed.</summary>
internal sealed class TypeTable
{
    private static readonly Lazy<TypeTable> Shared = new(() => new TypeTable(Encoding.UTF8.GetString(EmbeddedData.Bytes("types.txt"))));
    private readonly string text;
    private readonly Dictionary<string, int> starts = new(StringComparer.Ordinal);
    private readonly Dictionary<ResourceKind, string> kinds = [];
    private readonly HashSet<string> kindNames = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, WireMessage> parsed = new(StringComparer.Ordinal);

    private TypeTable(string text)
    {
        this.text = text;
        for (int at = 0; at >= 0 && at < text.Length; at = NextType(at + 1))
        {
            int end = text.IndexOf('\n', at);
            string[] heading = text[(at + 1)..end].Split(' ');
            starts[heading[0]] = end + 1;
            if (heading.Length > 1)
            {
                string[] kind = heading[1].Split('/');
                kinds[new ResourceKind(kind[0], kind[1], kind[2])] = heading[0];
                kindNames.Add(heading[0]);
            }
        }
    }

    public static TypeTable Instance => Shared.Value;

    public WireMessage ObjectMeta => Get("meta.ObjectMeta");

    public WireMessage? Find(ResourceKind kind) => kinds.TryGetValue(kind, out string? name) ? Get(name) : null;

    public bool IsKind(string name) => kindNames.Contains(name);

    public WireMessage Get(string name) => parsed.GetOrAdd(name, static (key, self) => self.Parse(key), this);

    private int NextType(int from)
    {
        int at = text.IndexOf("\n#", from - 1, StringComparison.Ordinal);
        return at < 0 ? -1 : at + 1;
    }

    private WireMessage Parse(string name)
    {
        if (!starts.TryGetValue(name, out int at))
        {
            return new WireMessage(this, name, []);
        }

        List<WireField> fields = [];
        while (at < text.Length && text[at] != '#')
        {
            int end = text.IndexOf('\n', at);
            fields.Add(ParseField(text[at..end].Split(' ')));
            at = end + 1;
        }

        return new WireMessage(this, name, [.. fields]);
    }

    private static WireField ParseField(string[] words)
    {
        string flags = words.Length > 3 ? words[3] : string.Empty;
        WireType type = words[2] switch
        {
            "s" => WireType.String,
            "b" => WireType.Bool,
            "i" => WireType.Int32,
            "l" => WireType.Int64,
            "d" => WireType.Double,
            "y" => WireType.Bytes,
            "Q" => WireType.Quantity,
            "I" => WireType.IntOrString,
            "T" => WireType.Time,
            "U" => WireType.MicroTime,
            "F" => WireType.FieldsV1,
            "R" => WireType.Raw,
            "A" => WireType.SchemaOrList,
            "B" => WireType.SchemaOrBool,
            _ => WireType.Message,
        };
        return new WireField(int.Parse(words[0]), words[1], type, words[2], flags.Contains('*'), flags.Contains('%'), flags.Contains('p'), flags.Contains('a'), flags.Contains('<'));
    }
}
