using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Bowline.Sources.Tests.Git;

/// <summary>A repository made with the real git, which can be served by the real git daemon.</summary>
internal sealed class TestRepository : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private Process? daemon;

    public TestRepository()
    {
        Run("init", "-q", "-b", "main");
        Run("config", "uploadpack.allowAnySHA1InWant", "true");
    }

    public string Root => folder.Path("root");

    public string Path(string relative) => folder.Path("root/" + relative);

    public string Elsewhere(string relative) => folder.Path(relative);

    public void Write(string relative, string content) => folder.Write("root/" + relative, content);

    public void Link(string relative, string target) => folder.Link("root/" + relative, target);

    public string Commit(string message = "change")
    {
        Run("add", "-A");
        Run("-c", "user.name=t", "-c", "user.email=t@t", "commit", "-q", "-m", message);
        return Run("rev-parse", "HEAD").Trim();
    }

    public string Run(params string[] arguments)
    {
        ProcessStartInfo start = new("git") { WorkingDirectory = Root, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        using Process process = Process.Start(start)!;
        string output = process.StandardOutput.ReadToEnd();
        string error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, error);
        return output;
    }

    /// <summary>Serves the repository and returns its address.</summary>
    public async Task<string> ServeAsync()
    {
        using TcpListener free = new(IPAddress.Loopback, 0);
        free.Start();
        int port = ((IPEndPoint)free.LocalEndpoint).Port;
        free.Stop();
        ProcessStartInfo start = new("git") { RedirectStandardError = true, RedirectStandardOutput = true };
        foreach (string argument in (string[])["daemon", "--export-all", "--reuseaddr", "--listen=127.0.0.1", $"--port={port}", $"--base-path={folder.Path("")}"])
        {
            start.ArgumentList.Add(argument);
        }

        daemon = Process.Start(start)!;
        for (int i = 0; i < 200; i++)
        {
            try
            {
                using TcpClient client = new();
                await client.ConnectAsync(IPAddress.Loopback, port);
                break;
            }
            catch (SocketException)
            {
                await Task.Delay(20, CancellationToken.None);
            }
        }

        return $"git://127.0.0.1:{port}/root";
    }

    public void StopServing()
    {
        daemon?.Kill(entireProcessTree: true);
        daemon?.Dispose();
        daemon = null;
    }

    public void Dispose()
    {
        StopServing();
        folder.Dispose();
    }
}
