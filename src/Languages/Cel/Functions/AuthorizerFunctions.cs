using Bowline.Languages.Cel.Types;
using Bowline.Languages.Cel.Values;
using Bowline.Resources.Model;

namespace Bowline.Languages.Cel.Functions;

/// <summary>What an expression asks the authorizer: about a path, or a resource.</summary>
public sealed record CelAuthorization(string Verb)
{
    /// <summary>A non-resource path; empty for a resource.</summary>
    public string Path { get; init; } = string.Empty;

    public string Group { get; init; } = string.Empty;

    public string Resource { get; init; } = string.Empty;

    public string Subresource { get; init; } = string.Empty;

    public string Namespace { get; init; } = string.Empty;

    public string Name { get; init; } = string.Empty;

    public string FieldSelector { get; init; } = string.Empty;

    public string LabelSelector { get; init; } = string.Empty;

    /// <summary><c>namespace/name</c> of the service account asked about; empty for the user of the request.</summary>
    public string ServiceAccount { get; init; } = string.Empty;
}

/// <summary>The authorizer's answer.</summary>
public sealed record CelDecision(bool Allowed, string Reason, string Error = "");

/// <summary>The value of the variable <c>authorizer</c>: a delegate that decides.</summary>
public sealed class CelAuthorizer(Func<CelAuthorization, CelDecision> decide) : CelValue
{
    /// <summary>The type to declare the variable with.</summary>
    public static readonly CelType AuthorizerType = CelType.Opaque("kubernetes.authorization.Authorizer");

    public override CelType Type => AuthorizerType;

    internal string ServiceAccount { get; init; } = string.Empty;

    internal CelAuthorizer For(string account) => new(decide) { ServiceAccount = account };

    /// <summary>The value of <c>authorizer.requestResource</c>.</summary>
    public static Node ForResource(CelAuthorizer authorizer, CelAuthorization resource) => new CelCheck(authorizer, resource, AuthorizerFunctions.ResourceCheck);

    internal CelDecision Decide(CelAuthorization question) => decide(question with { ServiceAccount = ServiceAccount });
}

/// <summary>A question that is being put together.</summary>
internal sealed class CelCheck(CelAuthorizer authorizer, CelAuthorization question, CelType type) : CelValue
{
    public override CelType Type => type;

    public CelCheck With(Func<CelAuthorization, CelAuthorization> change, CelType next) => new(authorizer, change(question), next);

    public CelDecisionValue Ask(string verb) => new(authorizer.Decide(question with { Verb = verb }));
}

internal sealed class CelDecisionValue(CelDecision decision) : CelValue
{
    public CelDecision Decision => decision;

    public override CelType Type => AuthorizerFunctions.DecisionType;
}

/// <summary>Kubernetes' authorizer library.</summary>
internal static class AuthorizerFunctions
{
    private const string Prefix = "kubernetes.authorization.";

    public static readonly CelType PathCheck = CelType.Opaque(Prefix + "PathCheck");
    public static readonly CelType GroupCheck = CelType.Opaque(Prefix + "GroupCheck");
    public static readonly CelType ResourceCheck = CelType.Opaque(Prefix + "ResourceCheck");
    public static readonly CelType DecisionType = CelType.Opaque(Prefix + "Decision");

    public static CelLibrary All()
    {
        CelLibrary library = new();
        library.Add($"{Prefix}Authorizer path(string): {Prefix}PathCheck", (_, a) => a.Text(1).Length == 0 ? Arguments.Fail("path must not be empty") : new CelCheck((CelAuthorizer)a[0], new CelAuthorization(string.Empty) { Path = a.Text(1) }, PathCheck));
        library.Add($"{Prefix}Authorizer group(string): {Prefix}GroupCheck", (_, a) => new CelCheck((CelAuthorizer)a[0], new CelAuthorization(string.Empty) { Group = a.Text(1) }, GroupCheck));
        library.Add($"{Prefix}Authorizer serviceAccount(string, string): {Prefix}Authorizer", (_, a) => ((CelAuthorizer)a[0]).For($"{a.Text(1)}/{a.Text(2)}"));
        library.Add($"{Prefix}GroupCheck resource(string): {Prefix}ResourceCheck", (_, a) => ((CelCheck)a[0]).With(question => question with { Resource = a.Text(1) }, ResourceCheck));
        AddPart(library, "subresource", (question, text) => question with { Subresource = text });
        AddPart(library, "namespace", (question, text) => question with { Namespace = text });
        AddPart(library, "name", (question, text) => question with { Name = text });
        AddPart(library, "fieldSelector", (question, text) => question with { FieldSelector = text });
        AddPart(library, "labelSelector", (question, text) => question with { LabelSelector = text });
        library.Add($"{Prefix}ResourceCheck check(string): {Prefix}Decision", (_, a) => ((CelCheck)a[0]).Ask(a.Text(1)));
        library.Add($"{Prefix}PathCheck check(string): {Prefix}Decision", (_, a) => ((CelCheck)a[0]).Ask(a.Text(1)));
        library.Add($"{Prefix}Decision allowed(): bool", (_, a) => BoolNode.Of(Of(a).Allowed));
        library.Add($"{Prefix}Decision errored(): bool", (_, a) => BoolNode.Of(Of(a).Error.Length > 0));
        library.Add($"{Prefix}Decision error(): string", (_, a) => StringNode.Of(Of(a).Error));
        library.Add($"{Prefix}Decision reason(): string", (_, a) => StringNode.Of(Of(a).Reason));
        return library;
    }

    private static void AddPart(CelLibrary library, string name, Func<CelAuthorization, string, CelAuthorization> change) =>
        library.Add($"{Prefix}ResourceCheck {name}(string): {Prefix}ResourceCheck", (_, a) => ((CelCheck)a[0]).With(question => change(question, a.Text(1)), ResourceCheck));

    private static CelDecision Of(Node[] a) => ((CelDecisionValue)a[0]).Decision;
}
