using System.Diagnostics.CodeAnalysis;
using Bowline.Resources.Model;
using Bowline.Resources.Schemas;

namespace Bowline.Resources.Merging;

/// <summary>What tells managers apart. An applier is the same whatever version it applies, an updater is one per version.</summary>
internal readonly record struct ManagerKey(string Manager, bool Applies, string Version, string Subresource)
{
    public const string Apply = "Apply";
    public const string Update = "Update";

    public static ManagerKey Of(FieldWriter writer, bool applies) => Of(writer.Manager, applies, writer.ApiVersion, writer.Subresource);

    public static ManagerKey Of(string manager, bool applies, string apiVersion, string subresource) =>
        new(manager.Length == 0 ? "unknown" : manager, applies, applies ? string.Empty : apiVersion, subresource);

    /// <summary>As conflicts name it: <c>"kubectl" using apps/v1</c>.</summary>
    public override string ToString()
    {
        string name = $"\"{Manager}\"" + (Subresource.Length > 0 ? $" with subresource \"{Subresource}\"" : string.Empty);
        return Applies ? name : $"{name} using {Version}";
    }
}

/// <summary>One manager's fields.</summary>
/// <param name="Time">RFC 3339 in whole seconds; empty when the entry has none.</param>
/// <param name="Source">The entry that this was read from, as long as nothing of it changed.</param>
internal sealed record ManagerEntry(ManagerKey Key, string ApiVersion, FieldSet Fields, string Time, MapNode? Source = null);

/// <summary>The managers of one object.</summary>
internal sealed class ManagedFields
{
    private const int IndexedFrom = 17;
    private readonly List<ManagerEntry> entries = [];
    // Objects have few managers; the index is for those that were sent a list of thousands.
    private Dictionary<ManagerKey, int>? places;

    public bool IsEmpty => entries.Count == 0;

    public IReadOnlyList<ManagerEntry> Entries => entries;

    /// <summary>Reads metadata.managedFields; false when an entry is malformed.</summary>
    public static bool TryRead(MapNode? holder, [NotNullWhen(true)] out ManagedFields? managed)
    {
        managed = new ManagedFields();
        foreach (Node node in holder?["metadata"]?["managedFields"]?.AsList() ?? [])
        {
            if (node is not MapNode map || !TryRead(map, out ManagerEntry? entry))
            {
                managed = null;
                return false;
            }

            managed.Set(entry);
        }

        return true;
    }

    public ManagerEntry? Find(ManagerKey key)
    {
        int at = IndexOf(key);
        return at < 0 ? null : entries[at];
    }

    /// <summary>Adds or replaces a manager's entry; one without fields disappears.</summary>
    public void Set(ManagerEntry entry)
    {
        int at = IndexOf(entry.Key);
        if (entry.Fields.IsEmpty)
        {
            RemoveAt(at);
        }
        else if (at >= 0)
        {
            entries[at] = entry;
        }
        else
        {
            entries.Add(entry);
            if (places is not null)
            {
                places[entry.Key] = entries.Count - 1;
            }
            else if (entries.Count >= IndexedFrom)
            {
                BuildIndex();
            }
        }
    }

    /// <summary>Brings every manager's fields in line with the schema of today.</summary>
    public void Reconcile(FieldType type)
    {
        for (int i = 0; i < entries.Count; i++)
        {
            FieldSet reconciled = FieldReconciliation.Reconcile(entries[i].Fields, type);
            if (!ReferenceEquals(reconciled, entries[i].Fields))
            {
                entries[i] = entries[i] with { Fields = reconciled, Source = null };
            }
        }
    }

    /// <summary>Takes fields from everyone except one manager.</summary>
    public void Take(FieldSet fields, ManagerKey? except)
    {
        if (fields.IsEmpty)
        {
            return;
        }

        bool emptied = false;
        for (int i = 0; i < entries.Count; i++)
        {
            ManagerEntry entry = entries[i];
            if (except is { } spared && entry.Key == spared)
            {
                continue;
            }

            FieldSet left = entry.Fields.Except(fields);
            if (!ReferenceEquals(left, entry.Fields))
            {
                entries[i] = entry with { Fields = left, Source = null };
                emptied |= left.IsEmpty;
            }
        }

        if (emptied)
        {
            entries.RemoveAll(entry => entry.Fields.IsEmpty);
            places = null;
            if (entries.Count >= IndexedFrom)
            {
                BuildIndex();
            }
        }
    }

    /// <summary>Merges the oldest updaters of a version into one once there are more than <paramref name="limit"/>, so that agents with changing names do not grow the object.</summary>
    public void Cap(int limit)
    {
        List<ManagerEntry> updaters = [.. entries.Where(entry => !entry.Key.Applies)];
        int surplus = updaters.Count - limit;
        if (surplus <= 0)
        {
            return;
        }

        Dictionary<string, ManagerKey> first = [];
        foreach (ManagerEntry oldest in updaters.OrderBy(entry => entry.Time, StringComparer.Ordinal).ThenBy(entry => entry.Key.Manager, StringComparer.Ordinal))
        {
            if (surplus <= 0)
            {
                return;
            }

            if (first.TryAdd(oldest.ApiVersion, oldest.Key))
            {
                continue;
            }

            ManagerKey bucket = ManagerKey.Of("ancient-changes", applies: false, oldest.ApiVersion, string.Empty);
            FieldSet fields = oldest.Fields.Union((Find(bucket) ?? Find(first[oldest.ApiVersion]))?.Fields ?? FieldSet.Empty);
            Remove(first[oldest.ApiVersion]);
            Remove(oldest.Key);
            Set(new ManagerEntry(bucket, oldest.ApiVersion, fields, oldest.Time));
            surplus--;
        }
    }

    /// <summary>The list as the API server stores it: appliers first, then by time and name.</summary>
    public ListNode Write() => entries.Count == 1 ? new ListNode(1) { Write(entries[0]) } : new(entries
        .OrderBy(entry => entry.Key.Applies ? 0 : 1)
        .ThenBy(entry => entry.Time, StringComparer.Ordinal)
        .ThenBy(entry => entry.Key.Manager, StringComparer.Ordinal)
        .ThenBy(entry => entry.ApiVersion, StringComparer.Ordinal)
        .ThenBy(entry => entry.Key.Subresource, StringComparer.Ordinal)
        .Select(Write));

    private static Node Write(ManagerEntry entry)
    {
        if (entry.Source is not null)
        {
            return entry.Source;
        }

        MapNode written = new(7)
        {
            ["manager"] = entry.Key.Manager,
            ["operation"] = entry.Key.Applies ? ManagerKey.Apply : ManagerKey.Update,
            ["apiVersion"] = entry.ApiVersion,
        };
        if (entry.Time.Length > 0)
        {
            written.Add("time", entry.Time);
        }

        written.Add("fieldsType", "FieldsV1");
        written.Add("fieldsV1", entry.Fields.ToFieldsV1());
        if (entry.Key.Subresource.Length > 0)
        {
            written.Add("subresource", entry.Key.Subresource);
        }

        return written;
    }

    private static bool TryRead(MapNode map, [NotNullWhen(true)] out ManagerEntry? entry)
    {
        entry = null;
        string? operation = map["operation"]?.AsString();
        bool applies = operation == ManagerKey.Apply;
        bool isKnown = (applies || operation == ManagerKey.Update) && map["fieldsType"]?.AsString() is null or "FieldsV1";
        if (!isKnown)
        {
            return false;
        }

        string version = map["apiVersion"]?.AsString() ?? string.Empty;
        ManagerKey key = new(map["manager"]?.AsString() ?? string.Empty, applies, applies ? string.Empty : version, map["subresource"]?.AsString() ?? string.Empty);
        try
        {
            FieldSet fields = map["fieldsV1"] is { IsNull: false } written ? FieldSet.FromFieldsV1(written) : FieldSet.Empty;
            entry = new ManagerEntry(key, version, fields, map["time"]?.AsString() ?? string.Empty, map);
            return true;
        }
        catch (FormatException)
        {
            return false;
        }
    }

    private void Remove(ManagerKey key) => RemoveAt(IndexOf(key));

    private void RemoveAt(int at)
    {
        if (at < 0)
        {
            return;
        }

        // The order of entries does not count, so the last one takes the free place.
        places?.Remove(entries[at].Key);
        entries[at] = entries[^1];
        entries.RemoveAt(entries.Count - 1);
        if (places is not null && at < entries.Count)
        {
            places[entries[at].Key] = at;
        }
    }

    private void BuildIndex()
    {
        places = new Dictionary<ManagerKey, int>(entries.Count);
        for (int i = 0; i < entries.Count; i++)
        {
            places[entries[i].Key] = i;
        }
    }

    private int IndexOf(ManagerKey key)
    {
        if (places is not null)
        {
            return places.GetValueOrDefault(key, -1);
        }

        for (int i = 0; i < entries.Count; i++)
        {
            if (entries[i].Key == key)
            {
                return i;
            }
        }

        return -1;
    }
}
