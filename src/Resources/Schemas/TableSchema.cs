using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.Resources.Schemas;

/// <summary>A schema node of the embedded table, decoded when first looked at.</summary>
internal sealed class TableSchema(KindTable table, int start) : Schema
{
    private static readonly Dictionary<string, Schema> NoProperties = [];
    private Facts? facts;

    public override string Type => Decoded.Type;

    public override string Format => Decoded.Format;

    public override bool IntOrString => Decoded.Format == "int-or-string";

    public override bool PreservesUnknown => Decoded is { Properties.Count: 0, Additional: < 0, Items: < 0, Type: "" or "object", Format: "" };

    public override IReadOnlyDictionary<string, Schema> Properties => Decoded.Properties;

    public override Schema? AdditionalProperties => Child(Decoded.Additional);

    public override Schema? Items => Child(Decoded.Items);

    public override ListType ListType => Decoded.ListType;

    public override IReadOnlyList<string> ListMapKeys => Decoded.ListMapKeys;

    public override bool AtomicMap => Decoded.AtomicMap;

    public override string? PatchMergeKey => Decoded.PatchMergeKey;

    public override IReadOnlyList<string> PatchStrategies => Decoded.PatchStrategies;

    public override IReadOnlyList<string> Required => Decoded.Required;

    public override Node? Default => Decoded.Default;

    public override IReadOnlyList<string> Enum => Decoded.Enum;

    internal override bool MergesUnknown => Decoded is { Properties.Count: 0, Additional: < 0 };

    internal override IReadOnlyList<string> StructFields => Decoded.Structs;

    private Facts Decoded => facts ??= Decode();

    private TableSchema? Child(int node) => node < 0 ? null : table.Node(node);

    private Facts Decode()
    {
        TableCursor at = table.BodyAt(start);
        int present = at.Number();
        bool Has(int bit) => (present & (1 << bit)) != 0;
        List<string>? structs = null;
        // Initialisers run in the order in which they are written, which is the order of the table.
        return new Facts
        {
            Type = Has(0) ? table.Text(at.Number()) : string.Empty,
            Format = Has(1) ? table.Text(at.Number()) : string.Empty,
            Properties = Has(2) ? ReadProperties(ref at, out structs) : NoProperties,
            Additional = Has(3) ? at.Number() : -1,
            Items = Has(4) ? at.Number() : -1,
            ListType = Has(5) ? ListType.Set : Has(6) ? ListType.Map : ListType.Atomic,
            ListMapKeys = Has(6) ? table.Texts(at.Number()) : [],
            AtomicMap = Has(7),
            PatchMergeKey = Has(8) ? table.Text(at.Number()) : null,
            PatchStrategies = Has(9) ? table.Texts(at.Number()) : [],
            Required = Has(10) ? table.Texts(at.Number()) : [],
            Default = Has(11) ? JsonReader.Read(table.Text(at.Number())).Freeze() : null,
            Enum = Has(12) ? table.Texts(at.Number(), '\n') : [],
            Structs = structs ?? [],
        };
    }

    private Dictionary<string, Schema> ReadProperties(ref TableCursor at, out List<string>? structs)
    {
        structs = null;
        int count = at.Number();
        Dictionary<string, Schema> properties = new(count, StringComparer.Ordinal);
        for (; count > 0; count--)
        {
            string name = table.Text(at.Number());
            int node = at.Number();
            properties.Add(name, table.Node(node >> 1));
            if ((node & 1) != 0)
            {
                (structs ??= []).Add(name);
            }
        }

        return properties;
    }

    private sealed class Facts
    {
        public required string Type { get; init; }

        public required string Format { get; init; }

        public required IReadOnlyDictionary<string, Schema> Properties { get; init; }

        public required int Additional { get; init; }

        public required int Items { get; init; }

        public required ListType ListType { get; init; }

        public required IReadOnlyList<string> ListMapKeys { get; init; }

        public required bool AtomicMap { get; init; }

        public required string? PatchMergeKey { get; init; }

        public required IReadOnlyList<string> PatchStrategies { get; init; }

        public required IReadOnlyList<string> Required { get; init; }

        public required Node? Default { get; init; }

        public required IReadOnlyList<string> Enum { get; init; }

        public required IReadOnlyList<string> Structs { get; init; }
    }
}
