using System.Collections.Frozen;

namespace Bowline.EmbeddedCluster.Controllers.Certificates;

/// <summary>What each signer of kube-controller-manager signs, and its words for what it does not (pkg/apis/certificates, pkg/controller/certificates/signer).</summary>
internal static class SignerRules
{
    public const string KubeletClient = "kubernetes.io/kube-apiserver-client-kubelet";
    private const string ClientAuth = "client auth";
    private const int Email = 1;
    private const int Dns = 2;
    private const int Uri = 6;
    private const int Address = 7;

    private static readonly FrozenDictionary<string, Func<AskedCertificate, string?>> Signers = new Dictionary<string, Func<AskedCertificate, string?>>
    {
        ["kubernetes.io/kube-apiserver-client"] = RefuseClient,
        [KubeletClient] = RefuseKubeletClient,
        ["kubernetes.io/kubelet-serving"] = RefuseKubeletServing,
    }.ToFrozenDictionary();

    /// <summary>Whether anyone here signs for this name; other signers run elsewhere.</summary>
    public static bool Serves(string signer) => Signers.ContainsKey(signer);

    /// <summary>Why this signer does not sign; null when it does.</summary>
    public static string? Refusal(string signer, AskedCertificate asked) => Signers[signer](asked);

    private static string? RefuseClient(AskedCertificate asked) =>
        asked.Usages.FirstOrDefault(usage => usage is not ("digital signature" or "key encipherment" or ClientAuth)) is { } other ? $"invalid usage for client certificate: {other}"
        : asked.Usages.Contains(ClientAuth) ? null
        : $"missing required usage for client certificate: {ClientAuth}";

    private static string? RefuseKubeletClient(AskedCertificate asked) =>
        !IsForNodes(asked) ? "subject organization is not system:nodes"
        : asked.OtherNames.Contains(Dns) ? "DNS subjectAltNames are not allowed"
        : asked.OtherNames.Contains(Email) ? "Email subjectAltNames are not allowed"
        : asked.OtherNames.Contains(Address) ? "IP subjectAltNames are not allowed"
        : asked.OtherNames.Contains(Uri) ? "URI subjectAltNames are not allowed"
        : !IsNamedAfterNode(asked) ? "subject common name does not begin with system:node:"
        : !Matches(asked, ClientAuth) ? "usages did not match [client auth digital signature key encipherment]"
        : null;

    private static string? RefuseKubeletServing(AskedCertificate asked) =>
        !IsForNodes(asked) ? "subject organization is not system:nodes"
        : !asked.OtherNames.Any(name => name is Dns or Address) ? "DNS or IP subjectAltName is required"
        : asked.OtherNames.Contains(Email) ? "Email subjectAltNames are not allowed"
        : asked.OtherNames.Contains(Uri) ? "URI subjectAltNames are not allowed"
        : !Matches(asked, "server auth") ? "usages did not match [digital signature key encipherment server auth]"
        : !IsNamedAfterNode(asked) ? "subject common name does not begin with system:node:"
        : null;

    private static bool IsForNodes(AskedCertificate asked) => asked.Organizations is ["system:nodes"];

    private static bool IsNamedAfterNode(AskedCertificate asked) => asked.CommonName.StartsWith("system:node:", StringComparison.Ordinal);

    /// <summary>Keys that cannot encipher are asked for without that usage.</summary>
    private static bool Matches(AskedCertificate asked, string purpose)
    {
        HashSet<string> usages = [.. asked.Usages];
        return usages.SetEquals(["digital signature", purpose]) || usages.SetEquals(["digital signature", "key encipherment", purpose]);
    }
}
