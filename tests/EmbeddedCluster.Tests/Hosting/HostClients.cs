using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Bowline.EmbeddedCluster.Hosting;

namespace Bowline.EmbeddedCluster.Tests;

/// <summary>HTTP clients for a host, with its administrator's certificate or without any.</summary>
internal static class HostClients
{
    public static HttpClient Admin(EmbeddedClusterHost host, bool followsRedirects = true) => Make(host, X509Certificate2.CreateFromPem(host.ClientCertificate, host.ClientKey), followsRedirects);

    public static HttpClient Anonymous(EmbeddedClusterHost host) => Make(host, null);

    /// <summary>A TLS connection for HTTP/1.1 written by hand.</summary>
    public static async Task<SslStream> RawAsync(EmbeddedClusterHost host, bool asAdmin = false)
    {
        TcpClient tcp = new() { ReceiveBufferSize = 4096 };
        await tcp.ConnectAsync(IPAddress.Loopback, host.Server.Port);
        SslStream stream = new(tcp.GetStream(), leaveInnerStreamOpen: false, (_, _, _, _) => true);
        SslClientAuthenticationOptions options = new() { TargetHost = "localhost", ApplicationProtocols = [SslApplicationProtocol.Http11] };
        if (asAdmin)
        {
            options.ClientCertificates = [X509Certificate2.CreateFromPem(host.ClientCertificate, host.ClientKey)];
        }

        await stream.AuthenticateAsClientAsync(options);
        return stream;
    }

    private static HttpClient Make(EmbeddedClusterHost host, X509Certificate2? certificate, bool followsRedirects = true)
    {
        using X509Certificate2 authority = X509Certificate2.CreateFromPem(host.CertificateAuthority);
        X509ChainPolicy policy = new() { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.Add(X509CertificateLoader.LoadCertificate(authority.RawData));
        SocketsHttpHandler handler = new() { EnableMultipleHttp2Connections = true, AllowAutoRedirect = followsRedirects };
        handler.SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = policy };
        if (certificate is not null)
        {
            handler.SslOptions.ClientCertificates = [certificate];
        }

        return new HttpClient(handler) { BaseAddress = host.Server, Timeout = TimeSpan.FromSeconds(30), DefaultRequestVersion = System.Net.HttpVersion.Version20 };
    }
}
