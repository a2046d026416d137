using Bowline.Languages.Cel;
using Bowline.Languages.Cel.Functions;
using Bowline.Languages.Cel.Types;

namespace Bowline.EmbeddedCluster.Admission.Policies;

/// <summary>The variables that expressions of admission may use.</summary>
internal static class PolicyEnvironment
{
    public const string RequestResource = "authorizer.requestResource";
    private static readonly CelType Kind = Record("kubernetes.GroupVersionKind", ("group", CelType.String), ("version", CelType.String), ("kind", CelType.String));
    private static readonly CelType Resource = Record("kubernetes.GroupVersionResource", ("group", CelType.String), ("version", CelType.String), ("resource", CelType.String));

    private static readonly CelType User = Record(
        "kubernetes.UserInfo",
        ("username", CelType.String),
        ("uid", CelType.String),
        ("groups", CelType.List(CelType.String)),
        ("extra", CelType.Map(CelType.String, CelType.List(CelType.String))));

    private static readonly CelType Request = Record(
        "kubernetes.AdmissionRequest",
        ("kind", Kind),
        ("resource", Resource),
        ("subResource", CelType.String),
        ("requestKind", Kind),
        ("requestResource", Resource),
        ("requestSubResource", CelType.String),
        ("name", CelType.String),
        ("namespace", CelType.String),
        ("operation", CelType.String),
        ("userInfo", User),
        ("dryRun", CelType.Bool),
        ("options", CelType.Dyn));

    private static readonly CelEnvironment Objects = CelEnvironment.Kubernetes
        .WithVariable("object", CelType.Dyn)
        .WithVariable("oldObject", CelType.Dyn)
        .WithVariable("request", Request);

    /// <summary>For match conditions of webhooks.</summary>
    public static CelEnvironment Conditions { get; } = Authorizing(Objects);

    /// <summary>For match conditions of policies, which know parameters where the policy has a paramKind.</summary>
    public static CelEnvironment PolicyConditions(bool hasParams) => hasParams ? Conditions.WithVariable("params", CelType.Dyn) : Conditions;

    /// <summary>For what a policy validates.</summary>
    public static CelEnvironment Policy(bool hasParams) => PolicyConditions(hasParams).WithVariable("namespaceObject", CelType.Dyn);

    /// <summary>For messages, which cannot ask the authorizer.</summary>
    public static CelEnvironment Messages(bool hasParams)
    {
        CelEnvironment messages = Objects.WithVariable("namespaceObject", CelType.Dyn);
        return hasParams ? messages.WithVariable("params", CelType.Dyn) : messages;
    }

    private static CelEnvironment Authorizing(CelEnvironment environment) => environment
        .WithVariable("authorizer", CelAuthorizer.AuthorizerType)
        .WithVariable(RequestResource, CelType.Opaque("kubernetes.authorization.ResourceCheck"));

    private static CelType Record(string name, params (string Name, CelType Type)[] fields) =>
        CelType.Object(name, fields.ToDictionary(field => field.Name, field => new CelField(field.Name, field.Type), StringComparer.Ordinal));
}
