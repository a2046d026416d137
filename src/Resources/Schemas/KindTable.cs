using System.Text;
using Bowline.Resources.Model;

namespace Bowline.Resources.Schemas;

/// <summary>The embedded table. Opening it records where strings and schema nodes start; each is decoded when first asked for.</summary>
internal sealed class KindTable
{
    private static readonly Lazy<KindTable> Opened = new(Open);
    private static readonly string[] NoStrings = [];
    private readonly byte[] bytes;
    private readonly int[] stringStarts;
    private readonly string?[] strings;
    private readonly int[] nodeStarts;
    private readonly TableSchema?[] nodes;
    private readonly Dictionary<ResourceKind, int> otherKinds = [];
    private readonly Lazy<Dictionary<string, int>> definitions;

    private KindTable(byte[] bytes)
    {
        this.bytes = bytes;
        TableCursor at = new(bytes, "BKT1".Length);
        stringStarts = Starts(ref at);
        strings = new string?[stringStarts.Length];
        nodeStarts = Starts(ref at);
        nodes = new TableSchema?[nodeStarts.Length];
        int namesAt = at.Position;
        definitions = new Lazy<Dictionary<string, int>>(() => ReadDefinitions(namesAt));
        SkipDefinitions(ref at);
        List<KindDefinition> kinds = [];
        Groups = ReadGroups(ref at, kinds);
        Kinds = kinds;
        for (int left = at.Number(); left > 0; left--)
        {
            otherKinds[new ResourceKind(Text(at.Number()), Text(at.Number()), Text(at.Number()))] = at.Number();
        }

        ByKind = kinds.ToDictionary(kind => kind.Kind);
        ByResource = kinds.ToDictionary(kind => (kind.Kind.Group, kind.Kind.Version, kind.Plural));
        ByGroupAndKind = kinds.DistinctBy(kind => (kind.Kind.Group, kind.Kind.Kind)).ToDictionary(kind => (kind.Kind.Group, kind.Kind.Kind));
    }

    public static KindTable Instance => Opened.Value;

    public IReadOnlyList<KindDefinition> Kinds { get; }

    public IReadOnlyList<ApiGroup> Groups { get; }

    public Dictionary<ResourceKind, KindDefinition> ByKind { get; }

    public Dictionary<(string Group, string Kind), KindDefinition> ByGroupAndKind { get; }

    public Dictionary<(string Group, string Version, string Plural), KindDefinition> ByResource { get; }

    public IReadOnlyCollection<string> DefinitionNames => definitions.Value.Keys;

    public Schema? SchemaOf(ResourceKind kind) =>
        ByKind.TryGetValue(kind, out KindDefinition? known) ? known.Schema : otherKinds.TryGetValue(kind, out int node) ? Node(node) : null;

    public Schema? SchemaOf(string definition) => definitions.Value.TryGetValue(definition, out int node) ? Node(node) : null;

    /// <summary>The one schema object of a node; two threads that race agree on the first.</summary>
    public TableSchema Node(int index) =>
        nodes[index] ?? Interlocked.CompareExchange(ref nodes[index], new TableSchema(this, nodeStarts[index]), null) ?? nodes[index]!;

    public string Text(int index)
    {
        if (strings[index] is { } known)
        {
            return known;
        }

        TableCursor at = new(bytes, stringStarts[index]);
        int length = at.Number();
        return strings[index] = string.Intern(Encoding.UTF8.GetString(bytes, at.Position, length));
    }

    public IReadOnlyList<string> Texts(int index, char separator = ',') => Text(index) is { Length: > 0 } joined ? joined.Split(separator) : NoStrings;

    public TableCursor BodyAt(int start)
    {
        TableCursor at = new(bytes, start);
        at.Number();
        return at;
    }

    private static KindTable Open()
    {
        using Stream stream = typeof(KindTable).Assembly.GetManifestResourceStream("kubernetes.table")!;
        byte[] bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return new KindTable(bytes);
    }

    private static int[] Starts(ref TableCursor at)
    {
        int[] starts = new int[at.Number()];
        for (int i = 0; i < starts.Length; i++)
        {
            starts[i] = at.Position;
            at.Skip(at.Number());
        }

        return starts;
    }

    private static void SkipDefinitions(ref TableCursor at)
    {
        for (int left = at.Number() * 3; left > 0; left--)
        {
            at.Number();
        }
    }

    private Dictionary<string, int> ReadDefinitions(int start)
    {
        TableCursor at = new(bytes, start);
        Dictionary<string, int> names = new(StringComparer.Ordinal);
        for (int left = at.Number(); left > 0; left--)
        {
            names[Text(at.Number()) + Text(at.Number())] = at.Number();
        }

        return names;
    }

    private List<ApiGroup> ReadGroups(ref TableCursor at, List<KindDefinition> kinds)
    {
        List<ApiGroup> groups = [];
        for (int left = at.Number(); left > 0; left--)
        {
            string group = Text(at.Number());
            string[] versions = new string[at.Number()];
            for (int i = 0; i < versions.Length; i++)
            {
                versions[i] = Text(at.Number());
                for (int resources = at.Number(); resources > 0; resources--)
                {
                    kinds.Add(ReadKind(ref at, group, versions[i]));
                }
            }

            groups.Add(new ApiGroup(group, versions));
        }

        return groups;
    }

    private KindDefinition ReadKind(ref TableCursor at, string group, string version)
    {
        ResourceKind kind = new(group, version, Text(at.Number()));
        KindDefinition definition = new(kind, Text(at.Number()), Text(at.Number()), at.Number() != 0)
        {
            Verbs = Texts(at.Number()),
            ShortNames = Texts(at.Number()),
            Categories = Texts(at.Number()),
            StorageVersionHash = Text(at.Number()),
            Schema = at.Number() is > 0 and int node ? Node(node - 1) : null,
        };
        SubresourceDefinition[] subresources = new SubresourceDefinition[at.Number()];
        for (int i = 0; i < subresources.Length; i++)
        {
            string name = Text(at.Number());
            ResourceKind response = new(Text(at.Number()), Text(at.Number()), Text(at.Number()));
            subresources[i] = new SubresourceDefinition(name, response, Texts(at.Number()));
        }

        return definition with { SubresourceDefinitions = subresources, Subresources = Array.ConvertAll(subresources, subresource => subresource.Name) };
    }
}

/// <summary>Reads variable-length numbers, seven bits a byte.</summary>
internal struct TableCursor(byte[] bytes, int position)
{
    public int Position { get; private set; } = position;

    public int Number()
    {
        int value = 0;
        for (int shift = 0; ; shift += 7)
        {
            byte next = bytes[Position++];
            value |= (next & 0x7f) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }
    }

    public void Skip(int count) => Position += count;
}
