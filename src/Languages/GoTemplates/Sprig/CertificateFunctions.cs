using System.Formats.Asn1;
using System.Net;
using System.Numerics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Bowline.Languages.GoTemplates.Parsing;
using Bowline.Languages.GoTemplates.Values;
using Bowline.Resources.Model;
using static Bowline.Languages.GoTemplates.Sprig.FunctionList;

namespace Bowline.Languages.GoTemplates.Sprig;

/// <summary>Private keys and X.509 certificates, RSA 2048 unless a key is given.</summary>
internal static class CertificateFunctions
{
    private const string Ed25519Prefix = "302e020100300506032b657004220420";
    private static readonly GoType Certificate = GoType.Struct("sprig.certificate");

    public static FunctionList All() => new()
    {
        { "genPrivateKey", call => GeneratePrivateKey(call, call.Text(0)), Text },
        { "buildCustomCert", BuildCustom, Text, Text },
        { "genCA", call => Authority(call, NewKey(call)), Text, Int },
        { "genCAWithKey", call => Authority(call, ReadKey(call.Text(2))), Text, Int, Text },
        { "genSelfSignedCert", call => Leaf(call, null, NewKey(call)), Text, List, List, Int },
        { "genSelfSignedCertWithKey", call => Leaf(call, null, ReadKey(call.Text(4))), Text, List, List, Int, Text },
        { "genSignedCert", call => Leaf(call, call[4], NewKey(call)), Text, List, List, Int, Certificate },
        { "genSignedCertWithKey", call => Leaf(call, call[4], ReadKey(call.Text(5))), Text, List, List, Int, Certificate, Text },
    };

    private static string GeneratePrivateKey(FunctionCall call, string type)
    {
        CryptoFunctions.ChargeSlow(call);
        switch (type)
        {
            case "" or "rsa":
                using (RSA rsa = RSA.Create(4096))
                {
                    return Pem("RSA PRIVATE KEY", rsa.ExportRSAPrivateKey());
                }

            case "dsa":
                return Pem("DSA PRIVATE KEY", NewDsaKey());
            case "ecdsa":
                using (ECDsa ecdsa = ECDsa.Create(ECCurve.NamedCurves.nistP256))
                {
                    return Pem("EC PRIVATE KEY", ecdsa.ExportECPrivateKey());
                }

            case "ed25519":
                return Pem("PRIVATE KEY", [.. Convert.FromHexString(Ed25519Prefix), .. RandomNumberGenerator.GetBytes(32)]);
            default:
                return "Unknown type " + type;
        }
    }

    private static byte[] NewDsaKey()
    {
        using DSA dsa = DSA.Create(2048);
        DSAParameters parameters = dsa.ExportParameters(true);
        AsnWriter writer = new(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            writer.WriteInteger(0);
            foreach (byte[]? part in (byte[]?[])[parameters.P, parameters.Q, parameters.G, parameters.Y, parameters.X])
            {
                writer.WriteInteger(new BigInteger(part, isUnsigned: true, isBigEndian: true));
            }
        }

        return writer.Encode();
    }

    private static string Pem(string label, byte[] data) => PemEncoding.WriteString(label, data) + "\n";

    private static AsymmetricAlgorithm NewKey(FunctionCall call)
    {
        CryptoFunctions.ChargeSlow(call);
        return RSA.Create(2048);
    }

    private static AsymmetricAlgorithm ReadKey(string pem)
    {
        foreach (Func<AsymmetricAlgorithm> create in (Func<AsymmetricAlgorithm>[])[RSA.Create, ECDsa.Create])
        {
            AsymmetricAlgorithm key = create();
            try
            {
                key.ImportFromPem(pem);
                return key;
            }
            catch (Exception exception) when (exception is CryptographicException or ArgumentException)
            {
                // Not a key of this kind; perhaps of the next one.
                key.Dispose();
            }
        }

        throw new GoError("error parsing private key: unsupported or malformed key");
    }

    private static string KeyPem(AsymmetricAlgorithm key) => key is RSA rsa
        ? Pem("RSA PRIVATE KEY", rsa.ExportRSAPrivateKey())
        : Pem("EC PRIVATE KEY", ((ECDsa)key).ExportECPrivateKey());

    private static GoObject Authority(FunctionCall call, AsymmetricAlgorithm key)
    {
        using (key)
        {
            CertificateRequest request = Request(call.Text(0), key);
            request.CertificateExtensions.Add(new X509KeyUsageExtension(
                X509KeyUsageFlags.KeyEncipherment | X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.KeyCertSign, critical: true));
            AddUsages(request);
            request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, critical: true));
            request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
            return Result(Sign(call, request, request.SubjectName, key, call.Integer(1)), key);
        }
    }

    private static GoObject Leaf(FunctionCall call, Node? authority, AsymmetricAlgorithm key)
    {
        using (key)
        {
            CertificateRequest request = Request(call.Text(0), key);
            request.CertificateExtensions.Add(new X509KeyUsageExtension(
                X509KeyUsageFlags.KeyEncipherment | X509KeyUsageFlags.DigitalSignature, critical: true));
            AddUsages(request);
            request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, critical: true));
            AddNames(request, call[1], call[2]);
            if (authority is not GoValue issuer)
            {
                return Result(Sign(call, request, request.SubjectName, key, call.Integer(3)), key);
            }

            using X509Certificate2 issuerCertificate = ReadCertificate(FieldText(issuer, "Cert"));
            using AsymmetricAlgorithm issuerKey = ReadKey(FieldText(issuer, "Key"));
            request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(issuerCertificate, true, false));
            return Result(Sign(call, request, issuerCertificate.SubjectName, issuerKey, call.Integer(3)), key);
        }
    }

    private static CertificateRequest Request(string commonName, AsymmetricAlgorithm key)
    {
        X500DistinguishedNameBuilder name = new();
        name.AddCommonName(commonName.Length == 0 ? " " : commonName);
        X500DistinguishedName subject = name.Build();
        return key is RSA rsa
            ? new CertificateRequest(subject, rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            : new CertificateRequest(subject, (ECDsa)key, HashAlgorithmName.SHA256);
    }

    private static void AddUsages(CertificateRequest request) => request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension(
        [new Oid("1.3.6.1.5.5.7.3.1"), new Oid("1.3.6.1.5.5.7.3.2")], critical: false));

    private static void AddNames(CertificateRequest request, Node addresses, Node names)
    {
        SubjectAlternativeNameBuilder alternatives = new();
        foreach (Node address in GoTree.Items(addresses) ?? [])
        {
            string text = address.AsString() ?? throw new GoError($"error parsing ip: {Cast.ToText(address)} is not a string");
            alternatives.AddIpAddress(IPAddress.TryParse(text, out IPAddress? ip) ? ip : throw new GoError($"error parsing ip: {text}"));
        }

        foreach (Node name in GoTree.Items(names) ?? [])
        {
            alternatives.AddDnsName(name.AsString() ?? throw new GoError($"error processing alternate dns name: {Cast.ToText(name)} is not a string"));
        }

        if ((GoTree.Items(addresses)?.Count ?? 0) + (GoTree.Items(names)?.Count ?? 0) > 0)
        {
            request.CertificateExtensions.Add(alternatives.Build());
        }
    }

    private static string Sign(FunctionCall call, CertificateRequest request, X500DistinguishedName issuer, AsymmetricAlgorithm key, long days)
    {
        DateTimeOffset from = call.Run.Clock.GetUtcNow();
        DateTimeOffset to = from.AddDays(Math.Clamp(days, -3650, 365_000));
        X509SignatureGenerator generator = key is RSA rsa
            ? X509SignatureGenerator.CreateForRSA(rsa, RSASignaturePadding.Pkcs1)
            : X509SignatureGenerator.CreateForECDsa((ECDsa)key);
        byte[] serial = RandomFunctions.Bytes(call.Run, 16);
        serial[0] &= 0x7F;
        using X509Certificate2 certificate = request.Create(issuer, generator, to < from ? to : from, to, serial);
        return Pem("CERTIFICATE", certificate.RawData);
    }

    private static X509Certificate2 ReadCertificate(string pem)
    {
        try
        {
            return X509Certificate2.CreateFromPem(pem);
        }
        catch (CryptographicException exception)
        {
            throw new GoError("unable to decode certificate", exception);
        }
    }

    private static GoObject BuildCustom(FunctionCall call)
    {
        string certificate = Decode(call.Text(0), "unable to decode base64 certificate");
        string key = Decode(call.Text(1), "unable to decode base64 private key");
        ReadCertificate(certificate).Dispose();
        ReadKey(key).Dispose();
        return Result(certificate, key);
    }

    private static string Decode(string text, string error) =>
        EncodingFunctions.DecodeBase64(text, out _) is { } bytes ? GoText.FromBytes(bytes) : throw new GoError(error);

    private static GoObject Result(string certificate, AsymmetricAlgorithm key) => Result(certificate, KeyPem(key));

    private static GoObject Result(string certificate, string key) => new(Certificate, [new("Cert", certificate), new("Key", key)]);

    private static string FieldText(GoValue certificate, string name) =>
        certificate.TryField(name, out Node? field) ? field.AsString() ?? string.Empty : string.Empty;
}
