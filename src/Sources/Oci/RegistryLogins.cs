using System.Text;
using System.Text.Json;
using Bowline.Sources.Downloads;

namespace Bowline.Sources.Oci;

/// <summary>What <c>helm registry login</c> or <c>docker login</c> wrote down, by host. Credential helpers are programs and are not run.</summary>
public sealed class RegistryLogins
{
    private readonly Dictionary<string, HostCredentials> byHost = new(StringComparer.OrdinalIgnoreCase);

    /// <param name="json">A Docker config.json; what cannot be read of it is as if it were not there.</param>
    public RegistryLogins(byte[] json)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            foreach (JsonProperty login in document.RootElement.GetProperty("auths").EnumerateObject())
            {
                if (login.Value.TryGetProperty("auth", out JsonElement encoded) && Decode(encoded.GetString() ?? string.Empty) is { } credentials)
                {
                    byHost[HostOf(login.Name)] = credentials;
                }
            }
        }
        catch (Exception unreadable) when (unreadable is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            return;
        }
    }

    /// <summary>For addresses of the registry's own interface only.</summary>
    public HostCredentials? For(Uri address) =>
        address.AbsolutePath.StartsWith("/v2/", StringComparison.Ordinal) ? byHost.GetValueOrDefault(address.Authority) : null;

    private static string HostOf(string name)
    {
        string host = (name.Contains("://", StringComparison.Ordinal) ? name[(name.IndexOf("://", StringComparison.Ordinal) + 3)..] : name).Split('/')[0];
        return host is "index.docker.io" or "docker.io" ? "registry-1.docker.io" : host;
    }

    private static HostCredentials? Decode(string encoded)
    {
        Span<byte> bytes = new byte[encoded.Length];
        if (!Convert.TryFromBase64String(encoded, bytes, out int length))
        {
            return null;
        }

        string[] parts = Encoding.UTF8.GetString(bytes[..length]).Split(':', 2);
        return parts.Length == 2 ? new HostCredentials(parts[0], parts[1]) : null;
    }
}
