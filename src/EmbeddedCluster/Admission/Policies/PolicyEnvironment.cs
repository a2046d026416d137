using Bowline.Languages.Cel;
using Bowline.Languages.Cel.Functions;
using Bowline.Languages.Cel.Types;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Admission.Policies;

/// <summary>The variables that expressions of admission may use.</summary>
internal static class PolicyEnvironment
{
    /// <summary>The name of the type of the object at hand; its parts are called <c>Object.spec</c> and so on.</summary>
    public const string ObjectName = "Object";

    public const string JsonPatchName = "JSONPatch";
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

    /// <summary>An operation of a JSON patch.</summary>
    public static readonly CelType JsonPatch = Record(JsonPatchName, ("op", CelType.String), ("path", CelType.String), ("from", CelType.String), ("value", CelType.Dyn));

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

    /// <summary>What mutations may use besides: objects of any shape, JSON patches, and <c>jsonpatch.escapeKey</c>.</summary>
    public static CelEnvironment Mutating(CelEnvironment environment) => environment
        .WithOpenStructs(ObjectName)
        .WithStruct(JsonPatchName, JsonPatch)
        .WithFunction("jsonpatch.escapeKey(string): string", static a => StringNode.Of(a[0].AsString()!.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal)));

    private static CelEnvironment Authorizing(CelEnvironment environment) => environment
        .WithVariable("authorizer", CelAuthorizer.AuthorizerType)
        .WithVariable(RequestResource, CelType.Opaque("kubernetes.authorization.ResourceCheck"));

    private static CelType Record(string name, params (string Name, CelType Type)[] fields) =>
        CelType.Object(name, fields.ToDictionary(field => field.Name, field => new CelField(field.Name, field.Type), StringComparer.Ordinal));
}
