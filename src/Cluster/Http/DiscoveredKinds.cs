using Bowline.Cluster.Requests;
using Bowline.Resources.Model;

namespace Bowline.Cluster.Http;

/// <summary>One group as discovery describes it: its versions, the preferred one first, and what each serves.</summary>
internal sealed record DiscoveredGroup(string Name, IReadOnlyList<DiscoveredVersion> Versions);

/// <param name="Version">Such as <c>v1</c>.</param>
/// <param name="Kinds">Empty when discovery of this version failed.</param>
/// <param name="Failure">Why it failed; null when it did not.</param>
internal sealed record DiscoveredVersion(string Version, IReadOnlyList<KindInfo> Kinds, string? Failure);

/// <summary>All that a server serves, at one moment.</summary>
internal sealed class DiscoveredKinds
{
    private readonly IReadOnlyList<DiscoveredGroup> groups;
    private readonly Dictionary<ResourceKind, KindInfo> exact = [];
    private readonly Dictionary<(string Group, string Kind), KindInfo> preferred = [];

    public DiscoveredKinds(IReadOnlyList<DiscoveredGroup> groups)
    {
        this.groups = groups;
        foreach (DiscoveredGroup group in groups)
        {
            foreach (KindInfo kind in group.Versions.SelectMany(version => version.Kinds))
            {
                exact.TryAdd(kind.Kind, kind);
                preferred.TryAdd((kind.Kind.Group, kind.Kind.Kind), kind);
            }
        }
    }

    /// <summary>An empty version asks for the preferred one.</summary>
    public KindInfo? Find(ResourceKind kind) => kind.Version.Length == 0
        ? preferred.GetValueOrDefault((kind.Group, kind.Kind))
        : exact.GetValueOrDefault(kind);

    /// <summary>The same with a version of a group read anew.</summary>
    public DiscoveredKinds With(string group, DiscoveredVersion read)
    {
        DiscoveredGroup known = groups.FirstOrDefault(other => other.Name == group) ?? new DiscoveredGroup(group, []);
        DiscoveredVersion[] versions = known.Versions.Any(other => other.Version == read.Version)
            ? [.. known.Versions.Select(other => other.Version == read.Version ? read : other)]
            : [.. known.Versions, read];
        return new DiscoveredKinds([.. groups.Where(other => other.Name != group), known with { Versions = versions }]);
    }

    /// <summary>Every listable kind once: in its group's preferred version, or the first that has it.</summary>
    public KindCatalogue Preferred()
    {
        Dictionary<string, string> failed = new(StringComparer.Ordinal);
        foreach (DiscoveredGroup group in groups)
        {
            foreach (DiscoveredVersion version in group.Versions.Where(version => version.Failure is not null))
            {
                failed[group.Name.Length == 0 ? version.Version : $"{group.Name}/{version.Version}"] = version.Failure!;
            }
        }

        return new KindCatalogue([.. preferred.Values.Where(kind => kind.Verbs.Contains("list"))], failed);
    }
}
