using System.Collections.Concurrent;
using System.Globalization;
using Bowline.EmbeddedCluster.Admission;
using Bowline.EmbeddedCluster.ApiServer;
using Bowline.EmbeddedCluster.ApiServer.Bodies;
using Bowline.EmbeddedCluster.Validation;
using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Auditing;

/// <summary>What is known of a request when it arrives.</summary>
/// <param name="Requester">Who sent it; <see cref="ApiRequest.User"/> is who they act as.</param>
internal sealed record AuditedRequest(ApiRequest Request, RequestTarget Target, UserInfo Requester, string Id, string Uri, string SourceAddress);

/// <summary>
/// One request on its way through the server, as audit.k8s.io/v1 events. Bodies that hold secrets (Secrets, tokens) are never
/// recorded, whatever level the policy asks for.
/// </summary>
internal sealed class AuditEntry(AuditedRequest audited, AuditDecision decision, DateTimeOffset received, TimeProvider time, Action<byte[]> write)
{
    private readonly ConcurrentDictionary<string, string> annotations = new(StringComparer.Ordinal);
    private ApiRequest request = audited.Request;

    private bool ShowsBodies => decision.Level >= AuditLevel.Request && !HoldsSecrets(audited.Target);

    public void Annotate(string key, string value) => annotations[key] = value;

    /// <summary>The body is there.</summary>
    public void Read(ApiRequest whole) => request = whole;

    public void Received() => Write("RequestReceived", null, default);

    /// <summary>The headers of a stream went out.</summary>
    public void Started(int code) => Write("ResponseStarted", code, default);

    public void Completed(int code, ReadOnlyMemory<byte> body) => Write("ResponseComplete", code, body);

    private static bool HoldsSecrets(RequestTarget target) => (target.Group, target.Resource, target.Subresource) is ("", "secrets", _) or ("", "serviceaccounts", "token") or ("authentication.k8s.io", "tokenreviews", _);

    private static string Stamp(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);

    private void Write(string stage, int? code, ReadOnlyMemory<byte> body)
    {
        if (decision.OmitStages.Contains(stage))
        {
            return;
        }

        MapNode record = new()
        {
            ["kind"] = "Event",
            ["apiVersion"] = "audit.k8s.io/v1",
            ["level"] = decision.Level.ToString(),
            ["auditID"] = audited.Id,
            ["stage"] = stage,
            ["requestURI"] = audited.Uri,
            ["verb"] = audited.Target.Verb,
            ["user"] = audited.Requester.ToNode(),
        };
        if (!ReferenceEquals(audited.Requester, request.User))
        {
            record["impersonatedUser"] = request.User.ToNode();
        }

        record["sourceIPs"] = new ListNode(StringNode.Of(audited.SourceAddress));
        if (request.UserAgent.Length > 0)
        {
            record["userAgent"] = request.UserAgent;
        }

        AddObject(record);
        if (code is { } status)
        {
            record["responseStatus"] = Status(status, body);
        }

        AddBodies(record, stage, body);
        record["requestReceivedTimestamp"] = Stamp(received);
        record["stageTimestamp"] = Stamp(time.GetUtcNow());
        AddAnnotations(record);
        write(JsonWriter.ToBytes(record));
    }

    private void AddObject(MapNode record)
    {
        RequestTarget target = audited.Target;
        if (!target.IsResource)
        {
            return;
        }

        MapNode about = [];
        foreach ((string key, string value) in ((string, string)[])[("resource", target.Resource), ("namespace", target.Namespace ?? string.Empty), ("name", target.Name), ("apiGroup", target.Group), ("apiVersion", target.Version), ("subresource", target.Subresource)])
        {
            if (value.Length > 0)
            {
                about[key] = value;
            }
        }

        record["objectRef"] = about;
    }

    private void AddBodies(MapNode record, string stage, ReadOnlyMemory<byte> body)
    {
        if (!ShowsBodies || stage == "RequestReceived")
        {
            return;
        }

        if (!request.Body.IsEmpty && RequestObject() is { } sent)
        {
            record["requestObject"] = sent;
        }

        if (decision.Level == AuditLevel.RequestResponse && !body.IsEmpty && Parse(body) is { } answered)
        {
            record["responseObject"] = answered;
        }
    }

    private Node? RequestObject()
    {
        try
        {
            string type = request.ContentType;
            bool patch = type.Contains("patch+json", StringComparison.Ordinal);
            return Trimmed(patch ? BodyParser.Json(request.Body.Span) : type.Contains("yaml", StringComparison.Ordinal) ? BodyParser.Yaml(request.Body.Span) : BodyParser.Plain(request));
        }
        catch (ApiException)
        {
            // What could not be read was answered with 400; there is no object to show.
            return null;
        }
    }

    private Node? Parse(ReadOnlyMemory<byte> body)
    {
        try
        {
            return Trimmed(JsonReader.Read(body.Span));
        }
        catch (Exception e) when (e is System.Text.Json.JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private Node Trimmed(Node node)
    {
        if (decision.OmitManagedFields)
        {
            foreach (Node item in (node["items"]?.AsList() ?? []).Append(node))
            {
                (item["metadata"] as MapNode)?.Remove("managedFields");
            }
        }

        return node;
    }

    private void AddAnnotations(MapNode record)
    {
        if (annotations.IsEmpty)
        {
            return;
        }

        MapNode map = [];
        foreach ((string key, string value) in annotations.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            map[key] = value;
        }

        record["annotations"] = map;
    }

    private static MapNode Status(int code, ReadOnlyMemory<byte> body)
    {
        MapNode status = new() { ["metadata"] = new MapNode() };
        if (code >= 400 && !body.IsEmpty && body.Length < 64 * 1024 && TryStatus(body) is { } answered)
        {
            foreach (string key in (ReadOnlySpan<string>)["status", "message", "reason", "details"])
            {
                if (answered[key] is { } value)
                {
                    status[key] = value;
                }
            }
        }

        status["code"] = code;
        return status;
    }

    private static MapNode? TryStatus(ReadOnlyMemory<byte> body)
    {
        try
        {
            return JsonReader.Read(body.Span) as MapNode;
        }
        catch (Exception e) when (e is System.Text.Json.JsonException or InvalidOperationException)
        {
            return null;
        }
    }
}
