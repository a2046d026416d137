using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Bowline.Sources.Files;
using Bowline.Sources.Git;
using Bowline.Tests;

namespace Bowline.Sources.Tests.Git;

public sealed class RepositoryAccessTests : IDisposable
{
    private readonly TestRepository repository = new();
    private readonly GitFetcher fetcher;

    public RepositoryAccessTests()
    {
        fetcher = new GitFetcher(repository.Elsewhere("cache"), TimeProvider.System);
        repository.Write("a.yaml", "1");
        Commit = repository.Commit();
    }

    private string Commit { get; }

    public void Dispose()
    {
        fetcher.Dispose();
        repository.Dispose();
    }

    [Fact]
    public async Task A_password_opens_a_repository_and_is_shown_to_nobody()
    {
        using GitHttpServer server = new(repository.Elsewhere("")) { Required = "Basic " + Convert.ToBase64String("deploy:t0ken-1"u8) };
        RepositoryAccess access = new() { Username = "deploy", Password = "t0ken-1" };
        SourceSnapshot snapshot = await FetchAsync(server.Address + "root", "main", access);
        Assert.Equal(Commit, snapshot.Revision.Commit);
        Assert.Equal("1", Encoding.UTF8.GetString(snapshot.Files.Read("a.yaml")));
        SourceException refused = await Assert.ThrowsAsync<SourceException>(() => FetchAsync(server.Address + "root", "main", access with { Password = "wrong-0ne" }));
        Assert.DoesNotContain("wrong-0ne", refused.ToString());
        Assert.DoesNotContain("t0ken-1", access.ToString());
        Assert.DoesNotContain("t0ken-1", $"{new SourceRef(server.Address, "main") { Access = access }}");
    }

    [Fact]
    public async Task What_one_secret_fetched_is_not_given_to_a_wrong_one()
    {
        using GitHttpServer server = new(repository.Elsewhere("")) { Required = "Basic " + Convert.ToBase64String("deploy:right"u8) };
        await FetchAsync(server.Address + "root", Commit, new RepositoryAccess { Username = "deploy", Password = "right" });
        await Assert.ThrowsAsync<SourceException>(() => FetchAsync(server.Address + "root", Commit, new RepositoryAccess { Username = "deploy", Password = "wrong" }));
    }

    [Fact]
    public async Task A_bearer_token_is_sent_as_one()
    {
        using GitHttpServer server = new(repository.Elsewhere("")) { Required = "Bearer b3arer" };
        Assert.Equal(Commit, (await FetchAsync(server.Address + "root", "main", new RepositoryAccess { BearerToken = "b3arer" })).Revision.Commit);
    }

    [Fact]
    public async Task An_ssh_key_opens_a_repository_whose_host_is_known()
    {
        using SshServer server = await SshServer.StartAsync(repository.Elsewhere("ssh"));
        string url = $"ssh://{Environment.UserName}@127.0.0.1:{server.Port}{repository.Root}";
        RepositoryAccess access = new() { SshPrivateKey = server.ClientKey.TrimEnd(), KnownHosts = server.KnownHosts };
        string[] before = KeyFolders();
        Assert.Equal(Commit, (await FetchAsync(url, "main", access)).Revision.Commit);
        Assert.Equal(Commit, (await FetchAsync(url, "main", access with { KnownHosts = string.Empty, SkipVerification = true })).Revision.Commit);

        await SshServer.KeyAsync(repository.Elsewhere("ssh/other"));
        string strangerKey = await File.ReadAllTextAsync(repository.Elsewhere("ssh/other"));
        SourceException stranger = await Assert.ThrowsAsync<SourceException>(() => FetchAsync(url, "main", access with { SshPrivateKey = strangerKey }));
        Assert.DoesNotContain("PRIVATE KEY", stranger.ToString());

        string otherHost = $"[127.0.0.1]:{server.Port} {(await File.ReadAllTextAsync(repository.Elsewhere("ssh/other.pub"))).Trim()}";
        await Assert.ThrowsAsync<SourceException>(() => FetchAsync(url, "main", access with { KnownHosts = otherHost }));
        Assert.Equal(before, KeyFolders());
    }

    [Fact]
    public async Task A_GitHub_App_exchanges_its_key_for_a_token_once()
    {
        using RSA key = RSA.Create(2048);
        using GitHttpServer server = new(repository.Elsewhere("")) { Required = "Basic " + Convert.ToBase64String("x-access-token:inst-token"u8) };
        using HttpListener api = LocalListener.Start(out string address);
        List<string> asked = [];
        Task answering = AnswerAsync(api, context =>
        {
            asked.Add($"{context.Request.HttpMethod} {context.Request.Url!.AbsolutePath} {Verify(key, context.Request.Headers["Authorization"]!)}");
            context.Response.StatusCode = 201;
            context.Response.OutputStream.Write(Encoding.UTF8.GetBytes($$"""{"token":"inst-token","expires_at":"{{DateTimeOffset.UtcNow.AddHours(1):O}}"}"""));
        });
        RepositoryAccess access = new() { GitHubApp = new GitHubApp("42", "77", key.ExportRSAPrivateKeyPem(), address + "api/v3/") };
        Assert.Equal(Commit, (await FetchAsync(server.Address + "root", "main", access)).Revision.Commit);
        Assert.Equal(Commit, (await FetchAsync(server.Address + "root", "HEAD", access)).Revision.Commit);
        Assert.Equal(["POST /api/v3/app/installations/77/access_tokens 42"], asked);
        SourceException refused = await Assert.ThrowsAsync<SourceException>(() => FetchAsync(server.Address + "root", "main", access with { GitHubApp = access.GitHubApp with { PrivateKey = "nonsense" } }));
        Assert.Contains("GitHub App 42", refused.Message);
        api.Close();
        await answering;
    }

    private static string[] KeyFolders() => Directory.Exists("/dev/shm") ? Directory.GetDirectories("/dev/shm", "bowline-*") : [];

    /// <summary>The issuer that a JWT names, if its signature is right.</summary>
    private static string Verify(RSA key, string authorization)
    {
        string[] parts = authorization["Bearer ".Length..].Split('.');
        byte[] signature = System.Buffers.Text.Base64Url.DecodeFromChars(parts[2]);
        Assert.True(key.VerifyData(Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}"), signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));
        using JsonDocument claims = JsonDocument.Parse(System.Buffers.Text.Base64Url.DecodeFromChars(parts[1]));
        return claims.RootElement.GetProperty("iss").GetString()!;
    }

    private static async Task AnswerAsync(HttpListener listener, Action<HttpListenerContext> answer)
    {
        try
        {
            while (true)
            {
                HttpListenerContext context = await listener.GetContextAsync();
                answer(context);
                context.Response.Close();
            }
        }
        catch (Exception error) when (error is HttpListenerException or ObjectDisposedException)
        {
            // Closed.
        }
    }

    private Task<SourceSnapshot> FetchAsync(string url, string revision, RepositoryAccess access) =>
        fetcher.FetchAsync(new SourceRef(url, revision) { Access = access }, default).WaitAsync(TimeSpan.FromSeconds(60));
}
