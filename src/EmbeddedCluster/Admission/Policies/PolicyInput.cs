using Bowline.Languages.Cel.Functions;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Admission.Policies;

/// <summary>The values of a request's variables, made when an expression first asks.</summary>
/// <param name="original">The request as it was made, where <paramref name="request"/> is in another version.</param>
internal sealed class PolicyInput(AdmissionRequest request, AdmissionRequest original, PolicySettings settings, Func<Node?> namespaceObject)
{
    private MapNode? question;
    private CelAuthorizer? authorizer;

    public Node? Find(string name) => name switch
    {
        "object" => request.Operation == "DELETE" ? Node.Null : request.Object,
        "oldObject" => request.Operation == "DELETE" ? request.Old ?? request.Object : request.Old ?? Node.Null,
        "request" => question ??= Question(),
        "namespaceObject" => namespaceObject() ?? Node.Null,
        "authorizer" => Authorizer,
        PolicyEnvironment.RequestResource => CelAuthorizer.ForResource(Authorizer, Asked()),
        _ => null,
    };

    private CelAuthorizer Authorizer => authorizer ??= new CelAuthorizer(asked => settings.Authorize(original.User, asked));

    private CelAuthorization Asked() => new(string.Empty)
    {
        Group = original.Kind.Kind.Group,
        Resource = original.Kind.Plural,
        Subresource = original.Subresource,
        Namespace = original.Namespace,
        Name = original.Name,
    };

    private MapNode Question()
    {
        MapNode extra = [];
        foreach ((string key, IReadOnlyList<string> values) in original.User.Extra)
        {
            extra[key] = new ListNode(values.Select(value => (Node)value));
        }

        return new MapNode
        {
            ["kind"] = KindOf(request),
            ["resource"] = ResourceOf(request),
            ["subResource"] = request.Subresource,
            ["requestKind"] = KindOf(original),
            ["requestResource"] = ResourceOf(original),
            ["requestSubResource"] = original.Subresource,
            ["name"] = original.Name,
            ["namespace"] = original.Namespace,
            ["operation"] = original.Operation,
            ["userInfo"] = new MapNode
            {
                ["username"] = original.User.Name,
                ["uid"] = original.User.Uid,
                ["groups"] = new ListNode(original.User.Groups.Select(group => (Node)group)),
                ["extra"] = extra,
            },
            ["dryRun"] = original.DryRun,
            ["options"] = original.Options,
        };
    }

    private static MapNode KindOf(AdmissionRequest of) => (of.View ?? of.Kind.Kind) is var kind
        ? new MapNode { ["group"] = kind.Group, ["version"] = kind.Version, ["kind"] = kind.Kind }
        : [];

    private static MapNode ResourceOf(AdmissionRequest of) => new() { ["group"] = of.Kind.Kind.Group, ["version"] = of.Kind.Kind.Version, ["resource"] = of.Kind.Plural };
}
