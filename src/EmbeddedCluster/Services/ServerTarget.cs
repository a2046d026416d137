using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;

namespace Bowline.EmbeddedCluster.Services;

/// <summary>A server that is called over HTTPS, or over plain HTTP.</summary>
/// <param name="Name">What its certificate has to bear.</param>
/// <param name="Host">What is dialled.</param>
internal sealed record ServerTarget(string Name, string Host, int Port)
{
    /// <summary>PEM of who signed its certificate; the machine's authorities when null.</summary>
    public string? Authority { get; init; }

    /// <summary>Whatever certificate it shows will do.</summary>
    public bool SkipsVerification { get; init; }

    public bool IsPlain { get; init; }

    /// <summary>A connection for HTTP/1.1.</summary>
    /// <param name="identity">Shown to a server that asks who calls.</param>
    /// <exception cref="SocketException">Nobody answers.</exception>
    /// <exception cref="System.Security.Authentication.AuthenticationException">Somebody else does.</exception>
    public async Task<Stream> ConnectAsync(X509Certificate2? identity, CancellationToken cancellationToken)
    {
        Stream stream = await DialAsync(cancellationToken).ConfigureAwait(false);
        if (IsPlain)
        {
            return stream;
        }

        SslStream secured = new(stream);
        try
        {
            SslClientAuthenticationOptions options = Options(identity);
            options.ApplicationProtocols = [SslApplicationProtocol.Http11];
            await secured.AuthenticateAsClientAsync(options, cancellationToken).ConfigureAwait(false);
            return secured;
        }
        catch
        {
            await secured.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <exception cref="SocketException">Nobody answers.</exception>
    public async Task<NetworkStream> DialAsync(CancellationToken cancellationToken)
    {
        Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(Host, Port, cancellationToken).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <param name="identity">Shown to a server that asks who calls.</param>
    public SslClientAuthenticationOptions Options(X509Certificate2? identity)
    {
        SslClientAuthenticationOptions options = new() { TargetHost = Name };
        if (identity is not null)
        {
            options.ClientCertificates = [identity];
        }

        if (SkipsVerification)
        {
#pragma warning disable CA5359 // Whoever wrote insecureSkipTLSVerify asked for this.
            options.RemoteCertificateValidationCallback = static (_, _, _, _) => true;
#pragma warning restore CA5359
        }
        else if (Authority is not null)
        {
            X509ChainPolicy policy = new() { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true };
            policy.CustomTrustStore.ImportFromPem(Authority);
            options.CertificateChainPolicy = policy;
        }

        return options;
    }
}
