using System.Buffers;
using System.Security.Cryptography.X509Certificates;
using Bowline.EmbeddedCluster.Admission;
using Bowline.EmbeddedCluster.ApiServer;
using Bowline.EmbeddedCluster.Auditing;
using Bowline.EmbeddedCluster.Validation;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Bowline.EmbeddedCluster.Hosting;

internal sealed partial class HttpFront
{
    private const int MaxBody = 3 * 1024 * 1024;
    private const string TooLarge = "Request entity too large: limit is 3145728";

    private async Task ServeAsync(HttpContext context)
    {
        if (!ready.IsCompletedSuccessfully)
        {
            await ready.WaitAsync(context.RequestAborted).ConfigureAwait(false);
        }

        string id = AuditId(context.Request);
        ApiRequest request = Describe(context.Request);
        UserInfo requester = UserInfo.Nobody;
        AuditEntry? entry = null;
        ApiResponse response;
        try
        {
            ConnectedUser connected = Connected(context);
            requester = handler.Authenticate(new Credentials(connected.User, Bearer(context.Request), connected.IsTrusted));
            request = request with { User = requester };
            ImpersonatedUser? other = Impersonation.From(context.Request.Headers);
            entry = other is null ? Begin(context, request, requester, id) : null;
            request = request with { User = other is null ? requester : handler.Impersonate(requester, other) };
            entry ??= Begin(context, request, requester, id);
            request = request with { Body = await ReadBodyAsync(context.Request, context.RequestAborted).ConfigureAwait(false), Annotate = entry is null ? request.Annotate : entry.Annotate };
            entry?.Read(request);
            response = await handler.HandleAsync(request, context.RequestAborted).ConfigureAwait(false);
        }
        catch (ApiException e)
        {
            response = ApiHandler.Failure(e);
        }
        catch (Microsoft.AspNetCore.Http.BadHttpRequestException e)
        {
            response = ApiHandler.Failure(Refusal(e));
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // Nobody reads this; the audit log tells it.
            response = ApiHandler.Failure(ApiErrors.InternalError("context canceled"));
        }

        entry ??= audit is null ? null : Begin(context, request, requester, id);
        await WriteAsync(context, response, id, entry).ConfigureAwait(false);
    }

    private static ApiException Refusal(Microsoft.AspNetCore.Http.BadHttpRequestException e) => e.StatusCode switch
    {
        StatusCodes.Status413PayloadTooLarge => ApiErrors.TooLarge(TooLarge),
        StatusCodes.Status408RequestTimeout => new ApiException(408, "Timeout", "the request's body came too slowly"),
        _ => ApiErrors.BadRequest(e.Message),
    };

    /// <summary>The client's own id when it sent a sane one.</summary>
    private static string AuditId(HttpRequest http)
    {
        string sent = http.Headers["Audit-Id"].ToString();
        return sent.Length is > 0 and <= 64 && sent.All(c => char.IsAsciiLetterOrDigit(c) || c == '-') ? sent : Guid.NewGuid().ToString();
    }

    private AuditEntry? Begin(HttpContext context, ApiRequest request, UserInfo requester, string id)
    {
        if (audit is null)
        {
            return null;
        }

        string uri = context.Features.Get<IHttpRequestFeature>()?.RawTarget ?? request.Path;
        AuditedRequest audited = new(request, RequestTarget.Parse(request), requester, id, uri, request.Client);
        AuditEntry? entry = audit.Begin(audited);
        entry?.Received();
        return entry;
    }

    private static ApiRequest Describe(HttpRequest http)
    {
        Dictionary<string, string> query = [];
        Dictionary<string, IReadOnlyList<string>> repeated = [];
        foreach ((string key, Microsoft.Extensions.Primitives.StringValues values) in http.Query)
        {
            query[key] = values.Count == 0 ? string.Empty : values[^1] ?? string.Empty;
            if (values.Count > 1)
            {
                repeated[key] = [.. values.Select(value => value ?? string.Empty)];
            }
        }

        return new ApiRequest(http.Method, PathOf(http), UserInfo.Nobody)
        {
            Target = http.HttpContext.Features.Get<IHttpRequestFeature>()?.RawTarget is { Length: > 0 } target && target[0] == '/' ? target : http.Path.Value ?? "/",
            Query = query,
            Repeated = repeated,
            Accept = http.Headers.Accept.ToString(),
            ContentType = http.ContentType ?? string.Empty,
            UserAgent = http.Headers.UserAgent.ToString(),
            IfNoneMatch = http.Headers.IfNoneMatch.ToString(),
            Host = http.Host.Value ?? string.Empty,
            Headers = http.Headers.SelectMany(static header => header.Value, static (header, value) => new KeyValuePair<string, string>(header.Key, value ?? string.Empty)),
            Client = http.HttpContext.Connection.RemoteIpAddress is { } address ? (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).ToString() : string.Empty,
            Aborted = http.HttpContext.RequestAborted,
            Classified = flow =>
            {
                http.HttpContext.Response.Headers["X-Kubernetes-PF-FlowSchema-UID"] = flow.Schema;
                http.HttpContext.Response.Headers["X-Kubernetes-PF-PriorityLevel-UID"] = flow.Level;
            },
            IsUpgrade = http.Headers.Upgrade.Count > 0 && http.Headers.Connection.ToString().Contains("upgrade", StringComparison.OrdinalIgnoreCase),
        };
    }

    /// <summary>The path as it was sent: as in kube-apiserver, segments of dots are names like others, and %2F is a slash.</summary>
    private static string PathOf(HttpRequest http)
    {
        string target = http.HttpContext.Features.Get<IHttpRequestFeature>()?.RawTarget ?? string.Empty;
        int query = target.IndexOf('?', StringComparison.Ordinal);
        return target.StartsWith('/') ? Uri.UnescapeDataString(query < 0 ? target : target[..query]) : http.Path.Value ?? "/";
    }

    /// <summary>Whom the connection's certificate stands for: nobody without one, and nobody with one that is not ours.</summary>
    private ConnectedUser Connected(HttpContext context)
    {
        X509Certificate2? certificate = context.Connection.ClientCertificate;
        if (certificate is null)
        {
            return ConnectedUser.Nobody;
        }

        // One certificate per connection: checked once, kept with it. The requests of an HTTP/2 connection come side by side, and its items are a plain dictionary.
        IDictionary<object, object?> items = context.Features.Get<IConnectionItemsFeature>()?.Items ?? context.Items;
        lock (items)
        {
            if (items.TryGetValue(typeof(ConnectedUser), out object? known) && known is ConnectedUser user)
            {
                return user;
            }

            ConnectedUser read = certificates.Trusts(certificate, time) ? new ConnectedUser(CertificateUser.Of(certificate), true) : new ConnectedUser(null, false);
            items[typeof(ConnectedUser)] = read;
            return read;
        }
    }

    private static string? Bearer(HttpRequest http)
    {
        string authorization = http.Headers.Authorization.ToString();
        return authorization.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) && authorization[7..].Trim() is { Length: > 0 } token ? token : null;
    }

    private static async Task<ReadOnlyMemory<byte>> ReadBodyAsync(HttpRequest http, CancellationToken cancellationToken)
    {
        if (http.ContentLength is 0 || (http.ContentLength is null && !http.Headers.ContainsKey("Transfer-Encoding") && http.Protocol.StartsWith("HTTP/1", StringComparison.Ordinal)))
        {
            return default;
        }

        if (http.ContentLength > MaxBody)
        {
            throw ApiErrors.TooLarge(TooLarge);
        }

        return http.ContentLength is { } length ? await ReadWholeAsync(http.Body, (int)length, cancellationToken).ConfigureAwait(false) : await ReadToEndAsync(http.Body, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>A body of a length that was said before; the server sees to it that no more comes, and that less is an error.</summary>
    private static async Task<ReadOnlyMemory<byte>> ReadWholeAsync(Stream body, int length, CancellationToken cancellationToken)
    {
        byte[] whole = new byte[length];
        await body.ReadExactlyAsync(whole, cancellationToken).ConfigureAwait(false);
        return whole;
    }

    private static async Task<ReadOnlyMemory<byte>> ReadToEndAsync(Stream content, CancellationToken cancellationToken)
    {
        using MemoryStream body = new();
        byte[] buffer = ArrayPool<byte>.Shared.Rent(16 * 1024);
        try
        {
            int read;
            while ((read = await content.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0)
            {
                body.Write(buffer, 0, read);
                if (body.Length > MaxBody)
                {
                    throw ApiErrors.TooLarge(TooLarge);
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        return body.ToArray();
    }
}
