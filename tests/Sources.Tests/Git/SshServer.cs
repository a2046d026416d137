using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Bowline.Sources.Tests.Git;

/// <summary>The real sshd on a free port, which lets in one key.</summary>
internal sealed class SshServer : IDisposable
{
    private readonly Process daemon;

    private SshServer(Process daemon, int port, string clientKey, string knownHosts)
    {
        this.daemon = daemon;
        Port = port;
        ClientKey = clientKey;
        KnownHosts = knownHosts;
    }

    public int Port { get; }

    /// <summary>The private key that is let in.</summary>
    public string ClientKey { get; }

    /// <summary>The server's own key, as a line of known_hosts.</summary>
    public string KnownHosts { get; }

    public static async Task<SshServer> StartAsync(string folder)
    {
        Directory.CreateDirectory(folder);
        Directory.CreateDirectory("/run/sshd");
        await KeyAsync(Path.Combine(folder, "host"));
        await KeyAsync(Path.Combine(folder, "client"));
        int port = FreePort();
        string config = Path.Combine(folder, "sshd_config");
        await File.WriteAllTextAsync(config, $"""
            ListenAddress 127.0.0.1:{port}
            HostKey {folder}/host
            AuthorizedKeysFile {folder}/client.pub
            PermitRootLogin yes
            StrictModes no
            UsePAM no
            PasswordAuthentication no
            PidFile none

            """);
        Process daemon = Process.Start(new ProcessStartInfo("/usr/sbin/sshd", ["-D", "-e", "-f", config]) { RedirectStandardError = true })!;
        for (int i = 0; i < 250; i++)
        {
            try
            {
                using TcpClient client = new();
                await client.ConnectAsync(IPAddress.Loopback, port);
                break;
            }
            catch (SocketException)
            {
                Assert.False(daemon.HasExited, "sshd ended");
                await Task.Delay(20, CancellationToken.None);
            }
        }

        string hostKey = (await File.ReadAllTextAsync(Path.Combine(folder, "host.pub"))).Trim();
        return new SshServer(daemon, port, await File.ReadAllTextAsync(Path.Combine(folder, "client")), $"[127.0.0.1]:{port} {hostKey}");
    }

    public static async Task KeyAsync(string file)
    {
        using Process keygen = Process.Start("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", file]);
        await keygen.WaitForExitAsync();
        Assert.Equal(0, keygen.ExitCode);
    }

    public void Dispose()
    {
        daemon.Kill(entireProcessTree: true);
        daemon.Dispose();
    }

    private static int FreePort()
    {
        using TcpListener free = new(IPAddress.Loopback, 0);
        free.Start();
        return ((IPEndPoint)free.LocalEndpoint).Port;
    }
}
