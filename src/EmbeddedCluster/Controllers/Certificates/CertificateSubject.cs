using System.Formats.Asn1;
using System.Security.Cryptography.X509Certificates;

namespace Bowline.EmbeddedCluster.Controllers.Certificates;

/// <summary>A certificate's subject as Kubernetes reads it (Go's crypto/x509): the last CN, every O, however they are put together.</summary>
/// <param name="CommonName">Empty when there is none.</param>
/// <param name="Uid">The user's uid (1.3.6.1.4.1.57683.2); empty when there is none.</param>
internal sealed record CertificateSubject(string CommonName, IReadOnlyList<string> Organizations, string Uid)
{
    /// <exception cref="AsnContentException">The name is not what it should be.</exception>
    public static CertificateSubject Of(X500DistinguishedName name)
    {
        (string commonName, List<string> organizations, string uid) = (string.Empty, [], string.Empty);
        AsnReader sets = new AsnReader(name.RawData, AsnEncodingRules.DER).ReadSequence();
        while (sets.HasData)
        {
            // One element of the name may hold several attributes.
            AsnReader set = sets.ReadSetOf(skipSortOrderValidation: true);
            while (set.HasData)
            {
                AsnReader part = set.ReadSequence();
                switch (part.ReadObjectIdentifier(), Text(part))
                {
                    case ("2.5.4.3", { } text):
                        commonName = text;
                        break;
                    case ("2.5.4.10", { } text):
                        organizations.Add(text);
                        break;
                    case ("1.3.6.1.4.1.57683.2", { } text):
                        uid = text;
                        break;
                    default:
                        break;
                }
            }
        }

        return new CertificateSubject(commonName, organizations, uid);
    }

    /// <summary>Null for values that are no text, which Go passes over.</summary>
    private static string? Text(AsnReader part) => (UniversalTagNumber)part.PeekTag().TagValue switch
    {
        UniversalTagNumber.UTF8String or UniversalTagNumber.PrintableString or UniversalTagNumber.IA5String or UniversalTagNumber.NumericString
            or UniversalTagNumber.T61String or UniversalTagNumber.BMPString => part.ReadCharacterString((UniversalTagNumber)part.PeekTag().TagValue),
        _ => null,
    };
}
