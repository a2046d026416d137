using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.RegularExpressions;
using Bowline.Sources.Downloads;
using Bowline.Sources.Files;

namespace Bowline.Sources.Oci;

/// <summary>Answers a registry's challenge. Credentials go to the registry itself and to a token service under its own name, nowhere else.</summary>
internal sealed partial class RegistryTokens(HttpDownloads downloads)
{
    private const long MaxTokenBytes = 1024 * 1024;

    private readonly ConcurrentDictionary<string, DownloadAuthorization> known = new(StringComparer.Ordinal);

    public DownloadAuthorization? Known(Uri address, string repository) => known.GetValueOrDefault(Key(address, repository));

    /// <summary>Null when there is nothing to answer with.</summary>
    public async Task<DownloadAuthorization?> AnswerAsync(Download refused, string repository, CancellationToken cancellationToken)
    {
        foreach (string challenge in refused.Headers.WwwAuthenticate.Select(header => header.ToString()))
        {
            DownloadAuthorization? authorization = challenge.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase)
                ? await GetTokenAsync(refused.From, challenge, repository, cancellationToken).ConfigureAwait(false)
                : challenge.StartsWith("Basic", StringComparison.OrdinalIgnoreCase) ? downloads.BasicFor(refused.From) : null;
            if (authorization is not null)
            {
                known[Key(refused.From, repository)] = authorization;
                return authorization;
            }
        }

        return null;
    }

    /// <summary>Whether a token service speaks for a registry: the same host, one above or below it, or Docker Hub's own.</summary>
    internal static bool MayHaveCredentials(Uri registry, Uri realm)
    {
        if (registry.Scheme == "https" && realm.Scheme != "https")
        {
            return false;
        }

        string a = registry.IdnHost.ToLowerInvariant();
        string b = realm.IdnHost.ToLowerInvariant();
        return a == b ? registry.Scheme == realm.Scheme && (registry.Port == realm.Port || realm.IsDefaultPort)
            : (a.EndsWith("." + b, StringComparison.Ordinal) && b.Contains('.', StringComparison.Ordinal))
            || b.EndsWith("." + a, StringComparison.Ordinal)
            || (a == "registry-1.docker.io" && b == "auth.docker.io");
    }

    private async Task<DownloadAuthorization?> GetTokenAsync(Uri registry, string challenge, string repository, CancellationToken cancellationToken)
    {
        Dictionary<string, string> parameters = new(StringComparer.OrdinalIgnoreCase);
        foreach (Match match in Parameter().Matches(challenge))
        {
            parameters[match.Groups[1].Value] = match.Groups[2].Value;
        }

        if (!parameters.TryGetValue("realm", out string? address))
        {
            return null;
        }

        Uri realm = WebAddress.Parse(address);
        List<string> query = [realm.Query.TrimStart('?'), $"scope={Uri.EscapeDataString(parameters.GetValueOrDefault("scope") ?? $"repository:{repository}:pull")}"];
        if (parameters.TryGetValue("service", out string? service))
        {
            query.Add($"service={Uri.EscapeDataString(service)}");
        }

        Uri asked = new UriBuilder(realm) { Query = string.Join('&', query.Where(part => part.Length > 0)) }.Uri;
        HostCredentials? credentials = MayHaveCredentials(registry, realm) ? downloads.CredentialsFor(registry) : null;
        DownloadRequest request = new(asked, MaxTokenBytes) { Authorization = credentials is null ? null : new DownloadAuthorization(credentials.Basic, asked) };
        Download answer = await downloads.GetAsync(request, cancellationToken).ConfigureAwait(false);
        return answer.IsSuccess && TokenOf(answer.Content) is { } token
            ? new DownloadAuthorization($"Bearer {token}", registry)
            : throw new SourceException($"{WebAddress.Redact(realm)}: gives no token for {repository}: {(int)answer.Status} {answer.Status}");
    }

    private static string? TokenOf(byte[] json)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            string? token = (document.RootElement.TryGetProperty("token", out JsonElement value) || document.RootElement.TryGetProperty("access_token", out value)) ? value.GetString() : null;
            return token is not null && !token.Any(char.IsControl) ? token : null;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private static string Key(Uri address, string repository) => $"{address.Scheme}://{address.Authority} {repository}";

    [GeneratedRegex("([A-Za-z_]+)=\"([^\"]*)\"", RegexOptions.CultureInvariant)]
    private static partial Regex Parameter();
}
