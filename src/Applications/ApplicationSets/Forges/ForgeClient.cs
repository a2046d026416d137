using System.Globalization;
using System.Net;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Bowline.Resources.Json;
using Bowline.Resources.Model;
using Bowline.Sources.Downloads;
using Bowline.Sources.Files;

namespace Bowline.Applications.ApplicationSets.Forges;

/// <summary>
/// Asks one Git server's API. What to log in with goes to that server only, is never printed, and neither are its answers to what it
/// refuses; pages are followed on that server only; what is too large or too much is refused.
/// </summary>
internal sealed class ForgeClient : IDisposable
{
    private const long LargestAnswer = 16 * 1024 * 1024;
    private const int MostPages = 1000;
    private const int MostTries = 3;
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(5);
    private readonly HttpDownloads web;
    private readonly HttpDownloads? own;
    private readonly TimeProvider time;
    private readonly Uri api;
    private readonly DownloadAuthorization? authorization;

    /// <param name="api">The API's root; what is asked for is named below it.</param>
    /// <param name="login">The value of <c>Authorization</c>; empty to ask as nobody.</param>
    /// <param name="trust">Null trusts what this machine does.</param>
    /// <exception cref="GeneratorException">The root is no address of the web.</exception>
    public ForgeClient(GeneratorSources sources, string api, string login, ServerTrust? trust)
    {
        try
        {
            this.api = WebAddress.Parse(api.EndsWith('/') ? api : api + "/");
        }
        catch (SourceException none)
        {
            throw new GeneratorException(none.Message, none);
        }

        time = sources.Time;
        own = trust is null ? null : new HttpDownloads(time, trust: trust, dial: sources.Dial);
        web = own ?? sources.Web;
        authorization = login.Length == 0 ? null : new DownloadAuthorization(login, this.api);
    }

    /// <summary>Basic authentication.</summary>
    public static string Basic(string user, string password) => $"Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}"))}";

    /// <summary>A path below the API's root as one from the server's root, so that a page can name the next.</summary>
    public string PathOf(string path) => Below(path).PathAndQuery;

    /// <summary>What a path below the API's root answers; null for "not found".</summary>
    /// <param name="path">With everything in it escaped.</param>
    /// <exception cref="GeneratorException">The server refuses, cannot be reached, or answers with something that is no JSON.</exception>
    public async Task<Node?> FindAsync(string path, CancellationToken cancellationToken) => (await AskAsync(Below(path), cancellationToken).ConfigureAwait(false)).Content;

    /// <summary>Every item of a list that says by a <c>Link</c> header where its next page is.</summary>
    public async IAsyncEnumerable<Node> LinkedAsync(string path, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        Uri? next = Below(path);
        for (int page = 0; next is not null; page++)
        {
            CheckPage(page, next);
            (Node? content, Download answer) = await AskAsync(next, cancellationToken).ConfigureAwait(false);
            foreach (Node item in content as ListNode ?? throw (content is null ? NotFound(next) : new GeneratorException($"{WebAddress.Redact(next)}: the answer is no list")))
            {
                yield return item;
            }

            next = NextLink(answer) is { } link ? OnServer(next, link) : null;
        }
    }

    /// <summary>Every item of a list whose pages hold it under a name, with the next page found by the caller.</summary>
    /// <param name="nextOf">The path or address of the page after one; null after the last.</param>
    public async IAsyncEnumerable<Node> PagedAsync(string path, string member, Func<Node, string?> nextOf, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        Uri? next = Below(path);
        for (int page = 0; next is not null; page++)
        {
            CheckPage(page, next);
            Node content = (await AskAsync(next, cancellationToken).ConfigureAwait(false)).Content ?? throw NotFound(next);
            foreach (Node item in content[member] as ListNode ?? throw new GeneratorException($"{WebAddress.Redact(next)}: the answer holds no {member}"))
            {
                yield return item;
            }

            next = nextOf(content) is { } more ? OnServer(next, more) : null;
        }
    }

    public void Dispose() => own?.Dispose();

    /// <summary>Names in manifests must not lead to another part of the API, which the token may open, too.</summary>
    private Uri Below(string path)
    {
        Uri address = new(api, path);
        return address.AbsolutePath.StartsWith(api.AbsolutePath, StringComparison.Ordinal) && !path.Split('?')[0].Split('/').Any(part => part.Replace("%2E", ".", StringComparison.OrdinalIgnoreCase) is "." or "..")
            ? address
            : throw new GeneratorException($"{WebAddress.Redact(address)}: a name leads out of its place in the server's API");
    }

    private async Task<(Node? Content, Download Answer)> AskAsync(Uri address, CancellationToken cancellationToken)
    {
        for (int attempt = 1; ; attempt++)
        {
            Download answer;
            try
            {
                answer = await web.GetAsync(new DownloadRequest(address, LargestAnswer) { Accept = ["application/json"], Authorization = authorization }, cancellationToken).ConfigureAwait(false);
            }
            catch (SourceException unreachable)
            {
                throw new GeneratorException(unreachable.Message, unreachable);
            }

            if (answer.IsSuccess)
            {
                return (Read(answer, address), answer);
            }

            if (answer.Status is HttpStatusCode.NotFound)
            {
                return (null, answer);
            }

            if (LimitOf(answer) is not { } wait)
            {
                throw new GeneratorException($"{WebAddress.Redact(address)}: the server answers {(int)answer.Status}{(answer.Status is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden ? authorization is null ? "; no token is given" : "; may the token read this?" : string.Empty)}");
            }

            if (wait > LongestWait || attempt == MostTries)
            {
                throw new GeneratorException($"{WebAddress.Redact(address)}: the server's rate limit is used up; it asks to wait {wait.TotalSeconds:0} s") { RetryAfter = wait };
            }

            await Task.Delay(wait, time, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>How long to wait when the answer says that too much was asked; null when it says something else.</summary>
    private TimeSpan? LimitOf(Download answer)
    {
        string? First(string name) => answer.Headers.TryGetValues(name, out IEnumerable<string>? values) ? values.FirstOrDefault() : null;
        bool limited = answer.Status is HttpStatusCode.TooManyRequests || (answer.Status is HttpStatusCode.Forbidden && (First("X-RateLimit-Remaining") == "0" || answer.Headers.RetryAfter is not null));
        if (!limited)
        {
            return null;
        }

        DateTimeOffset now = time.GetUtcNow();
        TimeSpan wait = answer.Headers.RetryAfter?.Delta
            ?? (answer.Headers.RetryAfter?.Date is { } date ? date - now : default(TimeSpan?))
            ?? (long.TryParse(First("X-RateLimit-Reset") ?? First("RateLimit-Reset"), NumberStyles.None, CultureInfo.InvariantCulture, out long reset) && reset < 253402300799 ? DateTimeOffset.FromUnixTimeSeconds(reset) - now : TimeSpan.FromMinutes(1));
        return wait < TimeSpan.FromSeconds(1) ? TimeSpan.FromSeconds(1) : wait > TimeSpan.FromHours(2) ? TimeSpan.FromHours(2) : wait;
    }

    private static Node Read(Download answer, Uri address)
    {
        try
        {
            return JsonReader.Read(answer.Content);
        }
        catch (Exception broken) when (broken is JsonException or FormatException)
        {
            throw new GeneratorException($"{WebAddress.Redact(address)}: the answer is no JSON", broken);
        }
    }

    private static string? NextLink(Download answer)
    {
        string links = answer.Headers.TryGetValues("Link", out IEnumerable<string>? values) ? string.Join(',', values) : string.Empty;
        return links.Split(',').Select(link => link.Split(';', 2)).Where(parts => parts.Length == 2 && parts[1].Contains("rel=\"next\"", StringComparison.Ordinal)).Select(parts => parts[0].Trim().Trim('<', '>')).FirstOrDefault();
    }

    private Uri OnServer(Uri from, string next) => Uri.TryCreate(from, next, out Uri? address) && WebAddress.SameOrigin(address, api)
        ? address
        : throw new GeneratorException($"{WebAddress.Redact(from)}: the next page is on another server");

    private static void CheckPage(int page, Uri address)
    {
        if (page >= MostPages)
        {
            throw new GeneratorException($"{WebAddress.Redact(address)}: the list has more than {MostPages} pages");
        }
    }

    private static GeneratorException NotFound(Uri address) => new($"{WebAddress.Redact(address)}: not found") { IsNotFound = true };
}
