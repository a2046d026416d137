using Bowline.Resources.Model;

namespace Bowline.Resources.Merging;

public sealed partial class FieldSet
{
    private static readonly MapNode Leaf = (MapNode)new MapNode(0).Freeze();

    /// <summary>Reads the FieldsV1 form of managedFields.</summary>
    /// <exception cref="FormatException">A key is no path element, or a value no object.</exception>
    public static FieldSet FromFieldsV1(Node fieldsV1)
    {
        if (fieldsV1 is not MapNode map)
        {
            throw new FormatException("FieldsV1 must be an object");
        }

        FieldSetEntry[] entries = new FieldSetEntry[map.Count];
        int count = 0;
        foreach ((string key, Node value) in map)
        {
            if (key == ".")
            {
                continue;
            }

            if (value is not MapNode below)
            {
                throw new FormatException($"FieldsV1: {key} must be an object");
            }

            FieldSet? children = below.Count == 0 ? null : OrNull(FromFieldsV1(below));
            entries[count++] = new FieldSetEntry(PathElement.Parse(key), children is null || below.ContainsKey("."), children);
        }

        return FromEntries(entries, count) ?? Empty;
    }

    /// <summary>The FieldsV1 form: members in the order of the set, <c>.</c> for a field that has members below it and is one itself.</summary>
    public MapNode ToFieldsV1() => ToFieldsV1(includesSelf: false);

    private MapNode ToFieldsV1(bool includesSelf)
    {
        MapNode map = new(entries.Length + (includesSelf ? 1 : 0));
        if (includesSelf)
        {
            map.Add(".", Leaf);
        }

        foreach (FieldSetEntry entry in entries)
        {
            map.Add(entry.Element.ToFieldsV1Key(), entry.Children?.ToFieldsV1(entry.IsMember) ?? Leaf);
        }

        return map;
    }
}
