using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Bowline.Sources.Files;

namespace Bowline.Sources.Downloads;

/// <summary>Which servers' certificates are taken: those of given authorities, or any.</summary>
public sealed class ServerTrust
{
    private readonly X509Certificate2Collection? authorities;

    private ServerTrust(X509Certificate2Collection? authorities) => this.authorities = authorities;

    /// <summary>Whoever answers is believed, as an <c>insecure: true</c> asks for.</summary>
    public static ServerTrust Anybody { get; } = new(null);

    /// <summary>Certificates that one of these authorities signed, and those that this machine trusts.</summary>
    /// <exception cref="SourceException">The text holds no certificates.</exception>
    public static ServerTrust Authorities(string pem)
    {
        X509Certificate2Collection read = [];
        try
        {
            read.ImportFromPem(pem);
        }
        catch (CryptographicException broken)
        {
            throw new SourceException($"the certificates of an authority cannot be read: {broken.Message}", inner: broken);
        }

        return read.Count > 0 ? new ServerTrust(read) : throw new SourceException("an authority's certificates are no PEM text");
    }

    internal bool Accepts(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (authorities is null || errors == SslPolicyErrors.None)
        {
            return true;
        }

        if (certificate is null || (errors & SslPolicyErrors.RemoteCertificateNameMismatch) != 0)
        {
            return false;
        }

        using X509Chain own = new();
        own.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        own.ChainPolicy.CustomTrustStore.AddRange(authorities);
        own.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        using X509Certificate2 presented = new(certificate);
        return own.Build(presented);
    }
}
