using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Bowline.Cluster.Requests;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Controllers.Certificates;

/// <summary>
/// CertificateSigningRequests: approves those of nodes, as csrapproving does, signs what is approved, as csrsigning does, and removes
/// what is done with, as csrcleaner does.
/// </summary>
internal sealed class CertificateRequests(ControlPlane plane, CertificateIssuer issuer) : Reconciler(plane)
{
    private static readonly TimeSpan LongestLife = TimeSpan.FromDays(365);
    private static readonly TimeSpan ShortestLife = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan PendingFor = TimeSpan.FromHours(24);
    private static readonly TimeSpan DecidedFor = TimeSpan.FromHours(1);
    private readonly KindMirror requests = plane.Mirror("certificates.k8s.io", "CertificateSigningRequest");

    public override void Subscribe() => WatchOwn(requests);

    public override async Task<TimeSpan?> ReconcileAsync(ObjectName key, CancellationToken cancellationToken)
    {
        if (requests.Get(key) is not { } request || request.IsDeleting())
        {
            return null;
        }

        TimeSpan? left = Expiry(request) - Plane.Now;
        if (left <= TimeSpan.Zero)
        {
            await Plane.Writer.DeleteAsync(requests, request, DeleteOptions.Background, cancellationToken).ConfigureAwait(false);
            return null;
        }

        if (Next(request) is { } status)
        {
            MapNode changed = ClusterWriter.Shallow(request);
            changed["status"] = status.Status;
            await Plane.Writer.UpdateSubresourceAsync(requests, changed, status.Subresource, cancellationToken).ConfigureAwait(false);
        }

        return left;
    }

    /// <summary>The status that is due, and where it is written; null when none is.</summary>
    private (MapNode Status, string Subresource)? Next(MapNode request)
    {
        MapNode status = request.Status();
        string signer = request.Spec().Text("signerName");
        if (status.Text("certificate").Length > 0 || status.ConditionIs("Denied", "True") || status.ConditionIs("Failed", "True") || !SignerRules.Serves(signer))
        {
            return null;
        }

        AskedCertificate asked = AskedCertificate.Of(request);
        if (!status.ConditionIs("Approved", "True"))
        {
            return signer == SignerRules.KubeletClient && Approval(request, asked) is { } message
                ? (With(status, "Approved", "AutoApproved", message), "approval")
                : null;
        }

        if (SignerRules.Refusal(signer, asked) is { } refusal)
        {
            return (With(status, "Failed", "SignerValidationFailure", refusal), "status");
        }

        MapNode signed = status.Clone();
        signed["certificate"] = Convert.ToBase64String(Encoding.UTF8.GetBytes(issuer.Sign(AskedCertificate.Load(request), asked.Usages, Life(request)) + "\n"));
        return (signed, "status");
    }

    private string? Approval(MapNode request, AskedCertificate asked)
    {
        if (SignerRules.Refusal(SignerRules.KubeletClient, asked) is not null)
        {
            return null;
        }

        string user = request.Spec().Text("username");
        string[] groups = [.. request.Spec()["groups"].Strings()];
        return user == asked.CommonName && issuer.MayBeApproved(user, groups, "selfnodeclient") ? "Auto approving self kubelet client certificate after SubjectAccessReview."
            : issuer.MayBeApproved(user, groups, "nodeclient") ? "Auto approving kubelet client certificate after SubjectAccessReview."
            : null;
    }

    private MapNode With(MapNode status, string type, string reason, string message)
    {
        MapNode changed = status.Clone();
        MapNode condition = new() { ["type"] = type, ["status"] = "True", ["reason"] = reason, ["message"] = message, ["lastUpdateTime"] = Plane.Now.Stamp() };
        changed["conditions"] = new ListNode((changed["conditions"] as ListNode ?? []).Append(condition));
        return changed;
    }

    private static TimeSpan Life(MapNode request)
    {
        TimeSpan asked = TimeSpan.FromSeconds(request.Spec().Int("expirationSeconds", (int)LongestLife.TotalSeconds));
        return asked > LongestLife ? LongestLife : asked < ShortestLife ? ShortestLife : asked;
    }

    /// <summary>When the request is removed: a day after it was made if nobody has decided, an hour after the decision, and when the certificate is worth nothing any more.</summary>
    private static DateTimeOffset? Expiry(MapNode request)
    {
        MapNode status = request.Status();
        DateTimeOffset? created = request.CreatedAt();
        if (status["conditions"].Maps().FirstOrDefault(condition => condition.Text("type") is "Denied" or "Failed") is { } refused)
        {
            return (refused["lastUpdateTime"].Time() ?? created) + DecidedFor;
        }

        if (status.Condition("Approved") is not { } approved)
        {
            return created + PendingFor;
        }

        if (status.Text("certificate") is not { Length: > 0 } certificate)
        {
            return null;
        }

        DateTimeOffset? done = (approved["lastUpdateTime"].Time() ?? created) + DecidedFor;
        return EndOf(certificate) is { } end && end < done ? end : done;
    }

    private static DateTimeOffset? EndOf(string certificate)
    {
        try
        {
            using X509Certificate2 issued = X509Certificate2.CreateFromPem(Encoding.UTF8.GetString(Convert.FromBase64String(certificate)));
            return issued.NotAfter.ToUniversalTime();
        }
        catch (Exception error) when (error is CryptographicException or FormatException)
        {
            // Another signer wrote it; how long it holds is not known here.
            return null;
        }
    }
}
