using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Controllers.Certificates;

/// <summary>What a CertificateSigningRequest asks for, as the rules of the signers look at it.</summary>
/// <param name="CommonName">Empty when the subject has none.</param>
/// <param name="OtherNames">The alternative names' numbers in X.509: 1 an email address, 2 a DNS name, 6 a URI, 7 an IP address.</param>
internal sealed record AskedCertificate(string CommonName, IReadOnlyList<string> Organizations, IReadOnlyList<int> OtherNames, IReadOnlyList<string> Usages)
{
    private const string AlternativeNamesId = "2.5.29.17";

    /// <exception cref="CryptographicException">spec.request holds no PKCS#10 request, or one that its key did not sign.</exception>
    public static AskedCertificate Of(MapNode request)
    {
        try
        {
            CertificateRequest asked = Load(request);
            CertificateSubject subject = CertificateSubject.Of(asked.SubjectName);
            return new AskedCertificate(
                subject.CommonName,
                subject.Organizations,
                [.. asked.CertificateExtensions.Where(extension => extension.Oid?.Value == AlternativeNamesId).SelectMany(extension => Tags(extension.RawData))],
                [.. request.Spec()["usages"].Strings()]);
        }
        catch (AsnContentException error)
        {
            throw new CryptographicException(error.Message, error);
        }
    }

    /// <exception cref="CryptographicException">spec.request holds no PKCS#10 request, or one that its key did not sign.</exception>
    public static CertificateRequest Load(MapNode request)
    {
        try
        {
            string pem = Encoding.UTF8.GetString(Convert.FromBase64String(request.Spec().Text("request")));
            return CertificateRequest.LoadSigningRequestPem(pem, HashAlgorithmName.SHA256, CertificateRequestLoadOptions.UnsafeLoadCertificateExtensions, RSASignaturePadding.Pkcs1);
        }
        catch (Exception error) when (error is FormatException or ArgumentException)
        {
            throw new CryptographicException(error.Message, error);
        }
    }

    private static IEnumerable<int> Tags(byte[] names)
    {
        List<int> tags = [];
        AsnReader reader = new AsnReader(names, AsnEncodingRules.DER).ReadSequence();
        while (reader.HasData)
        {
            tags.Add(reader.PeekTag().TagValue);
            reader.ReadEncodedValue();
        }

        return tags;
    }
}
