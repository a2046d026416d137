using Bowline.Applications.ArgoCd;
using Bowline.Applications.Model;
using Bowline.Cluster.Requests;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;
using ApplicationException = Bowline.Applications.Model.ApplicationException;

namespace Bowline.Applications.Hub;

/// <summary>Reads the Applications of a hub, each again only when it says something else; for one caller at a time.</summary>
internal sealed class DeclaredReader(IApplicationDialect dialect)
{
    private const string Refresh = "argocd.argoproj.io/refresh";
    private Dictionary<string, Known> known = new(StringComparer.Ordinal);
    private Dictionary<string, FoundManifest> sets = new(StringComparer.Ordinal);

    /// <summary>Whether two states of an object differ in nothing but what its controller writes.</summary>
    public static bool SaysTheSame(MapNode left, MapNode right) =>
        Same(left["spec"], right["spec"]) && Same(left["operation"], right["operation"])
        && SameAnnotations(left.At("metadata", "annotations"), right.At("metadata", "annotations"))
        && Same(left.At("metadata", "labels"), right.At("metadata", "labels"))
        && Same(left.At("metadata", "finalizers"), right.At("metadata", "finalizers"))
        && left.At("metadata", "deletionTimestamp") is null == right.At("metadata", "deletionTimestamp") is null;

    /// <param name="published">The repository's manifests, which lend their objects file and line.</param>
    public HubView Read(IReadOnlyList<MapNode> held, IEnumerable<FoundManifest> published, IEnumerable<ApplicationFault> refused)
    {
        Dictionary<string, FoundManifest> OfKind(KindInfo kind) => published.Where(manifest => manifest.Id.Kind == kind.Kind.Kind).ToDictionary(manifest => dialect.NameOf(new Resource(manifest.Body)), StringComparer.Ordinal);
        Dictionary<string, FoundManifest> manifests = OfKind(ArgoDefinitions.Applications);
        sets = OfKind(ArgoDefinitions.ApplicationSets);
        Dictionary<string, Known> now = new(StringComparer.Ordinal);
        Dictionary<string, Known> left = new(StringComparer.Ordinal);
        List<LeavingApplication> leaving = [];
        foreach (MapNode item in held)
        {
            string name = dialect.NameOf(new Resource(item));
            if (item.At("metadata", "deletionTimestamp") is not null)
            {
                leaving.Add(new LeavingApplication(name, Finalizers.PropagationOf(item), ArgoCdDialect.ReadDestination(item.At("spec", "destination")))
                {
                    IsApproved = Approval.CoversDeletion(item),
                    Spec = (left[name] = ReadOne(name, item, manifest: null)).Spec,
                });
                continue;
            }

            now[name] = ReadOne(name, item, manifests.GetValueOrDefault(name));
        }

        Known[] ordered = [.. now.OrderBy(entry => entry.Key, StringComparer.Ordinal).Select(entry => entry.Value)];
        known = now;
        foreach ((string name, Known read) in left)
        {
            known.TryAdd(name, read);
        }

        return new HubView([.. ordered.Select(entry => entry.Spec).OfType<ApplicationSpec>()], [.. ordered.Select(entry => entry.Fault).OfType<ApplicationFault>(), .. refused], leaving);
    }

    private Known ReadOne(string name, MapNode item, FoundManifest? manifest)
    {
        if (known.GetValueOrDefault(name) is { } before && before.Origin == OriginOf(item, name, manifest) && Same(before.Said, item["spec"]) && SameAnnotations(before.Annotations, item.At("metadata", "annotations")) && before.Cascade == Finalizers.PropagationOf(item))
        {
            return before;
        }

        Origin origin = OriginOf(item, name, manifest);
        Known read = new(item["spec"], item.At("metadata", "annotations"), Finalizers.PropagationOf(item), origin);
        // What the hub holds is what the file says: then it is the file's application, rendered already.
        bool asFound = manifest is not null && Same(manifest.Body["spec"], item["spec"]) && manifest.Body.At("metadata", "annotations") is var annotations && AreWithin(annotations, item.At("metadata", "annotations"));
        if (asFound && manifest!.Spec is { } spec)
        {
            return read with { Spec = spec };
        }

        try
        {
            return read with { Spec = dialect.Read(new Resource(item, origin)) };
        }
        catch (Exception impossible) when (impossible is ApplicationException or YamlException)
        {
            return read with { Fault = new ApplicationFault(name, origin, impossible.Message) { IsInvalid = true } };
        }
    }

    /// <summary>The file that declares an application, or the set that it is made by.</summary>
    private Origin OriginOf(MapNode item, string name, FoundManifest? manifest) =>
        manifest?.Origin ?? SetOf(item)?.Origin ?? new Origin($"application {item.At("metadata", "namespace")}/{item.At("metadata", "name")}", 0);

    private FoundManifest? SetOf(MapNode item) => (item.At("metadata", "ownerReferences") as ListNode ?? [])
        .Where(owner => owner["kind"]?.AsString() == ArgoDefinitions.ApplicationSets.Kind.Kind)
        .Select(owner => sets.GetValueOrDefault(dialect.NameOf(new Resource(new MapNode { ["metadata"] = new MapNode { ["namespace"] = new Resource(item).Namespace, ["name"] = owner["name"] ?? StringNode.Empty } })))).FirstOrDefault();

    /// <summary>Whether every annotation that a file sets is there, and nothing else that would be read otherwise.</summary>
    private static bool AreWithin(Node? set, Node? held) =>
        Marks(held).All(mark => set?[mark.Key] is { } value && value.DeepEquals(mark.Value)) && Marks(set).All(mark => held?[mark.Key] is not null);

    private static IEnumerable<KeyValuePair<string, Node>> Marks(Node? annotations) => annotations is MapNode map
        ? map.Where(mark => mark.Key != Refresh && mark.Key != ApplicationHub.RepositoryAnnotation && (mark.Key.StartsWith("argocd.argoproj.io/", StringComparison.Ordinal) || mark.Key.StartsWith("bowline.dev/", StringComparison.Ordinal)))
        : [];

    /// <summary>Those of notifications say nothing here, and change with every notification that is sent.</summary>
    private static bool SameAnnotations(Node? left, Node? right) =>
        Same(left, right) || (Spoken(left).Count() == Spoken(right).Count() && Spoken(left).All(mark => right?[mark.Key] is { } other && other.DeepEquals(mark.Value)));

    private static IEnumerable<KeyValuePair<string, Node>> Spoken(Node? annotations) =>
        annotations is MapNode map ? map.Where(mark => !mark.Key.Split('/')[0].EndsWith("notifications.argoproj.io", StringComparison.Ordinal)) : [];

    private static bool Same(Node? left, Node? right) => left is null ? right is null : left.DeepEquals(right);

    private sealed record Known(Node? Said, Node? Annotations, string Cascade, Origin Origin)
    {
        public ApplicationSpec? Spec { get; init; }

        public ApplicationFault? Fault { get; init; }
    }
}
