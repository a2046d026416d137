namespace Bowline.Resources.Model;

/// <summary>A kind as its manifest names it: group (empty for core), version and kind.</summary>
public readonly record struct ResourceKind(string Group, string Version, string Kind)
{
    /// <summary><c>v1</c> or <c>apps/v1</c>.</summary>
    public string ApiVersion => Group.Length == 0 ? Version : $"{Group}/{Version}";

    public static ResourceKind Of(string apiVersion, string kind)
    {
        int slash = apiVersion.IndexOf('/', StringComparison.Ordinal);
        return slash < 0
            ? new ResourceKind(string.Empty, apiVersion, kind)
            : new ResourceKind(apiVersion[..slash], apiVersion[(slash + 1)..], kind);
    }

    public override string ToString() => $"{ApiVersion} {Kind}";
}

/// <summary>What makes an object itself in a cluster: its version is left out, since one object is served in several. Namespace is empty for cluster-scoped objects.</summary>
public readonly record struct ResourceId(string Group, string Kind, string Namespace, string Name)
{
    /// <summary><c>apps/Deployment echo-dev/echo-api</c>, the form that plans, logs and reports use.</summary>
    public override string ToString()
    {
        string kind = Group.Length == 0 ? Kind : $"{Group}/{Kind}";
        return Namespace.Length == 0 ? $"{kind} {Name}" : $"{kind} {Namespace}/{Name}";
    }
}

/// <summary>Where an object comes from: a file (relative to its source's root), the line in it from 1 (0 unknown), and what transformed it on the way.</summary>
public sealed record Origin(string File, int Line)
{
    public static readonly Origin Unknown = new(string.Empty, 0);

    /// <summary>Kustomize transformers or Helm templates that touched the object, in order.</summary>
    public IReadOnlyList<string> Through { get; init; } = [];

    public override string ToString() => Line > 0 ? $"{File}:{Line}" : File;
}

/// <summary>One Kubernetes object and where it came from. Identity is read from the tree, so that the two cannot disagree.</summary>
public sealed class Resource
{
    public Resource(MapNode node, Origin? origin = null)
    {
        Node = node;
        Origin = origin ?? Origin.Unknown;
    }

    public MapNode Node { get; }

    public Origin Origin { get; }

    public ResourceKind Kind => ResourceKind.Of(Node["apiVersion"]?.AsString() ?? string.Empty, Node["kind"]?.AsString() ?? string.Empty);

    public ResourceId Id
    {
        get
        {
            ResourceKind kind = Kind;
            return new ResourceId(kind.Group, kind.Kind, Namespace, Name);
        }
    }

    public MapNode? Metadata => Node["metadata"] as MapNode;

    public string Name => Metadata?["name"]?.AsString() ?? string.Empty;

    public string Namespace => Metadata?["namespace"]?.AsString() ?? string.Empty;

    public string? Annotation(string key) => Metadata?["annotations"]?[key]?.AsString();

    public string? Label(string key) => Metadata?["labels"]?[key]?.AsString();

    public Resource With(MapNode node) => new(node, Origin);

    public override string ToString() => Id.ToString();
}
