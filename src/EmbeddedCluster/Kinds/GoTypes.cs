using System.Collections.Frozen;

namespace Bowline.EmbeddedCluster.Kinds;

/// <summary>The field order of the Go structs, which no OpenAPI document tells.</summary>
internal sealed class GoTypes
{
    private readonly FrozenDictionary<string, GoField[]> structs;
    private readonly FrozenDictionary<string, string> aliases;

    private GoTypes(Dictionary<string, GoField[]> structs, Dictionary<string, string> aliases)
    {
        this.structs = structs.ToFrozenDictionary(StringComparer.Ordinal);
        this.aliases = aliases.ToFrozenDictionary(StringComparer.Ordinal);
    }

    /// <summary>Those of a pod's template and of its spec.</summary>
    public static GoTypes Pods { get; } = Load();

    private static GoTypes Load()
    {
        using Stream stream = typeof(GoTypes).Assembly.GetManifestResourceStream("PodTemplateTypes.txt")
            ?? throw new InvalidOperationException("PodTemplateTypes.txt is not embedded");
        using StreamReader reader = new(stream);
        Dictionary<string, GoField[]> structs = [];
        Dictionary<string, string> aliases = [];
        while (reader.ReadLine() is { } line)
        {
            string[] words = line.Split(' ');
            if (words[0] == "#")
            {
                continue;
            }

            if (words[1] == "=")
            {
                aliases[words[0]] = words[2];
            }
            else
            {
                structs[words[0]] = [.. words.Skip(1).Select(GoField.Parse)];
            }
        }

        return new GoTypes(structs, aliases);
    }

    public GoField[]? Fields(string type) => structs.GetValueOrDefault(type);

    public string Base(string type) => aliases.GetValueOrDefault(type, type);
}

/// <summary>A field of a Go struct.</summary>
/// <param name="JsonName">Empty for an embedded struct, whose members are among those of the outer one.</param>
internal sealed record GoField(string Name, string Type, string JsonName)
{
    public static GoField Parse(string text)
    {
        string[] parts = text.Split(':');
        return new GoField(parts[0], parts[1], parts[2]);
    }
}
