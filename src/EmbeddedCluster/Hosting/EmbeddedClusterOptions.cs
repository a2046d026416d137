using System.Net;

namespace Bowline.EmbeddedCluster.Hosting;

/// <summary>How to start an embedded cluster.</summary>
public sealed record EmbeddedClusterOptions
{
    /// <summary>The context's name.</summary>
    public string Name { get; init; } = "bowline";

    /// <summary>0 takes any free port.</summary>
    public int Port { get; init; }

    /// <summary>Loopback unless told otherwise: who reaches the port can try credentials.</summary>
    public IPAddress BindAddress { get; init; } = IPAddress.Loopback;

    /// <summary>DNS names and addresses for the server's certificate beside loopback and the service names.</summary>
    public IReadOnlyList<string> ServerNames { get; init; } = [];

    /// <summary>Where objects and certificates live on; null keeps everything in memory.</summary>
    public string? StateDirectory { get; init; }

    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Where service addresses come from; its first address is the <c>kubernetes</c> Service.</summary>
    public string ServiceSubnet { get; init; } = "10.96.0.0/12";

    /// <summary>
    /// Webhooks behind a Service that does not exist or has no endpoints are passed over with a warning, where a real cluster
    /// would refuse by their failure policy.
    /// </summary>
    public bool AssumeWebhookServices { get; init; }

    /// <summary>Bearer tokens that are known beside those of service accounts.</summary>
    public IReadOnlyList<StaticToken> Tokens { get; init; } = [];

    /// <summary>Where audit events go as lines of JSON; null for nowhere, <c>-</c> for standard output.</summary>
    public string? AuditLog { get; init; }

    /// <summary>An audit.k8s.io/v1 Policy as YAML; null records the metadata of every request.</summary>
    public string? AuditPolicy { get; init; }
}

/// <summary>A bearer token and whom it stands for.</summary>
public sealed record StaticToken(string Token, string User, IReadOnlyList<string> Groups)
{
    public string Uid { get; init; } = string.Empty;

    /// <summary>Reads the lines of kube-apiserver's <c>--token-auth-file</c>: <c>token,user,uid,"group1,group2"</c>.</summary>
    /// <exception cref="FormatException">A line without token, user and uid; the message has its number, not its text.</exception>
    public static IReadOnlyList<StaticToken> Parse(string text)
    {
        List<StaticToken> tokens = [];
        string[] lines = text.Split('\n');
        for (int i = 0; i < lines.Length; i++)
        {
            string line = lines[i].Trim();
            if (line.Length == 0 || line.StartsWith('#'))
            {
                continue;
            }

            string[] parts = line.Split(',', 4);
            if (parts.Length < 3 || parts[0].Trim().Length == 0 || parts[1].Trim().Length == 0)
            {
                throw new FormatException($"line {i + 1}: expected token,user,uid[,\"groups\"]");
            }

            string[] groups = parts.Length > 3 ? parts[3].Trim().Trim('"').Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) : [];
            tokens.Add(new StaticToken(parts[0].Trim(), parts[1].Trim(), groups) { Uid = parts[2].Trim() });
        }

        return tokens;
    }

    /// <summary>The token stays out of logs.</summary>
    public override string ToString() => $"{User} ***";
}

/// <summary>Another program listens on the wanted port.</summary>
public sealed class AddressInUseException(string message, Exception inner) : IOException(message, inner);
