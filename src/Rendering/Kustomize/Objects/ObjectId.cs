using Bowline.Resources.Model;

namespace Bowline.Rendering.Kustomize.Objects;

/// <summary>An object as a build knows it at one moment: kind with version, name and declared namespace.</summary>
internal readonly record struct ObjectId(ResourceKind Kind, string Name, string Namespace)
{
    private const string Unnamed = "default";

    /// <summary>Stands for the namespace of cluster-scoped objects; no real namespace can be called so.</summary>
    public const string NotANamespace = "_non_namespaceable_";

    /// <summary>The namespace that two objects must share to be the same: none and <c>default</c> count as one.</summary>
    public string EffectiveNamespace(KindScopes scopes) =>
        scopes.IsClusterScoped(Kind) ? NotANamespace : Namespace.Length == 0 ? Unnamed : Namespace;

    /// <summary>The key under which equal objects collide.</summary>
    public ObjectId Normalized(KindScopes scopes) => this with { Namespace = EffectiveNamespace(scopes) };

    public bool IsSelectedBy(KindFilter filter) => filter.Selects(Kind);

    public override string ToString()
    {
        string ns = Namespace.Length == 0 ? "[noNs]" : Namespace;
        string name = Name.Length == 0 ? "[noName]" : Name;
        return $"{Kind.Kind}.{(Kind.Version.Length == 0 ? "[noVer]" : Kind.Version)}.{(Kind.Group.Length == 0 ? "[noGrp]" : Kind.Group)}/{name}.{ns}";
    }
}

/// <summary>Group, version and kind where an empty part matches anything.</summary>
internal readonly record struct KindFilter(string Group, string Version, string Kind)
{
    public static readonly KindFilter Any = new(string.Empty, string.Empty, string.Empty);

    public bool Selects(ResourceKind kind) =>
        (Group.Length == 0 || Group == kind.Group) &&
        (Version.Length == 0 || Version == kind.Version) &&
        (Kind.Length == 0 || Kind == kind.Kind);
}

/// <summary>Which kinds are known to live outside namespaces; a kind nobody knows is taken for a namespaced one.</summary>
internal sealed class KindScopes(IReadOnlySet<ResourceKind> clusterScoped)
{
    public bool IsClusterScoped(ResourceKind kind) => clusterScoped.Contains(kind);
}
