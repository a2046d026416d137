using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;
using Bowline.Notifications.Model;

namespace Bowline.Notifications.Services;

internal sealed record SmtpOptions(string Host, int Port)
{
    public string Username { get; init; } = string.Empty;

    public string Password { get; init; } = string.Empty;

    public bool SkipsVerification { get; init; }

    /// <summary>Opens the connection; null for anywhere.</summary>
    public Dial? Dial { get; init; }

    public override string ToString() => $"{Host}:{Port}";
}

/// <summary>
/// RFC 5321: TLS from the beginning on port 465, elsewhere as soon as the server offers STARTTLS; a password never goes over an
/// open line to another machine.
/// </summary>
internal sealed class SmtpClient(SmtpOptions options, TimeProvider time)
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);
    private const int MostLines = 100;
    private const int MostLine = 4096;

    /// <exception cref="NotificationException">The server refuses, or does not answer in time.</exception>
    public async Task SendAsync(string from, IReadOnlyList<string> to, string mail, CancellationToken cancellationToken)
    {
        using CancellationTokenSource limit = new(Longest, time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            await DeliverAsync(from, to, mail, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new NotificationException($"email: {options} does not answer within {Longest.TotalSeconds:0} seconds");
        }
        catch (Exception failed) when (failed is SocketException or IOException or AuthenticationException)
        {
            throw new NotificationException($"email: {options}: {failed.Message}", failed);
        }
    }

    private async Task DeliverAsync(string from, IReadOnlyList<string> to, string mail, CancellationToken cancellationToken)
    {
        using TcpClient tcp = new();
        Stream stream;
        if (options.Dial is { } dial)
        {
            stream = await dial(options.Host, new DnsEndPoint(options.Host, options.Port), cancellationToken).ConfigureAwait(false);
        }
        else
        {
            await tcp.ConnectAsync(options.Host, options.Port, cancellationToken).ConfigureAwait(false);
            stream = tcp.GetStream();
        }

        bool secure = options.Port == 465;
        if (secure)
        {
            stream = await SecureAsync(stream, cancellationToken).ConfigureAwait(false);
        }

        Session session = new(stream);
        try
        {
            await session.ExpectAsync(220, "greeting", cancellationToken).ConfigureAwait(false);
            string[] offers = await HelloAsync(session, cancellationToken).ConfigureAwait(false);
            if (!secure && offers.Contains("STARTTLS"))
            {
                await session.AskAsync("STARTTLS", 220, cancellationToken).ConfigureAwait(false);
                session = new Session(await SecureAsync(stream, cancellationToken).ConfigureAwait(false));
                secure = true;
                offers = await HelloAsync(session, cancellationToken).ConfigureAwait(false);
            }

            await LogInAsync(session, offers, secure, cancellationToken).ConfigureAwait(false);
            await session.AskAsync($"MAIL FROM:<{from}>", 250, cancellationToken).ConfigureAwait(false);
            foreach (string recipient in to)
            {
                await session.AskAsync($"RCPT TO:<{recipient}>", 250, cancellationToken).ConfigureAwait(false);
            }

            await session.AskAsync("DATA", 354, cancellationToken).ConfigureAwait(false);
            await session.AskAsync(mail.Replace("\r\n.", "\r\n..", StringComparison.Ordinal) + ".", 250, cancellationToken, name: "message").ConfigureAwait(false);
            await session.SayAsync("QUIT", cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            await session.Stream.DisposeAsync().ConfigureAwait(false);
        }
    }

    private static async Task<string[]> HelloAsync(Session session, CancellationToken cancellationToken)
    {
        string[] lines = await session.AskAsync("EHLO localhost", 250, cancellationToken).ConfigureAwait(false);
        return [.. lines.Select(line => line.ToUpperInvariant())];
    }

    private async Task LogInAsync(Session session, string[] offers, bool secure, CancellationToken cancellationToken)
    {
        if (options.Username.Length == 0 || options.Password.Length == 0)
        {
            return;
        }

        if (!secure && options.Host is not ("localhost" or "127.0.0.1" or "::1"))
        {
            throw new NotificationException($"email: {options} offers no TLS, and a password does not go over an open line");
        }

        string[] methods = offers.FirstOrDefault(offer => offer.StartsWith("AUTH ", StringComparison.Ordinal))?.Split(' ') ?? [];
        if (methods.Contains("PLAIN"))
        {
            await session.AskAsync("AUTH PLAIN " + Base64($"\0{options.Username}\0{options.Password}"), 235, cancellationToken, name: "AUTH PLAIN").ConfigureAwait(false);
        }
        else if (methods.Contains("LOGIN"))
        {
            await session.AskAsync("AUTH LOGIN", 334, cancellationToken).ConfigureAwait(false);
            await session.AskAsync(Base64(options.Username), 334, cancellationToken, name: "AUTH LOGIN").ConfigureAwait(false);
            await session.AskAsync(Base64(options.Password), 235, cancellationToken, name: "AUTH LOGIN").ConfigureAwait(false);
        }
        else
        {
            throw new NotificationException($"email: {options} offers neither AUTH PLAIN nor AUTH LOGIN");
        }
    }

    private async Task<Stream> SecureAsync(Stream stream, CancellationToken cancellationToken)
    {
        SslStream tls = new(stream);
        SslClientAuthenticationOptions settings = new() { TargetHost = options.Host };
        if (options.SkipsVerification)
        {
#pragma warning disable CA5359 // insecure_skip_verify asks for it.
            settings.RemoteCertificateValidationCallback = static (_, _, _, _) => true;
#pragma warning restore CA5359
        }

        await tls.AuthenticateAsClientAsync(settings, cancellationToken).ConfigureAwait(false);
        return tls;
    }

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    /// <summary>Commands and answers over one stream. A new one begins after STARTTLS, so that nothing sent before it counts.</summary>
    private sealed class Session(Stream stream)
    {
        private readonly byte[] buffer = new byte[MostLine];
        private int start;
        private int end;

        public Stream Stream => stream;

        public async Task SayAsync(string text, CancellationToken cancellationToken)
        {
            await stream.WriteAsync(Encoding.UTF8.GetBytes(text + "\r\n"), cancellationToken).ConfigureAwait(false);
            await stream.FlushAsync(cancellationToken).ConfigureAwait(false);
        }

        /// <param name="name">What an error calls the command, where it holds what is not to be printed.</param>
        /// <returns>The lines of the answer without their codes.</returns>
        public async Task<string[]> AskAsync(string text, int expected, CancellationToken cancellationToken, string? name = null)
        {
            await SayAsync(text, cancellationToken).ConfigureAwait(false);
            return await ExpectAsync(expected, name ?? text, cancellationToken).ConfigureAwait(false);
        }

        public async Task<string[]> ExpectAsync(int expected, string name, CancellationToken cancellationToken)
        {
            List<string> lines = [];
            for (; ;)
            {
                string line = await LineAsync(cancellationToken).ConfigureAwait(false);
                lines.Add(line.Length > 4 ? line[4..].Trim() : string.Empty);
                bool goesOn = line.Length > 3 && line[3] == '-';
                if (goesOn && lines.Count < MostLines)
                {
                    continue;
                }

                return line.StartsWith(expected.ToString(System.Globalization.CultureInfo.InvariantCulture), StringComparison.Ordinal)
                    ? [.. lines]
                    : throw new NotificationException($"email: the server answers {Answers.Shortened(name)} with {Answers.Shortened(line)}");
            }
        }

        private async Task<string> LineAsync(CancellationToken cancellationToken)
        {
            for (; ;)
            {
                int length = buffer.AsSpan(start, end - start).IndexOf((byte)'\n');
                if (length >= 0)
                {
                    string line = Encoding.UTF8.GetString(buffer, start, length).TrimEnd('\r');
                    start += length + 1;
                    return line;
                }

                buffer.AsSpan(start, end - start).CopyTo(buffer);
                (start, end) = (0, end - start);
                int read = end == buffer.Length ? 0 : await stream.ReadAsync(buffer.AsMemory(end), cancellationToken).ConfigureAwait(false);
                end += read > 0 ? read : throw new IOException("the server closed the connection, or does not speak SMTP");
            }
        }
    }
}
