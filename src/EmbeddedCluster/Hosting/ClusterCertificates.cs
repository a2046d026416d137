using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Bowline.EmbeddedCluster.Hosting;

/// <summary>The authority of one cluster with the certificates it signed, and the key of its tokens. All ECDSA P-256.</summary>
internal sealed class ClusterCertificates : IDisposable
{
    private readonly X509Certificate2 authority;

    private ClusterCertificates(X509Certificate2 authority, X509Certificate2 serving, string adminPem, string adminKeyPem, ECDsa tokenKey)
    {
        this.authority = authority;
        Serving = serving;
        AdminPem = adminPem;
        AdminKeyPem = adminKeyPem;
        TokenKey = tokenKey;
        AuthorityPem = authority.ExportCertificatePem();
    }

    public X509Certificate2 Serving { get; }

    public string AuthorityPem { get; }

    public string AdminPem { get; }

    public string AdminKeyPem { get; }

    public ECDsa TokenKey { get; }

    /// <summary>Takes the certificates of a state directory, or makes new ones (and keeps them there).</summary>
    public static ClusterCertificates Load(string? directory, TimeProvider time)
    {
        if (directory is null)
        {
            return Make(time).Certificates;
        }

        string folder = Path.Combine(directory, "pki");
        if (TryRead(folder, time) is { } kept)
        {
            return kept;
        }

        (ClusterCertificates made, Dictionary<string, string> files) = Make(time);
        Directory.CreateDirectory(folder);
        foreach ((string name, string text) in files)
        {
            WriteSecret(Path.Combine(folder, name), text);
        }

        return made;
    }

    /// <summary>Whether our authority signed a client's certificate and it is valid now.</summary>
    public bool Trusts(X509Certificate2 certificate, TimeProvider time)
    {
        using X509Chain chain = new();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(authority);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.VerificationTime = time.GetUtcNow().UtcDateTime;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        return chain.Build(certificate);
    }

    public void Dispose()
    {
        authority.Dispose();
        Serving.Dispose();
        TokenKey.Dispose();
    }

    private static ClusterCertificates? TryRead(string folder, TimeProvider time)
    {
        string[] names = ["ca.crt", "server.crt", "server.key", "admin.crt", "admin.key", "tokens.key"];
        if (!names.All(name => File.Exists(Path.Combine(folder, name))))
        {
            return null;
        }

        string Read(string name) => File.ReadAllText(Path.Combine(folder, name));
        X509Certificate2 authority = X509Certificate2.CreateFromPem(Read("ca.crt"));
        X509Certificate2 serving = X509Certificate2.CreateFromPem(Read("server.crt"), Read("server.key"));
        if (serving.NotAfter.ToUniversalTime() < time.GetUtcNow().UtcDateTime.AddDays(7))
        {
            authority.Dispose();
            serving.Dispose();
            return null;
        }

        ECDsa tokens = ECDsa.Create();
        tokens.ImportFromPem(Read("tokens.key"));
        return new ClusterCertificates(authority, serving, Read("admin.crt"), Read("admin.key"), tokens);
    }

    private static (ClusterCertificates Certificates, Dictionary<string, string> Files) Make(TimeProvider time)
    {
        DateTimeOffset from = time.GetUtcNow().AddMinutes(-5);
        DateTimeOffset until = from.AddYears(10);
        using ECDsa authorityKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest authorityRequest = new("CN=bowline-ca", authorityKey, HashAlgorithmName.SHA256);
        authorityRequest.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        authorityRequest.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.DigitalSignature, true));
        X509SubjectKeyIdentifierExtension identifier = new(authorityRequest.PublicKey, false);
        authorityRequest.CertificateExtensions.Add(identifier);
        using X509Certificate2 authority = authorityRequest.CreateSelfSigned(from, until);

        using ECDsa servingKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using X509Certificate2 serving = Sign(authority, servingKey, "CN=bowline-apiserver", server: true, from, until);
        using ECDsa adminKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using X509Certificate2 admin = Sign(authority, adminKey, "O=system:masters, CN=admin", server: false, from, until);
        ECDsa tokens = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        Dictionary<string, string> files = new()
        {
            ["ca.crt"] = authority.ExportCertificatePem(),
            ["ca.key"] = authorityKey.ExportPkcs8PrivateKeyPem(),
            ["server.crt"] = serving.ExportCertificatePem(),
            ["server.key"] = servingKey.ExportPkcs8PrivateKeyPem(),
            ["admin.crt"] = admin.ExportCertificatePem(),
            ["admin.key"] = adminKey.ExportPkcs8PrivateKeyPem(),
            ["tokens.key"] = tokens.ExportPkcs8PrivateKeyPem(),
        };
        ClusterCertificates made = new(
            X509CertificateLoader.LoadCertificate(authority.RawData),
            serving.CopyWithPrivateKey(servingKey),
            files["admin.crt"],
            files["admin.key"],
            tokens);
        return (made, files);
    }

    private static X509Certificate2 Sign(X509Certificate2 authority, ECDsa key, string subject, bool server, DateTimeOffset from, DateTimeOffset until)
    {
        CertificateRequest request = new(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(server ? "1.3.6.1.5.5.7.3.1" : "1.3.6.1.5.5.7.3.2")], false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(authority, true, false));
        if (server)
        {
            SubjectAlternativeNameBuilder names = new();
            names.AddIpAddress(IPAddress.Loopback);
            names.AddIpAddress(IPAddress.Parse("10.96.0.1"));
            foreach (string name in (string[])["localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local"])
            {
                names.AddDnsName(name);
            }

            request.CertificateExtensions.Add(names.Build());
        }

        return request.Create(authority, from, until.AddDays(-1), RandomNumberGenerator.GetBytes(12));
    }

    private static void WriteSecret(string path, string text)
    {
        FileStreamOptions options = new() { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using StreamWriter writer = new(path, options);
        writer.Write(text);
    }
}
