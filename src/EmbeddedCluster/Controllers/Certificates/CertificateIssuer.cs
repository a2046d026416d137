using System.Security.Cryptography.X509Certificates;

namespace Bowline.EmbeddedCluster.Controllers.Certificates;

/// <summary>What the certificate controllers have from the cluster that they run in.</summary>
/// <param name="Sign">Signs a request for the usages that it names and for so long; answers the certificate as PEM.</param>
/// <param name="MayBeApproved">Whether who asked may create the subresource (selfnodeclient, nodeclient) of certificatesigningrequests, which is how nodes get their certificates approved.</param>
internal sealed record CertificateIssuer(Func<CertificateRequest, IReadOnlyList<string>, TimeSpan, string> Sign, Func<string, IReadOnlyList<string>, string, bool> MayBeApproved);
