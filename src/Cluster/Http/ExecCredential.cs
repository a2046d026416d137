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

    /// <param name="patience">How long the program may take; one that hangs is killed with its children.</param>
    public static async Task<ExecAnswer> GetAsync(ExecPlugin plugin, ClusterConnection connection, TimeSpan patience, TimeProvider time, CancellationToken cancellationToken)
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
        using CancellationTokenSource limit = new(patience, time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            using Process process = Process.Start(start)!;
            process.StandardInput.Close();
            string output = await ReadAsync(process, either.Token).ConfigureAwait(false) ?? throw Failed(plugin, context, $"prints more than {MaxOutput} characters");
            return process.ExitCode == 0 ? Parse(plugin, context, output) : throw Failed(plugin, context, $"ended with exit code {process.ExitCode}");
        }
        catch (Win32Exception error)
        {
            throw Failed(plugin, context, $"cannot be started; is it on the PATH?{(plugin.InstallHint.Length == 0 ? string.Empty : $" {plugin.InstallHint}")}", error);
        }
        catch (OperationCanceledException error) when (!cancellationToken.IsCancellationRequested)
        {
            throw Failed(plugin, context, $"gives no answer within {patience.TotalSeconds:0.#} s and was ended", error);
        }
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

    /// <summary>Null when it prints too much.</summary>
    private static async Task<string?> ReadAsync(Process process, CancellationToken cancellationToken)
    {
        bool ended = false;
        try
        {
            StringBuilder output = new();
            char[] buffer = new char[4096];
            while (await process.StandardOutput.ReadAsync(buffer, cancellationToken).ConfigureAwait(false) is > 0 and int count)
            {
                output.Append(buffer, 0, count);
                if (output.Length > MaxOutput)
                {
                    return null;
                }
            }

            await process.WaitForExitAsync(cancellationToken).ConfigureAwait(false);
            ended = true;
            return output.ToString();
        }
        finally
        {
            if (!ended)
            {
                process.Kill(entireProcessTree: true);
            }
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
