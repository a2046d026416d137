using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Bowline.EmbeddedCluster.Validation;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Admission;

/// <summary>May a user do this with a signer: <c>approve</c> or <c>sign</c>.</summary>
internal delegate bool SignerCheck(UserInfo user, string verb, string signer);

/// <summary>Who may approve and sign certificate requests, and that nobody asks for a certificate of the masters.</summary>
internal sealed class CertificateAdmission(SignerCheck mayUse)
{
    private const string Requests = "certificatesigningrequests.certificates.k8s.io";
    private const string ApiClient = "kubernetes.io/kube-apiserver-client";

    public void Validate(AdmissionRequest request)
    {
        if (request.Kind.QualifiedPlural != Requests)
        {
            return;
        }

        MapNode about = request.Old ?? request.Object;
        string signer = about.At("spec", "signerName")?.AsString() ?? string.Empty;
        if (request.IsCreate && request.Subresource.Length == 0)
        {
            CheckSubject(request, signer);
        }
        else if (request is { IsUpdate: true, Subresource: "approval" })
        {
            Require(request, "approve", signer);
        }
        else if (request is { IsUpdate: true, Subresource: "status" } && !Same(request.Object.At("status", "certificate"), request.Old?.At("status", "certificate")))
        {
            Require(request, "sign", signer);
        }
    }

    private static bool Same(Node? left, Node? right) => (left?.AsString() ?? string.Empty) == (right?.AsString() ?? string.Empty);

    private void Require(AdmissionRequest request, string verb, string signer)
    {
        int slash = signer.IndexOf('/', StringComparison.Ordinal);
        bool whole = slash > 0 && mayUse(request.User, verb, signer[..slash] + "/*");
        if (!whole && !mayUse(request.User, verb, signer))
        {
            throw ApiErrors.Forbidden(request.Kind, request.Name, $"user not permitted to {verb} requests with signerName \"{signer}\"");
        }
    }

    private static void CheckSubject(AdmissionRequest request, string signer)
    {
        if (signer != ApiClient || request.Object.At("spec", "request")?.AsString() is not { } base64)
        {
            return;
        }

        byte[] pem = new byte[base64.Length];
        if (!Convert.TryFromBase64String(base64, pem, out int length))
        {
            return;
        }

        try
        {
            CertificateRequest asked = CertificateRequest.LoadSigningRequestPem(System.Text.Encoding.UTF8.GetString(pem, 0, length), HashAlgorithmName.SHA256, CertificateRequestLoadOptions.SkipSignatureValidation);
            bool masters = asked.SubjectName.EnumerateRelativeDistinguishedNames().Any(part => !part.HasMultipleElements && part.GetSingleElementType().Value == "2.5.4.10" && part.GetSingleElementValue() == "system:masters");
            if (masters)
            {
                throw ApiErrors.Forbidden(request.Kind, request.Label, $"use of {ApiClient} signer with system:masters group is not allowed");
            }
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            // What is no certificate request is refused by validation, in its words.
        }
    }
}
