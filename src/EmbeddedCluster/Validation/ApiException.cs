using System.Globalization;
using Bowline.EmbeddedCluster.Kinds;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Validation;

/// <summary>A request that is refused, with the Status object to answer.</summary>
internal sealed class ApiException : Exception
{
    public ApiException(int code, string reason, string message, MapNode? details = null)
        : base(message)
    {
        Code = code;
        Reason = reason;
        Details = details;
    }

    public int Code { get; }

    public string Reason { get; }

    public MapNode? Details { get; }

    /// <summary>Members of the Status' metadata, e.g. a fresh continue token.</summary>
    public MapNode? Metadata { get; init; }

    public int? RetryAfterSeconds => (int?)Details?["retryAfterSeconds"]?.AsInteger();

    public MapNode ToStatus()
    {
        MapNode status = new()
        {
            ["kind"] = "Status",
            ["apiVersion"] = "v1",
            ["metadata"] = Metadata ?? [],
            ["status"] = "Failure",
            ["message"] = Message,
        };
        if (Reason.Length > 0)
        {
            status["reason"] = Reason;
        }

        if (Details is not null)
        {
            status["details"] = Details;
        }

        status["code"] = Code;
        return status;
    }
}

/// <summary>The refusals that Kubernetes words in one way everywhere.</summary>
internal static class ApiErrors
{
    public static ApiException NotFound(ServedKind kind, string name) => NotFound(kind.Kind.Group, kind.Plural, name);

    public static ApiException NotFound(string group, string plural, string name) =>
        new(404, "NotFound", $"{Qualified(plural, group)} \"{name}\" not found", Details(group, plural, name));

    public static ApiException NoSuchPath() => new(404, "NotFound", "the server could not find the requested resource", []);

    /// <summary>The bare text that unknown paths get.</summary>
    public static ApiException PageNotFound() => new(404, "PageNotFound", "404 page not found");

    public static ApiException AlreadyExists(ServedKind kind, string name, bool deleting = false) => new(
        409,
        "AlreadyExists",
        $"{(deleting ? "object is being deleted: " : string.Empty)}{kind.QualifiedPlural} \"{name}\" already exists",
        Details(kind.Kind.Group, kind.Plural, name));

    public static ApiException Conflict(ServedKind kind, string name, string why) => new(
        409,
        "Conflict",
        $"Operation cannot be fulfilled on {kind.QualifiedPlural} \"{name}\": {why}",
        Details(kind.Kind.Group, kind.Plural, name));

    public static ApiException Modified(ServedKind kind, string name) =>
        Conflict(kind, name, "the object has been modified; please apply your changes to the latest version and try again");

    public static ApiException BadRequest(string message) => new(400, "BadRequest", message);

    public static ApiException Internal(string message) => new(500, string.Empty, message);

    public static ApiException InternalError(string message) =>
        new(500, "InternalError", $"Internal error occurred: {message}", new MapNode { ["causes"] = new ListNode(new MapNode { ["message"] = message }) });

    public static ApiException Forbidden(ServedKind kind, string name, string why) => new(
        403,
        "Forbidden",
        name.Length == 0 ? $"{kind.QualifiedPlural} is forbidden: {why}" : $"{kind.QualifiedPlural} \"{name}\" is forbidden: {why}",
        Details(kind.Kind.Group, kind.Plural, name));

    public static ApiException MethodNotAllowed(ServedKind? kind) => kind is null
        ? new(405, "MethodNotAllowed", "the server does not allow this method on the requested resource", [])
        : new(405, "MethodNotAllowed", "the server does not allow this method on the requested resource", []);

    public static ApiException UnsupportedMediaType(string accepted, string had) => new(
        415,
        "UnsupportedMediaType",
        had.Length == 0 ? $"the body of the request was in an unknown format - accepted media types include: {accepted}" : "415: Unsupported Media Type",
        []);

    public static ApiException NotAcceptable(string accepted) =>
        new(406, "NotAcceptable", $"406: Not Acceptable\n\nAvailable representations: {accepted}", []);

    public static ApiException NotAcceptableForm(string message) => new(406, "NotAcceptable", message);

    public static ApiException TooLarge(string message) => new(413, "RequestEntityTooLarge", message);

    public static ApiException Expired(string message) => new(410, "Expired", message);

    public static ApiException RevisionTooLarge(long asked, long current)
    {
        MapNode details = new()
        {
            ["causes"] = new ListNode(new MapNode { ["reason"] = "ResourceVersionTooLarge", ["message"] = "Too large resource version" }),
            ["retryAfterSeconds"] = 1,
        };
        return new ApiException(504, "Timeout", string.Create(CultureInfo.InvariantCulture, $"Timeout: Too large resource version: {asked}, current: {current}"), details);
    }

    public static ApiException Unauthorized() => new(401, "Unauthorized", "Unauthorized");

    public static ApiException Invalid(ServedKind kind, string name, IReadOnlyList<FieldError> errors) =>
        Invalid(kind.Kind.Group, kind.Kind.Kind, name, errors);

    public static ApiException Invalid(string group, string kind, string name, IReadOnlyList<FieldError> errors)
    {
        MapNode details = Details(group, kind, name);
        details["causes"] = new ListNode(errors.Select(error => error.ToCause()));
        string[] texts = [.. errors.Select(error => error.ToString()).Distinct()];
        string list = texts.Length == 1 ? texts[0] : $"[{string.Join(", ", texts)}]";
        string qualified = group.Length == 0 ? kind : $"{kind}.{group}";
        return new ApiException(422, "Invalid", $"{qualified} \"{name}\" is invalid: {list}", details);
    }

    public static MapNode Details(string group, string plural, string name)
    {
        MapNode details = [];
        if (name.Length > 0)
        {
            details["name"] = name;
        }

        if (group.Length > 0)
        {
            details["group"] = group;
        }

        if (plural.Length > 0)
        {
            details["kind"] = plural;
        }

        return details;
    }

    private static string Qualified(string plural, string group) => group.Length == 0 ? plural : $"{plural}.{group}";
}
