using System.Collections.Frozen;
using Bowline.Resources.Model;

namespace Bowline.Applications.ArgoCd;

/// <summary>A setting of Argo CD and what becomes of it here.</summary>
/// <param name="Key">With <c>&lt;name&gt;</c> for what differs from one to the next.</param>
/// <param name="Effect">honoured, ignored or refused.</param>
/// <param name="Note">How, or why not.</param>
public sealed record KnownSetting(string ConfigMap, string Key, string Effect, string Note)
{
    internal bool Matches(string key)
    {
        int from = Key.IndexOf('<', StringComparison.Ordinal);
        return from < 0 ? Key == key
            : key.Length > Key.Length - (Key.IndexOf('>', StringComparison.Ordinal) - from + 1)
                && key.StartsWith(Key[..from], StringComparison.Ordinal) && key.EndsWith(Key[(Key.IndexOf('>', StringComparison.Ordinal) + 1)..], StringComparison.Ordinal);
    }
}

/// <summary>Every setting of Argo CD v3's ConfigMaps, from the embedded <c>argo-settings.txt</c>.</summary>
public static class KnownSettings
{
    private static readonly Lazy<FrozenDictionary<string, KnownSetting[]>> Embedded = new(Load);

    public static IReadOnlyList<KnownSetting> All => [.. Embedded.Value.Values.SelectMany(settings => settings)];

    /// <summary>What a key means; null for one that Argo CD v3 does not know.</summary>
    public static KnownSetting? Find(string configMap, string key) => Embedded.Value.GetValueOrDefault(configMap)?.Where(setting => setting.Matches(key)).MaxBy(setting => setting.Key.Length);

    /// <summary>A sentence for each reason why settings that are set make no difference, and for those that nobody knows.</summary>
    public static IReadOnlyList<string> Ignored(ArgoCdSettings settings) =>
    [
        .. new[] { settings.Config, settings.Parameters, settings.Policies }.OfType<MapNode>().SelectMany(Ignored),
        .. RbacPolicy.Problems(settings.Policies?["data"] as MapNode),
    ];

    private static IEnumerable<string> Ignored(MapNode configMap)
    {
        string name = configMap.At("metadata", "name")?.AsString() ?? string.Empty;
        return (configMap["data"] as MapNode ?? [])
            .Select(item => (item.Key, Known: Find(name, item.Key)))
            .Where(item => item.Known is not { Effect: "honoured" })
            .GroupBy(item => item.Known is { } known ? $"{(known.Effect == "refused" ? "refused" : "ignored")}: {known.Note}" : "not known of Argo CD v3, so it makes no difference")
            .Select(group => $"{name}: {string.Join(", ", group.Select(item => item.Key))} {(group.Count() > 1 ? "are" : "is")} {group.Key}");
    }

    private static FrozenDictionary<string, KnownSetting[]> Load()
    {
        using Stream stream = typeof(KnownSettings).Assembly.GetManifestResourceStream("argo-settings.txt")!;
        using StreamReader reader = new(stream);
        List<KnownSetting> read = [];
        string configMap = string.Empty;
        while (reader.ReadLine() is { } line)
        {
            if (line.StartsWith('['))
            {
                configMap = line.Trim('[', ']');
            }
            else if (line.Length > 0 && !line.StartsWith('#'))
            {
                string[] parts = line.Split(" | ", 3);
                read.Add(new KnownSetting(configMap, parts[0], parts[1], parts[2]));
            }
        }

        return read.GroupBy(setting => setting.ConfigMap).ToFrozenDictionary(group => group.Key, group => group.ToArray(), StringComparer.Ordinal);
    }
}
