using System.Text;
using Bowline.Cluster.Kubeconfig;
using Bowline.Cluster.Requests;

namespace Bowline.Cluster.Http;

/// <summary>The Authorization header, renewed where it comes from a file or a program.</summary>
/// <param name="patience">How long a program may take.</param>
/// <param name="present">Told the client certificate and key that a program gives, before anything is sent with it.</param>
internal sealed class Credentials(ClusterConnection connection, TimeProvider time, TimeSpan patience, Action<string, string> present) : IDisposable
{
    private static readonly TimeSpan FileLifetime = TimeSpan.FromMinutes(1);

    private readonly SemaphoreSlim renewing = new(1, 1);
    private readonly string? basic = connection.Username is null
        ? null
        : $"Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes($"{connection.Username}:{connection.Password}"))}";

    private volatile Issued? issued;

    public bool CanRenew => connection.TokenFile is not null || connection.Exec is not null;

    /// <param name="refused">The header that a server has just answered with 401; the same one is not given again if a newer can be had.</param>
    /// <param name="cancellationToken">Ends the wait for a program.</param>
    public async ValueTask<string?> HeaderAsync(string? refused, CancellationToken cancellationToken)
    {
        if (!CanRenew)
        {
            return connection.Token is null ? basic : issued?.Header ?? (issued = new Issued($"Bearer {connection.Token}", DateTimeOffset.MaxValue)).Header;
        }

        if (issued is { } current && current.Until > time.GetUtcNow() && (refused is null || current.Header != refused))
        {
            return current.Header;
        }

        await renewing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (issued is { } other && other.Until > time.GetUtcNow() && (refused is null || other.Header != refused))
            {
                return other.Header;
            }

            Issued made = connection.Exec is null ? ReadFile() : await RunAsync(connection.Exec, cancellationToken).ConfigureAwait(false);
            issued = made;
            return made.Header;
        }
        finally
        {
            renewing.Release();
        }
    }

    public void Dispose() => renewing.Dispose();

    private async Task<Issued> RunAsync(ExecPlugin plugin, CancellationToken cancellationToken)
    {
        ExecAnswer answer = await ExecCredential.GetAsync(plugin, connection, patience, time, cancellationToken).ConfigureAwait(false);
        if (answer is { Certificate: { } certificate, Key: { } key })
        {
            present(certificate, key);
        }

        return new Issued(answer.Token is null ? null : $"Bearer {answer.Token}", answer.Expires ?? DateTimeOffset.MaxValue);
    }

    private Issued ReadFile()
    {
        try
        {
            return new Issued($"Bearer {File.ReadAllText(connection.TokenFile!).Trim()}", time.GetUtcNow() + FileLifetime);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return connection.Token is not null
                ? new Issued($"Bearer {connection.Token}", time.GetUtcNow() + FileLifetime)
                : throw new ClusterException($"{connection.Name}: token file {connection.TokenFile} cannot be read", reason: "InvalidKubeconfig", inner: error);
        }
    }

    private sealed record Issued(string? Header, DateTimeOffset Until)
    {
        public override string ToString() => "***";
    }
}
