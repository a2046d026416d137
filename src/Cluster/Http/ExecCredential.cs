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

    public static async Task<(string Token, DateTimeOffset? Expires)> GetAsync(ExecPlugin plugin, string context, CancellationToken cancellationToken)
    {
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

        start.Environment["KUBERNETES_EXEC_INFO"] =
            $$$"""{"apiVersion":"{{{JsonEncodedText.Encode(plugin.ApiVersion)}}}","kind":"ExecCredential","spec":{"interactive":false}}""";
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

    private static (string Token, DateTimeOffset? Expires) Parse(ExecPlugin plugin, string context, string output)
    {
        try
        {
            Node? status = JsonReader.Read(output)["status"];
            string token = status?["token"]?.AsString() ?? throw Failed(plugin, context, "printed no token");
            DateTimeOffset? expires = DateTimeOffset.TryParse(
                status["expirationTimestamp"]?.AsString(), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset at) ? at : null;
            return (token, expires);
        }
        catch (JsonException)
        {
            throw Failed(plugin, context, "printed no ExecCredential");
        }
    }

    private static ClusterException Failed(ExecPlugin plugin, string context, string problem, Exception? inner = null) =>
        new($"{context}: the credential plugin {plugin.Command} {problem}", 401, "Unauthorized", inner);
}
