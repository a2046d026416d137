using System.Collections.Frozen;
using Bowline.Resources.Model;

namespace Bowline.Resources.Schemas;

/// <summary>A custom kind whose CRD is widely installed; the first version is the one to prefer.</summary>
public sealed record WellKnownCustomKind(string Group, string Kind, string Plural, bool Namespaced, IReadOnlyList<string> Versions, IReadOnlyList<string> ShortNames);

/// <summary>Scope and plural of custom kinds whose CRD a cluster does not have; from a table of what platform teams use, otherwise guessed.</summary>
public static class WellKnownCustomKinds
{
    private static readonly Lazy<FrozenDictionary<(string Group, string Kind), WellKnownCustomKind>> Table = new(Read);

    public static IReadOnlyCollection<WellKnownCustomKind> All => Table.Value.Values;

    public static WellKnownCustomKind? Find(string group, string kind) => Table.Value.GetValueOrDefault((group, kind));

    /// <summary>A definition for any kind: well known, or guessed as namespaced; its schema keeps every field.</summary>
    public static KindDefinition DefinitionOf(ResourceKind kind)
    {
        WellKnownCustomKind? known = Find(kind.Group, kind.Kind);
        return new KindDefinition(kind, known?.Plural ?? GuessPlural(kind.Kind), kind.Kind.ToLowerInvariant(), known?.Namespaced ?? true)
        {
            ShortNames = known?.ShortNames ?? [],
            Verbs = ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"],
            Schema = StructuralSchema.Permissive,
        };
    }

    /// <summary>The plural as apimachinery's UnsafeGuessKindToResource makes it: lower case, s to ses, y to ies, otherwise an s.</summary>
    public static string GuessPlural(string kind)
    {
        string singular = kind.ToLowerInvariant();
        return singular switch
        {
            "" => string.Empty,
            _ when singular.EndsWith("endpoints", StringComparison.Ordinal) => singular,
            [.., 's'] => singular + "es",
            [.. var stem, 'y'] => stem + "ies",
            _ => singular + "s",
        };
    }

    private static FrozenDictionary<(string Group, string Kind), WellKnownCustomKind> Read()
    {
        using Stream stream = typeof(WellKnownCustomKinds).Assembly.GetManifestResourceStream("custom-kinds.txt")!;
        using StreamReader reader = new(stream);
        Dictionary<(string Group, string Kind), WellKnownCustomKind> kinds = [];
        string group = string.Empty;
        string[] versions = [];
        while (reader.ReadLine() is { } line)
        {
            if (line.Length == 0 || line[0] == '#')
            {
                continue;
            }

            string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (line[0] != ' ')
            {
                group = words[0];
                versions = words[1].Split(',');
                continue;
            }

            WellKnownCustomKind kind = ReadKind(group, versions, words);
            kinds[(group, kind.Kind)] = kind;
        }

        return kinds.ToFrozenDictionary();
    }

    /// <summary><c>*Kind@version=plural short,names</c>: star, version and plural may be missing.</summary>
    private static WellKnownCustomKind ReadKind(string group, string[] versions, string[] words)
    {
        bool namespaced = words[0][0] != '*';
        string[] plural = words[0].TrimStart('*').Split('=');
        string[] version = plural[0].Split('@');
        return new WellKnownCustomKind(
            group,
            version[0],
            plural.Length > 1 ? plural[1] : GuessPlural(version[0]),
            namespaced,
            version.Length > 1 ? [version[1]] : versions,
            words.Length > 1 ? words[1].Split(',') : []);
    }
}
