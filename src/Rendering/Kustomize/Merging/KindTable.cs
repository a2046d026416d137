using Bowline.Rendering.Kustomize.Objects;
using Bowline.Resources.Model;

namespace Bowline.Rendering.Kustomize.Merging;

/// <summary>
/// What a build knows of kinds: their scope and how their lists merge. The built-in table is that of Kubernetes 1.21, which
/// Kustomize has compiled in to this day: kinds and fields younger than that are strangers to it, and their lists are replaced.
/// </summary>
internal sealed class KindTable
{
    private readonly Dictionary<ResourceKind, MergeType?> types;

    public KindTable(Dictionary<ResourceKind, MergeType?> types, IReadOnlySet<ResourceKind> clusterScoped)
    {
        this.types = types;
        ClusterScoped = clusterScoped;
        Scopes = new KindScopes(clusterScoped);
    }

    public static KindTable BuiltIn { get; } = Read();

    public IReadOnlySet<ResourceKind> ClusterScoped { get; }

    public KindScopes Scopes { get; }

    public MergeType? Find(string apiVersion, string kind) =>
        apiVersion.Length == 0 || kind.Length == 0 ? null : types.GetValueOrDefault(ResourceKind.Of(apiVersion, kind));

    public bool Knows(ResourceKind kind) => types.ContainsKey(kind);

    /// <summary>This table with what another knows beside it; where both know a kind, this one counts.</summary>
    public KindTable Over(KindTable other)
    {
        Dictionary<ResourceKind, MergeType?> all = new(other.types);
        foreach ((ResourceKind kind, MergeType? type) in types)
        {
            all[kind] = type;
        }

        return new KindTable(all, ClusterScoped.Concat(other.ClusterScoped).ToHashSet());
    }

    private static KindTable Read()
    {
        using StreamReader reader = new(typeof(KindTable).Assembly.GetManifestResourceStream("Kustomize/kinds.txt")!);
        Dictionary<string, MergeType> named = new(StringComparer.Ordinal);
        Dictionary<ResourceKind, MergeType?> types = [];
        HashSet<ResourceKind> clusterScoped = [];
        MergeType? current = null;
        bool kinds = true;
        while (reader.ReadLine() is { } line)
        {
            if (line.Length == 0)
            {
                kinds = false;
            }
            else if (kinds && line[0] != '#')
            {
                ReadKind(line.Split(' '), named, types, clusterScoped);
            }
            else if (!kinds && line[0] != ' ')
            {
                current = Named(named, line);
            }
            else if (!kinds)
            {
                ReadField(line.Trim().Split(' '), named, current!);
            }
        }

        return new KindTable(types, clusterScoped);
    }

    private static void ReadKind(string[] parts, Dictionary<string, MergeType> named, Dictionary<ResourceKind, MergeType?> types, HashSet<ResourceKind> clusterScoped)
    {
        ResourceKind kind = ResourceKind.Of(parts[1], parts[2]);
        types[kind] = parts.Length > 3 ? Named(named, parts[3]) : null;
        if (parts[0] == "cluster")
        {
            clusterScoped.Add(kind);
        }
    }

    private static void ReadField(string[] parts, Dictionary<string, MergeType> named, MergeType owner)
    {
        MergeType? type = parts.Length > 1 ? Named(named, parts[1]) : null;
        string field = parts[0];
        int bracket = field.IndexOf('[', StringComparison.Ordinal);
        if (bracket >= 0)
        {
            string keys = field[(bracket + 1)..^1];
            owner.Fields[field[..bracket]] = new MergeField(type, keys.Length == 0 ? [] : keys.Split(','));
        }
        else if (field.EndsWith("{}", StringComparison.Ordinal))
        {
            owner.Fields[field[..^2]] = new MergeField(new MergeType { Values = new MergeField(type, null) }, null);
        }
        else
        {
            owner.Fields[field] = new MergeField(type, null);
        }
    }

    private static MergeType Named(Dictionary<string, MergeType> named, string name)
    {
        if (!named.TryGetValue(name, out MergeType? type))
        {
            type = new MergeType();
            named.Add(name, type);
        }

        return type;
    }
}
