using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using Bowline.Cluster.Requests;
using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.Cluster.Http;

/// <summary>Makes an exception of a refused request: from the Status object of the API, or from whatever a proxy in between said.</summary>
internal static class StatusReader
{
    private const int LongestQuote = 200;

    public static ClusterException Read(string what, HttpStatusCode code, ReadOnlySpan<byte> body, TimeSpan? retryAfter)
    {
        try
        {
            if (JsonReader.Read(body) is MapNode status && status["kind"]?.AsString() == "Status")
            {
                return FromStatus(what, status, (int)code, retryAfter);
            }
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            // Not the API's answer; quoted below.
        }

        string text = Quote(body);
        string message = $"{what}: the server answers {(int)code} {code}{(text.Length == 0 ? string.Empty : $": {text}")}";
        return new ClusterException(message, (int)code, ReasonOf((int)code)) { RetryAfter = retryAfter };
    }

    public static ClusterException FromStatus(string what, MapNode status, int code, TimeSpan? retryAfter)
    {
        int stated = (int)(status["code"]?.AsInteger() ?? code);
        string reason = status["reason"]?.AsString() is { Length: > 0 } given ? given : ReasonOf(stated);
        string message = status["message"]?.AsString() is { Length: > 0 } said ? said : $"{what}: the server answers {stated} {reason}";
        TimeSpan? wait = status.At("details", "retryAfterSeconds")?.AsInteger() is > 0 and < int.MaxValue and long seconds ? TimeSpan.FromSeconds(seconds) : retryAfter;
        return new ClusterException(message, stated, reason) { Details = status["details"]?.Freeze(), RetryAfter = wait };
    }

    public static TimeSpan? RetryAfter(HttpResponseMessage response, TimeProvider time) => response.Headers.RetryAfter switch
    {
        { Delta: { } delta } => delta,
        { Date: { } date } => date > time.GetUtcNow() ? date - time.GetUtcNow() : TimeSpan.Zero,
        _ => null,
    };

    private static string ReasonOf(int code) => code switch
    {
        400 => "BadRequest",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "NotFound",
        405 => "MethodNotAllowed",
        406 => "NotAcceptable",
        409 => "Conflict",
        410 => "Gone",
        413 => "RequestEntityTooLarge",
        415 => "UnsupportedMediaType",
        422 => "Invalid",
        429 => "TooManyRequests",
        500 => "InternalError",
        503 => "ServiceUnavailable",
        504 => "Timeout",
        _ => code.ToString(CultureInfo.InvariantCulture),
    };

    private static string Quote(ReadOnlySpan<byte> body)
    {
        string text = Encoding.UTF8.GetString(body[..Math.Min(body.Length, LongestQuote)]);
        char[] line = [.. text.Select(static c => char.IsControl(c) ? ' ' : c)];
        return new string(line).Trim();
    }
}
