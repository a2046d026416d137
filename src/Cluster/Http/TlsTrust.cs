using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Bowline.Cluster.Kubeconfig;
using Bowline.Cluster.Requests;

namespace Bowline.Cluster.Http;

/// <summary>Whom a connection trusts and as whom it presents itself; remembers in words why the last handshake was refused.</summary>
internal sealed class TlsTrust : IDisposable
{
    private readonly ClusterConnection connection;
    private readonly X509Certificate2Collection authorities = [];
    private volatile string? problem;
    private volatile X509Certificate2? issued;

    public TlsTrust(ClusterConnection connection)
    {
        this.connection = connection;
        Options = new SslClientAuthenticationOptions();
        if (connection.SkipTlsVerify)
        {
            Options.RemoteCertificateValidationCallback = static (_, _, _, _) => true;
        }
        else
        {
            Options.RemoteCertificateValidationCallback = Validate;
            TrustAuthorities();
        }

        PresentCertificate();
        if (connection.Exec is not null && Options.ClientCertificateContext is null)
        {
            Options.LocalCertificateSelectionCallback = (_, _, _, _, _) => issued!;
        }
    }

    public SslClientAuthenticationOptions Options { get; }

    /// <summary>A sentence without subject: "its certificate …".</summary>
    public string? Problem => problem;

    /// <summary>Shakes hands expecting <see cref="ClusterConnection.TlsServerName"/>.</summary>
    public async Task<SslStream> SecureAsync(Stream stream, CancellationToken cancellationToken)
    {
        SslStream secured = new(stream);
        SslClientAuthenticationOptions named = new()
        {
            TargetHost = connection.TlsServerName,
            ApplicationProtocols = [SslApplicationProtocol.Http2, SslApplicationProtocol.Http11],
            RemoteCertificateValidationCallback = Options.RemoteCertificateValidationCallback,
            CertificateChainPolicy = Options.CertificateChainPolicy,
            ClientCertificateContext = Options.ClientCertificateContext,
            LocalCertificateSelectionCallback = Options.LocalCertificateSelectionCallback,
        };
        await secured.AuthenticateAsClientAsync(named, cancellationToken).ConfigureAwait(false);
        return secured;
    }

    /// <summary>Presents this certificate from the next connection on (PEM).</summary>
    public void Present(string certificate, string key)
    {
        try
        {
            issued = X509Certificate2.CreateFromPem(certificate, key);
        }
        catch (CryptographicException error)
        {
            throw Bad("credential plugin's client certificate or key", error);
        }
    }

    public void Dispose()
    {
        issued?.Dispose();
        foreach (X509Certificate2 authority in authorities)
        {
            authority.Dispose();
        }
    }

    private void TrustAuthorities()
    {
        if (connection.CertificateAuthority is null)
        {
            return;
        }

        try
        {
            authorities.ImportFromPem(connection.CertificateAuthority);
        }
        catch (CryptographicException error)
        {
            throw Bad("certificate authority", error);
        }

        if (authorities.Count == 0)
        {
            throw Bad("certificate authority", null);
        }

        X509ChainPolicy policy = new() { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.AddRange(authorities);
        Options.CertificateChainPolicy = policy;
    }

    private void PresentCertificate()
    {
        if (connection.ClientCertificate is null || connection.ClientKey is null)
        {
            return;
        }

        try
        {
            X509Certificate2 leaf = X509Certificate2.CreateFromPem(connection.ClientCertificate, connection.ClientKey);
            if (OperatingSystem.IsWindows())
            {
                // Schannel cannot use a key that lives in memory only.
                leaf = X509CertificateLoader.LoadPkcs12(leaf.Export(X509ContentType.Pkcs12), null);
            }

            X509Certificate2Collection all = [];
            all.ImportFromPem(connection.ClientCertificate);
            X509Certificate2Collection intermediates = [.. all.Skip(1)];
            Options.ClientCertificateContext = SslStreamCertificateContext.Create(leaf, intermediates, offline: true);
        }
        catch (CryptographicException error)
        {
            throw Bad("client certificate or key", error);
        }
    }

    private ClusterException Bad(string what, Exception? error) =>
        new($"{connection.Name}: the {what} is not valid PEM", reason: "InvalidKubeconfig", inner: error);

    private bool Validate(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if ((errors & SslPolicyErrors.RemoteCertificateChainErrors) != 0 && EndsAtAuthority(chain))
        {
            errors &= ~SslPolicyErrors.RemoteCertificateChainErrors;
        }

        problem = Describe(certificate as X509Certificate2, chain, errors);
        return errors == SslPolicyErrors.None;
    }

    /// <summary>Any certificate that a kubeconfig lists is an anchor, as in Go, even one that another authority signed.</summary>
    private bool EndsAtAuthority(X509Chain? chain)
    {
        if (chain is null || chain.ChainStatus.Any(status => status.Status is not (X509ChainStatusFlags.PartialChain or X509ChainStatusFlags.NoError)))
        {
            return false;
        }

        X509Certificate2 last = chain.ChainElements[^1].Certificate;
        return authorities.Any(authority => authority.RawDataMemory.Span.SequenceEqual(last.RawDataMemory.Span));
    }

    private static string NamesOf(X509Certificate2 certificate)
    {
        string[] names = [.. certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().SelectMany(names => names.EnumerateDnsNames().Concat(names.EnumerateIPAddresses().Select(address => address.ToString())))];
        return names.Length == 0 ? certificate.Subject : string.Join(", ", names.Take(10));
    }

    private static string? Describe(X509Certificate2? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (errors == SslPolicyErrors.None)
        {
            return null;
        }

        if (certificate is null || (errors & SslPolicyErrors.RemoteCertificateNotAvailable) != 0)
        {
            return "it presents no certificate";
        }

        if ((errors & SslPolicyErrors.RemoteCertificateChainErrors) == 0)
        {
            return $"its certificate is for another name ({NamesOf(certificate)}); tls-server-name says which to expect";
        }

        X509ChainStatusFlags flags = (chain?.ChainStatus ?? []).Aggregate(X509ChainStatusFlags.NoError, static (all, status) => all | status.Status);
        return (flags & X509ChainStatusFlags.NotTimeValid) != 0
            ? $"its certificate is valid from {certificate.NotBefore.ToUniversalTime():u} to {certificate.NotAfter.ToUniversalTime():u} only"
            : (flags & (X509ChainStatusFlags.UntrustedRoot | X509ChainStatusFlags.PartialChain | X509ChainStatusFlags.NotSignatureValid)) != 0
            // Not valid in signature: another authority of the same name, as every new cluster brings.
            ? $"its certificate is signed by an unknown authority ({certificate.Issuer}); certificate-authority is to name the one of this cluster"
            : $"its certificate is not valid ({flags})";
    }
}
