using System.Security.Cryptography.X509Certificates;
using Bowline.EmbeddedCluster.Admission;
using Bowline.EmbeddedCluster.ApiServer;
using Bowline.EmbeddedCluster.Controllers.Certificates;
using Microsoft.AspNetCore.Http;

namespace Bowline.EmbeddedCluster.Hosting;

/// <summary>A client certificate's subject as Kubernetes reads it: CN is the user, every O a group.</summary>
internal static class CertificateUser
{
    public static UserInfo Of(X509Certificate2 certificate)
    {
        CertificateSubject subject = CertificateSubject.Of(certificate.SubjectName);
        string digest = Convert.ToHexStringLower(certificate.GetCertHash(System.Security.Cryptography.HashAlgorithmName.SHA256));
        return new UserInfo(subject.CommonName, [.. subject.Organizations, "system:authenticated"]) { Uid = subject.Uid, Extra = new Dictionary<string, IReadOnlyList<string>> { ["authentication.kubernetes.io/credential-id"] = ["X509SHA256=" + digest] } };
    }
}

/// <summary>Reads the Impersonate headers.</summary>
internal static class Impersonation
{
    public static ImpersonatedUser? From(IHeaderDictionary headers)
    {
        string user = headers["Impersonate-User"].ToString();
        string[] groups = [.. headers["Impersonate-Group"].OfType<string>()];
        string uid = headers["Impersonate-Uid"].ToString();
        Dictionary<string, IReadOnlyList<string>> extra = [];
        foreach ((string key, Microsoft.Extensions.Primitives.StringValues values) in headers)
        {
            if (key.StartsWith("Impersonate-Extra-", StringComparison.OrdinalIgnoreCase))
            {
                extra[Uri.UnescapeDataString(key["Impersonate-Extra-".Length..].ToLowerInvariant())] = [.. values.OfType<string>()];
            }
        }

        return user.Length == 0 && groups.Length == 0 && uid.Length == 0 && extra.Count == 0 ? null : new ImpersonatedUser(user, groups, uid, extra);
    }
}
