using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Bowline.Notifications.Tests;

/// <summary>A mail server of the simplest kind: keeps each command and each mail.</summary>
internal sealed class SmtpServer : IDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly X509Certificate2 certificate;

    public SmtpServer()
    {
        using RSA key = RSA.Create(2048);
        CertificateRequest request = new("CN=localhost", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        certificate = request.CreateSelfSigned(DateTimeOffset.UnixEpoch, new DateTimeOffset(2100, 1, 1, 0, 0, 0, TimeSpan.Zero));
        listener.Start();
        _ = AcceptAsync();
    }

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    public bool OffersTls { get; init; }

    /// <summary>TLS from the beginning, as on port 465.</summary>
    public bool BeginsWithTls { get; init; }

    public string Authentication { get; init; } = "PLAIN LOGIN";

    public string Refuses { get; init; } = "\0";

    public ConcurrentQueue<string> Commands { get; } = new();

    public ConcurrentQueue<string> Mails { get; } = new();

    public void Dispose()
    {
        listener.Stop();
        certificate.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            for (; ;)
            {
                _ = TalkAsync(await listener.AcceptTcpClientAsync());
            }
        }
        catch (Exception stopped) when (stopped is SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // The test is over.
        }
    }

    private async Task TalkAsync(TcpClient client)
    {
        using TcpClient owned = client;
        Stream stream = client.GetStream();
        if (BeginsWithTls)
        {
            SslStream first = new(stream);
            stream = first;
            try
            {
                await first.AuthenticateAsServerAsync(certificate);
            }
            catch (Exception refused) when (refused is IOException or System.Security.Authentication.AuthenticationException)
            {
                return;
            }
        }

        StreamReader reader = new(stream);
        StreamWriter writer = new(stream) { NewLine = "\r\n", AutoFlush = true };
        bool secure = false;
        await writer.WriteLineAsync("220 test ready");
        while (await reader.ReadLineAsync() is { } line)
        {
            Commands.Enqueue(line);
            if (line.StartsWith(Refuses, StringComparison.Ordinal))
            {
                await writer.WriteLineAsync($"550 no: {line}");
                continue;
            }

            switch (line.Split(' ')[0])
            {
                case "EHLO":
                    await writer.WriteLineAsync("250-test");
                    await writer.WriteLineAsync(OffersTls && !secure ? "250 STARTTLS" : $"250 AUTH {Authentication}");
                    break;
                case "STARTTLS":
                    await writer.WriteLineAsync("220 go ahead");
                    SslStream tls = new(stream);
                    await tls.AuthenticateAsServerAsync(certificate);
                    (stream, secure) = (tls, true);
                    reader = new StreamReader(stream);
                    writer = new StreamWriter(stream) { NewLine = "\r\n", AutoFlush = true };
                    break;
                case "AUTH":
                    await writer.WriteLineAsync(line == "AUTH LOGIN" ? "334 VXNlcm5hbWU6" : "235 welcome");
                    if (line == "AUTH LOGIN")
                    {
                        Commands.Enqueue(await reader.ReadLineAsync() ?? "");
                        await writer.WriteLineAsync("334 UGFzc3dvcmQ6");
                        Commands.Enqueue(await reader.ReadLineAsync() ?? "");
                        await writer.WriteLineAsync("235 welcome");
                    }

                    break;
                case "DATA":
                    await writer.WriteLineAsync("354 go on");
                    List<string> lines = [];
                    while (await reader.ReadLineAsync() is { } text && text != ".")
                    {
                        lines.Add(text);
                    }

                    Mails.Enqueue(string.Join('\n', lines));
                    await writer.WriteLineAsync("250 taken");
                    break;
                case "QUIT":
                    await writer.WriteLineAsync("221 bye");
                    return;
                default:
                    await writer.WriteLineAsync("250 ok");
                    break;
            }
        }
    }
}
