using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Bowline.Cluster.Kubeconfig;
using Bowline.Cluster.Requests;
using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.Cluster.Http;

/// <summary>Runs an allowed credential plugin (client.authentication.k8s.io) and reads the token it prints; never shows what it printed.</summary>
internal static class ExecCredential
{
    private const int MaxOutput = 1024 * 1024;

    public static async Task<ExecAnswer> GetAsync(ExecPlugin plugin, ClusterConnection connection, CancellationToken cancellationToken)
    {
        string context = connection.Name;
        ProcessStartInfo start = new(plugin.Command, plugin.Arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardInput = true,
            UseShellExecute = false,
        };
        foreach ((string key, string value) in plugin.Environment)
        {
            start.Environment[key] = value;
        }

        start.Environment["KUBERNETES_EXEC_INFO"] = JsonWriter.ToText(Request(plugin, connection));
        string output;
        try
        {
            using Process process = Process.Start(start)!;
            process.StandardInput.Close();
            output = await ReadAsync(process, cancellationToken).ConfigureAwait(false);
            if (process.ExitCode != 0)
            {
                throw Failed(plugin, context, $"ended with exit code {process.ExitCode}");
            }
        }
        catch (Win32Exception error)
        {
            throw Failed(plugin, context, "cannot be started", error);
        }

        return Parse(plugin, context, output);
    }

    private static MapNode Request(ExecPlugin plugin, ClusterConnection connection)
    {
        MapNode spec = new() { ["interactive"] = false };
        if (plugin.ProvideClusterInfo)
        {
            MapNode cluster = new() { ["server"] = connection.Server.ToString().TrimEnd('/') };
            void Say(string name, string? value)
            {
                if (value is not null)
                {
                    cluster[name] = value;
                }
            }

            Say("tls-server-name", connection.TlsServerName);
            Say("certificate-authority-data", connection.CertificateAuthority is null ? null : Convert.ToBase64String(Encoding.UTF8.GetBytes(connection.CertificateAuthority)));
            Say("proxy-url", connection.Proxy?.ToString());
            if (connection.SkipTlsVerify)
            {
                cluster["insecure-skip-tls-verify"] = true;
            }

            if (plugin.ClusterConfig is { } config)
            {
                cluster["config"] = config;
            }

            spec["cluster"] = cluster;
        }

        return new MapNode { ["apiVersion"] = plugin.ApiVersion, ["kind"] = "ExecCredential", ["spec"] = spec };
    }

    private static async Task<string> ReadAsync(Process process, CancellationToken cancellationToken)
    {
        try
        {
            StringBuilder output = new();
            char[] buffer = new char[4096];
            while (await process.StandardOutput.ReadAsync(buffer, cancellationToken).ConfigureAwait(false) is > 0 and int count && output.Length < MaxOutput)
            {
                output.Append(buffer, 0, count);
            }

            await process.WaitForExitAsync(cancellationToken).ConfigureAwait(false);
            return output.ToString();
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }

    private static ExecAnswer Parse(ExecPlugin plugin, string context, string output)
    {
        try
        {
            Node? status = JsonReader.Read(output)["status"];
            string? token = status?["token"]?.AsString();
            string? certificate = status?["clientCertificateData"]?.AsString();
            string? key = status?["clientKeyData"]?.AsString();
            if (token is null && (certificate is null || key is null))
            {
                throw Failed(plugin, context, "printed neither a token nor a client certificate with its key");
            }

            DateTimeOffset? expires = DateTimeOffset.TryParse(
                status!["expirationTimestamp"]?.AsString(), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset at) ? at : null;
            return new ExecAnswer(token, certificate, key, expires);
        }
        catch (JsonException)
        {
            throw Failed(plugin, context, "printed no ExecCredential");
        }
    }

    private static ClusterException Failed(ExecPlugin plugin, string context, string problem, Exception? inner = null) =>
        new($"{context}: the credential plugin {plugin.Command} {problem}", 401, "Unauthorized", inner);
}

/// <summary>What a credential plugin gives: a token, a client certificate with its key (PEM), or both.</summary>
internal sealed record ExecAnswer(string? Token, string? Certificate, string? Key, DateTimeOffset? Expires)
{
    public override string ToString() => "***";
}
