using Bowline.Resources.Model;

namespace Bowline.Cluster.Kubeconfig;

/// <summary>Makes a connection of a context's cluster and user.</summary>
internal static class ConnectionReader
{
    public static ClusterConnection Read(string name, KubeconfigEntry context, KubeconfigEntry cluster, KubeconfigEntry? user, KubeconfigOptions options)
    {
        ClusterConnection connection = new(name, Address(cluster, "server") ?? throw cluster.Error("has no server"))
        {
            CertificateAuthority = cluster.DataOrFile("certificate-authority"),
            SkipTlsVerify = cluster.Flag("insecure-skip-tls-verify"),
            TlsServerName = NullIfEmpty(cluster.Text("tls-server-name")),
            Proxy = Address(cluster, "proxy-url"),
            DisableCompression = cluster.Flag("disable-compression"),
            Namespace = context.Text("namespace"),
        };
        if (connection.SkipTlsVerify && connection.CertificateAuthority is not null)
        {
            throw cluster.Error("has a certificate authority and insecure-skip-tls-verify; they exclude each other");
        }

        return user is null ? connection : WithUser(connection, user, cluster, options);
    }

    private static ClusterConnection WithUser(ClusterConnection connection, KubeconfigEntry user, KubeconfigEntry cluster, KubeconfigOptions options)
    {
        if (user.Node["auth-provider"] is { IsNull: false } provider)
        {
            throw user.Error("uses an auth-provider, which Kubernetes no longer has; use a token or an allowed exec plugin", provider);
        }

        string? certificate = user.DataOrFile("client-certificate");
        string? key = user.DataOrFile("client-key");
        if (certificate is null != key is null)
        {
            throw user.Error(certificate is null ? "has a client key without certificate" : "has a client certificate without key");
        }

        string tokenFile = user.Text("tokenFile");
        return connection with
        {
            ClientCertificate = certificate,
            ClientKey = key,
            Token = NullIfEmpty(user.Text("token")),
            TokenFile = tokenFile.Length == 0 ? null : user.Located(tokenFile),
            Username = NullIfEmpty(user.Text("username")),
            Password = NullIfEmpty(user.Text("password")),
            As = ReadImpersonation(user),
            Exec = user.Node["exec"] is { IsNull: false } exec ? ReadExec(user, exec, options) with { ClusterConfig = ConfigFor(cluster) } : null,
        };
    }

    private static Impersonation? ReadImpersonation(KubeconfigEntry user)
    {
        string group = Only(user, "as-groups", user.Node["as-groups"]);
        Dictionary<string, string> extra = (user.Node["as-user-extra"]?.AsMap() ?? []).ToDictionary(member => member.Key, member => Only(user, "as-user-extra", member.Value), StringComparer.Ordinal);
        if (user.Text("as") is { Length: > 0 } name)
        {
            return new Impersonation(name) { Uid = user.Text("as-uid"), Group = group, Extra = extra };
        }

        return group.Length == 0 && extra.Count == 0 && user.Text("as-uid").Length == 0 ? null : throw user.Error("says as-uid, as-groups or as-user-extra without as: whom to act as is missing");
    }

    private static string Only(KubeconfigEntry user, string key, Node? list) => Texts(list) switch
    {
        [] => string.Empty,
        [string one] => one,
        _ => throw user.Error($"{key} has several values, and only one can be sent; act as a user who has these groups", list),
    };

    private static IReadOnlyList<string> Texts(Node? list) => [.. (list?.AsList() ?? []).Select(item => item.AsString() ?? string.Empty)];

    private static ExecPlugin ReadExec(KubeconfigEntry user, Node exec, KubeconfigOptions options)
    {
        string command = exec["command"]?.AsString() ?? string.Empty;
        // A path could name any program that happens to be called like an allowed one.
        if (!options.AllowedExecPlugins.Contains(command) || command.AsSpan().IndexOfAny('/', '\\') >= 0)
        {
            throw user.Error($"runs the program {command} to log in, which is not allowed; allow it by its name (--allow-exec {Path.GetFileName(command)}), with which it has to stand in the kubeconfig, or use a token", exec);
        }

        if (exec["interactiveMode"]?.AsString() == "Always")
        {
            throw user.Error($"runs the program {command}, which wants to ask at a terminal (interactiveMode: Always); a delivery runs by itself, so use a login that asks nothing", exec);
        }

        Dictionary<string, string> environment = new(StringComparer.Ordinal);
        foreach (Node variable in exec["env"]?.AsList() ?? [])
        {
            if (variable["name"]?.AsString() is { Length: > 0 } key)
            {
                environment[key] = variable["value"]?.AsString() ?? string.Empty;
            }
        }

        return new ExecPlugin(command, Texts(exec["args"]), exec["apiVersion"]?.AsString() ?? "client.authentication.k8s.io/v1")
        {
            Environment = environment,
            ProvideClusterInfo = exec["provideClusterInfo"]?.AsBool() == true,
            InstallHint = exec["installHint"]?.AsString() ?? string.Empty,
        };
    }

    private static Node? ConfigFor(KubeconfigEntry cluster) => (cluster.Node["extensions"]?.AsList() ?? [])
        .FirstOrDefault(extension => extension["name"]?.AsString() == "client.authentication.k8s.io/exec")?["extension"];

    private static Uri? Address(KubeconfigEntry cluster, string key)
    {
        string text = cluster.Text(key);
        if (text.Length == 0)
        {
            return null;
        }

        // kubectl takes host:port for http; everyone means https.
        string absolute = text.Contains("://", StringComparison.Ordinal) ? text : $"https://{text}";
        bool proxy = key == "proxy-url";
        return Uri.TryCreate(absolute, UriKind.Absolute, out Uri? address)
            && (address.Scheme is "https" or "http" || (proxy && address.Scheme is "socks5"))
            && (proxy || address.UserInfo.Length == 0)
            ? address
            : throw cluster.Error($"{key} is not an http or https address without user", cluster.Node[key]);
    }

    private static string? NullIfEmpty(string text) => text.Length == 0 ? null : text;
}
