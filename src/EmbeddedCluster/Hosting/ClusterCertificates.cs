using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Bowline.EmbeddedCluster.Hosting;

/// <summary>
/// The authority of one cluster with the certificates it signed, and the key of its tokens. All ECDSA P-256. Authority, administrator
/// and token key live in a state directory; the server's certificate is made anew for each start, so its names are always right.
/// </summary>
internal sealed partial class ClusterCertificates : IDisposable
{
    // As RFC 5280 (4.1.2.5) has it. Clients are judged by the cluster's clock, to which --speed can make ten years an hour.
    private static readonly DateTimeOffset NeverExpires = new(9999, 12, 31, 23, 59, 59, TimeSpan.Zero);
    private static readonly TimeSpan RenewBefore = TimeSpan.FromDays(30);
    private readonly X509Certificate2 authority;
    private readonly Lazy<X509Certificate2> frontProxy;

    private ClusterCertificates(X509Certificate2 authority, X509Certificate2 serving, string adminPem, string adminKeyPem, ECDsa tokenKey, TimeProvider time)
    {
        this.authority = authority;
        Serving = serving;
        AdminPem = adminPem;
        AdminKeyPem = adminKeyPem;
        TokenKey = tokenKey;
        AuthorityPem = authority.ExportCertificatePem();
        frontProxy = new Lazy<X509Certificate2>(() =>
        {
            using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            using X509Certificate2 signed = Sign(authority, key, "CN=front-proxy-client", null, time);
            return signed.CopyWithPrivateKey(key);
        });
    }

    public X509Certificate2 Serving { get; }

    /// <summary>Shown to other API servers that requests are handed on to: they believe whom it says a request is for.</summary>
    public X509Certificate2 FrontProxy => frontProxy.Value;

    public string AuthorityPem { get; }

    public string AdminPem { get; }

    public string AdminKeyPem { get; }

    public ECDsa TokenKey { get; }

    /// <summary>Takes the authority of a state directory, or makes a new one (and keeps it there).</summary>
    /// <param name="names">DNS names and addresses for the server's certificate, beside those that every cluster has.</param>
    public static ClusterCertificates Load(string? directory, IReadOnlyList<string> names, TimeProvider time)
    {
        CertificateFolder folder = new(directory);
        X509Certificate2 authority = LoadAuthority(folder, time);
        if (folder.Read("admin.crt", "admin.key") is not [var adminPem, var adminKeyPem] || !IsCurrent(adminPem, time))
        {
            using ECDsa adminKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            using X509Certificate2 admin = Sign(authority, adminKey, "O=system:masters, CN=admin", null, time);
            (adminPem, adminKeyPem) = (admin.ExportCertificatePem(), adminKey.ExportPkcs8PrivateKeyPem());
            folder.Write("admin.key", adminKeyPem);
            folder.Write("admin.crt", adminPem);
        }

        using ECDsa servingKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using X509Certificate2 serving = Sign(authority, servingKey, "CN=bowline-apiserver", names, time);
        return new ClusterCertificates(
            authority,
            serving.CopyWithPrivateKey(servingKey),
            adminPem,
            adminKeyPem,
            LoadTokenKey(folder),
            time);
    }

    /// <summary>Whether our authority signed a client's certificate, for a client, and it is valid now.</summary>
    public bool Trusts(X509Certificate2 certificate, TimeProvider time)
    {
        using X509Chain chain = new();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(authority);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid("1.3.6.1.5.5.7.3.2"));
        chain.ChainPolicy.VerificationTime = time.GetUtcNow().UtcDateTime;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        return chain.Build(certificate);
    }

    public void Dispose()
    {
        authority.Dispose();
        Serving.Dispose();
        if (frontProxy.IsValueCreated)
        {
            frontProxy.Value.Dispose();
        }

        TokenKey.Dispose();
    }

    private static X509Certificate2 LoadAuthority(CertificateFolder folder, TimeProvider time)
    {
        if (folder.Read("ca.crt", "ca.key") is [var pem, var key] && IsCurrent(pem, time))
        {
            return X509Certificate2.CreateFromPem(pem, key);
        }

        using ECDsa authorityKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new("CN=bowline-ca", authorityKey, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        DateTimeOffset from = time.GetUtcNow().AddHours(-1);
        X509Certificate2 authority = request.CreateSelfSigned(from, NeverExpires);
        folder.Write("ca.key", authorityKey.ExportPkcs8PrivateKeyPem());
        folder.Write("ca.crt", authority.ExportCertificatePem());

        // What the former authority signed is worthless now.
        folder.Delete("admin.crt");
        return authority;
    }

    private static ECDsa LoadTokenKey(CertificateFolder folder)
    {
        if (folder.Read("tokens.key") is [var pem])
        {
            ECDsa kept = ECDsa.Create();
            kept.ImportFromPem(pem);
            return kept;
        }

        ECDsa made = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        folder.Write("tokens.key", made.ExportPkcs8PrivateKeyPem());
        return made;
    }

    private static bool IsCurrent(string pem, TimeProvider time)
    {
        using X509Certificate2 certificate = X509Certificate2.CreateFromPem(pem);
        return certificate.NotAfter.ToUniversalTime() - RenewBefore > time.GetUtcNow().UtcDateTime;
    }

    /// <param name="names">A server's names; null for a client, which is known as long as the authority is.</param>
    private static X509Certificate2 Sign(X509Certificate2 authority, ECDsa key, string subject, IReadOnlyList<string>? names, TimeProvider time)
    {
        CertificateRequest request = new(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(names is not null ? "1.3.6.1.5.5.7.3.1" : "1.3.6.1.5.5.7.3.2")], false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(authority, true, false));
        if (names is not null)
        {
            request.CertificateExtensions.Add(Names(names));
        }

        DateTimeOffset from = time.GetUtcNow().AddHours(-1);
        DateTimeOffset most = authority.NotAfter.ToUniversalTime();
        DateTimeOffset until = names is null || from.AddYears(10) > most ? most : from.AddYears(10);
        return request.Create(authority, from > authority.NotBefore ? from : authority.NotBefore.ToUniversalTime(), until, SerialNumber());
    }

    private static byte[] SerialNumber()
    {
        // Go refuses serial numbers that read as negative.
        byte[] serial = RandomNumberGenerator.GetBytes(16);
        serial[0] = (byte)((serial[0] & 0x7f) | 0x40);
        return serial;
    }

    private static X509Extension Names(IReadOnlyList<string> names)
    {
        SubjectAlternativeNameBuilder builder = new();
        string[] always = ["localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local", "127.0.0.1", "::1"];
        foreach (string name in always.Concat(names).Distinct())
        {
            if (IPAddress.TryParse(name, out IPAddress? address))
            {
                builder.AddIpAddress(address);
            }
            else
            {
                builder.AddDnsName(name);
            }
        }

        return builder.Build();
    }
}

/// <summary>PEM files below a state directory, readable by their owner only; without a directory nothing is kept.</summary>
internal sealed class CertificateFolder(string? directory)
{
    private readonly string? folder = directory is null ? null : Path.Combine(directory, "pki");

    /// <summary>The texts of these files; null when one of them is missing.</summary>
    public string[]? Read(params string[] names)
    {
        string[] paths = folder is null ? [] : [.. names.Select(name => Path.Combine(folder, name))];
        return paths.Length > 0 && paths.All(File.Exists) ? [.. paths.Select(File.ReadAllText)] : null;
    }

    public void Delete(string name)
    {
        if (folder is not null)
        {
            File.Delete(Path.Combine(folder, name));
        }
    }

    public void Write(string name, string text)
    {
        if (folder is null)
        {
            return;
        }

        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder);
        }
        else
        {
            Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        // Complete or not there: a start that is killed must not leave half a key.
        string temporary = Path.Combine(folder, name + ".tmp");
        FileStreamOptions options = new() { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using (StreamWriter writer = new(temporary, options))
        {
            writer.Write(text);
        }

        File.Move(temporary, Path.Combine(folder, name), overwrite: true);
    }
}
