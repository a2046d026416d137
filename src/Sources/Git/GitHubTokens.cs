using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Bowline.Sources.Files;

namespace Bowline.Sources.Git;

/// <summary>
/// Tokens of GitHub App installations (https://docs.github.com/en/apps: a JWT signed with the App's key is exchanged for a token
/// that lives an hour), kept until shortly before they end.
/// </summary>
public sealed class GitHubTokens : IDisposable
{
    private const int MaxAnswer = 64 * 1024;
    private static readonly TimeSpan Margin = TimeSpan.FromMinutes(5);
    private readonly TimeProvider time;
    private readonly HttpClient client;
    private readonly ConcurrentDictionary<GitHubApp, Issued> issued = new();

    /// <param name="dial">Opens connections: to the host of the address, by way of this endpoint, which may be a proxy's; null for anywhere.</param>
    public GitHubTokens(TimeProvider time, Dial? dial = null)
    {
        this.time = time;
        SocketsHttpHandler handler = new() { AllowAutoRedirect = false, UseCookies = false };
        if (dial is not null)
        {
            handler.ConnectCallback = (context, token) => dial(context.InitialRequestMessage.RequestUri!.Host, context.DnsEndPoint, token);
        }

        client = new HttpClient(handler) { Timeout = TimeSpan.FromSeconds(30), MaxResponseContentBufferSize = MaxAnswer };
    }

    /// <exception cref="SourceException">The key is none, or GitHub refuses.</exception>
    public async Task<string> GetAsync(GitHubApp app, CancellationToken cancellationToken)
    {
        if (issued.TryGetValue(app, out Issued? known) && known.Until - Margin > time.GetUtcNow())
        {
            return known.Token;
        }

        Issued made = await AskAsync(app, cancellationToken).ConfigureAwait(false);
        issued[app] = made;
        return made.Token;
    }

    public void Dispose() => client.Dispose();

    private async Task<Issued> AskAsync(GitHubApp app, CancellationToken cancellationToken)
    {
        string api = app.ApiAddress.Length > 0 ? app.ApiAddress.TrimEnd('/') : "https://api.github.com";
        if (!app.InstallationId.All(char.IsAsciiDigit) || !Uri.TryCreate($"{api}/app/installations/{app.InstallationId}/access_tokens", UriKind.Absolute, out Uri? address))
        {
            throw new SourceException($"{app}: its installation id is not a number, or {api} is not an address");
        }

        using HttpRequestMessage request = new(HttpMethod.Post, address);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Sign(app));
        request.Headers.Accept.ParseAdd("application/vnd.github+json");
        request.Headers.UserAgent.ParseAdd("bowline");
        try
        {
            using HttpResponseMessage answer = await client.SendAsync(request, cancellationToken).ConfigureAwait(false);
            if (!answer.IsSuccessStatusCode)
            {
                throw new SourceException($"{app}: {address.Host} answers {(int)answer.StatusCode} to the request for a token; are its key and installation id right?");
            }

            using JsonDocument document = JsonDocument.Parse(await answer.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false));
            DateTimeOffset until = document.RootElement.TryGetProperty("expires_at", out JsonElement ends) && ends.TryGetDateTimeOffset(out DateTimeOffset at) ? at : time.GetUtcNow() + TimeSpan.FromMinutes(30);
            return new Issued(document.RootElement.GetProperty("token").GetString() ?? throw new JsonException(), until);
        }
        catch (Exception error) when (error is HttpRequestException or JsonException or KeyNotFoundException or InvalidOperationException
            || (error is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            throw new SourceException($"{app}: no token from {address.Host}: {(error is HttpRequestException ? error.Message : "the answer is not understood or does not come")}", inner: error);
        }
    }

    private string Sign(GitHubApp app)
    {
        using RSA key = RSA.Create();
        try
        {
            key.ImportFromPem(app.PrivateKey);
        }
        catch (Exception error) when (error is ArgumentException or CryptographicException)
        {
            throw new SourceException($"{app}: its private key is not a PEM of an RSA key", inner: null);
        }

        // A minute back for clocks that differ, and shorter than the ten minutes that GitHub allows.
        long now = time.GetUtcNow().ToUnixTimeSeconds();
        string header = Encode("""{"alg":"RS256","typ":"JWT"}"""u8);
        string claims = Encode(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $$"""{"iat":{{now - 60}},"exp":{{now + 480}},"iss":{{JsonSerializer.Serialize(app.AppId)}}}""")));
        byte[] signature = key.SignData(Encoding.ASCII.GetBytes($"{header}.{claims}"), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        return $"{header}.{claims}.{Encode(signature)}";
    }

    private static string Encode(ReadOnlySpan<byte> bytes) => System.Buffers.Text.Base64Url.EncodeToString(bytes);

    private sealed record Issued(string Token, DateTimeOffset Until)
    {
        public override string ToString() => "***";
    }
}
