using Bowline.Applications.Model;
using Bowline.Rendering.Requests;
using Bowline.Resources.Model;
using ApplicationException = Bowline.Applications.Model.ApplicationException;

namespace Bowline.Applications.ArgoCd;

/// <summary>Argo CD's <c>Application</c> (argoproj.io/v1alpha1).</summary>
public sealed class ArgoCdDialect(ApplicationNamespaces? namespaces = null) : IApplicationDialect
{
    private static readonly KeyValuePair<string, SourceTool>[] Tools = [new("kustomize", SourceTool.Kustomize), new("helm", SourceTool.Helm), new("directory", SourceTool.Directory)];
    private readonly ApplicationNamespaces namespaces = namespaces ?? ApplicationNamespaces.Any;

    public bool Understands(ResourceKind kind) => kind is { Group: "argoproj.io", Kind: "Application" };

    public string NameOf(Resource resource) => namespaces.NameOf(resource.Namespace, resource.Name);

    public ApplicationSpec Read(Resource resource)
    {
        MapNode spec = resource.Node["spec"] as MapNode ?? throw Fault(resource, "has no spec");
        if (resource.Name.Length == 0)
        {
            throw Fault(resource, "has no metadata.name");
        }

        if (spec["sourceHydrator"] is MapNode)
        {
            throw Fault(resource, "uses a source hydrator, which Bowline does not run: deliver the hydrated branch as its source");
        }

        return new ApplicationSpec(NameOf(resource))
        {
            Title = resource.Name,
            Namespace = resource.Namespace,
            Project = Text(spec["project"], "default"),
            Sources = ReadSources(resource, spec),
            Destination = ReadDestination(spec["destination"]),
            Policy = PolicyReader.Read(spec["syncPolicy"]),
            IgnoreDifferences = PolicyReader.ReadIgnored(resource, spec["ignoreDifferences"]),
            DependsOn = DependencyReader.ReadApplications(resource),
            DependsOnObjects = DependencyReader.ReadObjects(resource),
            ReadyWhen = DependencyReader.ReadReadyWhen(resource),
            GeneratePaths = PolicyReader.ReadList(resource.Annotation("argocd.argoproj.io/manifest-generate-paths"), ';'),
            DeletionApproved = Approval.Of(resource.Node),
            HistoryLimit = (int)Math.Clamp(spec["revisionHistoryLimit"]?.AsInteger() ?? 10, 0, 100),
            Origin = resource.Origin,
        };
    }

    internal static Destination ReadDestination(Node? destination) => new()
    {
        Server = Text(destination?["server"]),
        Name = Text(destination?["name"]),
        Namespace = Text(destination?["namespace"]),
    };

    /// <param name="spec">What has them: an Application's specification, or an operation.</param>
    internal static ApplicationSource[] ReadSources(Resource resource, MapNode spec)
    {
        ApplicationSource[] sources = spec["sources"] is ListNode { Count: > 0 } list
            ? [.. list.Select(source => ReadSource(source, Wrong))]
            : spec["source"] is { } single ? [ReadSource(single, Wrong)] : [];
        ApplicationException Wrong(string reason) => Fault(resource, reason);
        return sources.Length > 0 ? sources : throw Fault(resource, "names no source");
    }

    /// <param name="wrong">Makes the exception for what cannot be done, of the end of a sentence.</param>
    internal static ApplicationSource ReadSource(Node source, Func<string, ApplicationException> wrong)
    {
        if (source["plugin"] is not null)
        {
            throw wrong("uses a config management plugin, which Bowline does not run: render with Helm, Kustomize or plain YAML");
        }

        if (source.At("directory", "jsonnet") is MapNode { Count: > 0 })
        {
            throw wrong("uses jsonnet, which Bowline does not evaluate");
        }

        if (Text(source.At("helm", "version")) is { Length: > 0 } version and not ("3" or "v3" or "4" or "v4"))
        {
            throw wrong($"asks for Helm {version}, which Bowline does not render as");
        }

        return new ApplicationSource
        {
            RepoUrl = Text(source["repoURL"]) is { Length: > 0 } url ? url : throw wrong("has a source without repoURL"),
            TargetRevision = Text(source["targetRevision"]),
            Path = Text(source["path"]).Trim('/') is "." ? string.Empty : Text(source["path"]).Trim('/'),
            Chart = Text(source["chart"]),
            Ref = Text(source["ref"]),
            Tool = ToolOf(source, wrong),
            Declared = source as MapNode,
            ReleaseName = Text(source.At("helm", "releaseName")),
            Helm = HelmSource.Read(source["helm"]),
            Kustomize = KustomizeSource.Read(source["kustomize"]),
            KustomizeVersion = Text(source.At("kustomize", "version")),
            Edits = KustomizeSource.ReadEdits(source["kustomize"]),
            ExpandsAnnotations = source.At("kustomize", "commonAnnotationsEnvsubst")?.AsBool() == true,
            Namespace = Text(source.At("helm", "namespace")),
            KubeVersion = Text(source.At("helm", "kubeVersion") ?? source.At("kustomize", "kubeVersion")),
            ApiVersions = Texts(source.At("helm", "apiVersions") ?? source.At("kustomize", "apiVersions")),
            Plain = new PlainOptions
            {
                Recurse = source.At("directory", "recurse")?.AsBool() ?? false,
                Include = Text(source.At("directory", "include")),
                Exclude = Text(source.At("directory", "exclude")),
            },
        };
    }

    /// <summary>What a source says of one tool makes it that tool's, whatever lies in its directory; null where it says nothing.</summary>
    private static SourceTool? ToolOf(Node source, Func<string, ApplicationException> wrong)
    {
        SourceTool[] named = [.. Tools.Where(tool => IsSaid(source[tool.Key])).Select(tool => tool.Value)];
        return named.Length switch
        {
            0 => null,
            1 => named[0],
            _ => throw wrong($"has a source of several tools: {string.Join(", ", named)}"),
        };
    }

    /// <summary>What has no value in it says nothing.</summary>
    private static bool IsSaid(Node? node) => node switch
    {
        MapNode map => map.Any(member => IsSaid(member.Value)),
        ListNode list => list.Count > 0,
        BoolNode flag => flag.Value,
        StringNode text => text.Value.Length > 0,
        null or NullNode => false,
        _ => true,
    };

    internal static string Text(Node? node, string absent = "") => node switch
    {
        null or NullNode or MapNode or ListNode => absent,
        _ => node.ToString() ?? absent,
    };

    internal static IReadOnlyList<string> Texts(Node? node) => node is ListNode list ? [.. list.Select(item => Text(item))] : [];

    internal static ApplicationException Fault(Resource resource, string reason) => new($"{resource.Origin}: Application {resource.Name} {reason}");
}
