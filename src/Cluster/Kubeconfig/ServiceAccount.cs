namespace Bowline.Cluster.Kubeconfig;

/// <summary>The way to the cluster that this process runs in as a pod.</summary>
public static class ServiceAccount
{
    /// <summary>The name by which it goes.</summary>
    public const string Context = "in-cluster";

    internal const string Folder = "/var/run/secrets/kubernetes.io/serviceaccount";

    /// <summary>Null outside of a cluster.</summary>
    public static ClusterConnection? Connection(string folder = Folder)
    {
        string? host = Environment.GetEnvironmentVariable("KUBERNETES_SERVICE_HOST");
        string? port = Environment.GetEnvironmentVariable("KUBERNETES_SERVICE_PORT");
        string token = Path.Combine(folder, "token");
        if (string.IsNullOrEmpty(host) || string.IsNullOrEmpty(port) || !File.Exists(token))
        {
            return null;
        }

        string literal = host.Contains(':', StringComparison.Ordinal) ? $"[{host}]" : host;
        string authority = Path.Combine(folder, "ca.crt");
        string @namespace = Path.Combine(folder, "namespace");
        return new ClusterConnection(Context, new Uri($"https://{literal}:{port}"))
        {
            CertificateAuthority = File.Exists(authority) ? File.ReadAllText(authority) : null,
            TokenFile = token,
            Namespace = File.Exists(@namespace) ? File.ReadAllText(@namespace).Trim() : string.Empty,
        };
    }
}
