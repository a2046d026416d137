using System.Text;

namespace Bowline.EmbeddedCluster.Hosting;

/// <summary>Kubeconfigs that reach a host.</summary>
internal static class KubeconfigText
{
    public static string Of(EmbeddedClusterHost host)
    {
        string name = host.Name;
        return $"""
            apiVersion: v1
            kind: Config
            clusters:
            - name: {name}
              cluster:
                server: {host.Server.ToString().TrimEnd('/')}
                certificate-authority-data: {Data(host.CertificateAuthority)}
            users:
            - name: {name}
              user:
                client-certificate-data: {Data(host.ClientCertificate)}
                client-key-data: {Data(host.ClientKey)}
            contexts:
            - name: {name}
              context:
                cluster: {name}
                user: {name}
            current-context: {name}

            """;
    }

    private static string Data(string pem) => Convert.ToBase64String(Encoding.UTF8.GetBytes(pem));
}
