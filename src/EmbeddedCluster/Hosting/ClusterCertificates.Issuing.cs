using System.Collections.Frozen;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Bowline.EmbeddedCluster.Hosting;

internal sealed partial class ClusterCertificates
{
    private const string AlternativeNamesId = "2.5.29.17";
    private static readonly TimeSpan Backdate = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Short = TimeSpan.FromHours(8);

    private static readonly FrozenDictionary<string, X509KeyUsageFlags> KeyUsages = new Dictionary<string, X509KeyUsageFlags>
    {
        ["digital signature"] = X509KeyUsageFlags.DigitalSignature,
        ["key encipherment"] = X509KeyUsageFlags.KeyEncipherment,
    }.ToFrozenDictionary();

    private static readonly FrozenDictionary<string, string> Purposes = new Dictionary<string, string>
    {
        ["server auth"] = "1.3.6.1.5.5.7.3.1",
        ["client auth"] = "1.3.6.1.5.5.7.3.2",
    }.ToFrozenDictionary();

    /// <summary>
    /// Signs a request as kube-controller-manager does: its subject and its alternative names, nothing else that it asks for; valid
    /// from five minutes ago, which count only for what lives eight hours and longer, and never longer than the authority.
    /// </summary>
    /// <param name="usages">As certificates.k8s.io names them, of those that the signers here allow.</param>
    /// <returns>PEM.</returns>
    public string Issue(CertificateRequest asked, IReadOnlyList<string> usages, TimeSpan life, TimeProvider time)
    {
        CertificateRequest request = new(asked.SubjectName, asked.PublicKey, HashAlgorithmName.SHA256);
        X509KeyUsageFlags keyUsage = usages.Aggregate(X509KeyUsageFlags.None, (flags, usage) => flags | KeyUsages.GetValueOrDefault(usage));
        if (keyUsage != X509KeyUsageFlags.None)
        {
            request.CertificateExtensions.Add(new X509KeyUsageExtension(keyUsage, true));
        }

        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([.. usages.Where(Purposes.ContainsKey).Select(usage => new Oid(Purposes[usage]))], false));
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(authority, true, false));
        foreach (X509Extension names in asked.CertificateExtensions.Where(extension => extension.Oid?.Value == AlternativeNamesId))
        {
            request.CertificateExtensions.Add(new X509Extension(AlternativeNamesId, names.RawData, names.Critical));
        }

        DateTimeOffset now = time.GetUtcNow();
        DateTimeOffset until = now + (life < Short ? life : life - Backdate);
        DateTimeOffset most = authority.NotAfter.ToUniversalTime();

        // By way of a generator: the key in the request need not be of the authority's kind.
        using ECDsa key = authority.GetECDsaPrivateKey()!;
        using X509Certificate2 issued = request.Create(authority.SubjectName, X509SignatureGenerator.CreateForECDsa(key), now - Backdate, until < most ? until : most, SerialNumber());
        return issued.ExportCertificatePem();
    }
}
