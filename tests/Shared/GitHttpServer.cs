using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;

namespace Bowline.Tests;

/// <summary>Serves the repositories of a folder by smart HTTP through Git's own <c>http-backend</c>, and keeps what it was asked with.</summary>
internal sealed class GitHttpServer : IDisposable
{
    private readonly HttpListener listener;
    private readonly string folder;

    public GitHttpServer(string folder)
    {
        this.folder = folder;
        listener = LocalListener.Start(out string address);
        Address = address;
        _ = ServeAsync();
    }

    /// <summary>With a final slash.</summary>
    public string Address { get; }

    /// <summary>The Authorization header that is let in; null lets in everybody.</summary>
    public string? Required { get; init; }

    public ConcurrentQueue<string?> Authorizations { get; } = new();

    public void Dispose() => listener.Close();

    private async Task ServeAsync()
    {
        try
        {
            while (listener.IsListening)
            {
                HttpListenerContext context = await listener.GetContextAsync();
                _ = AnswerAsync(context);
            }
        }
        catch (Exception error) when (error is HttpListenerException or ObjectDisposedException)
        {
            // Closed.
        }
    }

    private async Task AnswerAsync(HttpListenerContext context)
    {
        string? authorization = context.Request.Headers["Authorization"];
        Authorizations.Enqueue(authorization);
        if (Required is not null && authorization != Required)
        {
            context.Response.StatusCode = 401;
            context.Response.AddHeader("WWW-Authenticate", "Basic realm=\"git\"");
            context.Response.Close();
            return;
        }

        ProcessStartInfo start = new("git", ["http-backend"]) { RedirectStandardInput = true, RedirectStandardOutput = true };
        start.Environment["GIT_PROJECT_ROOT"] = folder;
        start.Environment["GIT_HTTP_EXPORT_ALL"] = "1";
        start.Environment["GIT_CONFIG_COUNT"] = "1";
        start.Environment["GIT_CONFIG_KEY_0"] = "safe.directory";
        start.Environment["GIT_CONFIG_VALUE_0"] = "*";
        start.Environment["PATH_INFO"] = context.Request.Url!.AbsolutePath;
        start.Environment["QUERY_STRING"] = context.Request.Url.Query.TrimStart('?');
        start.Environment["REQUEST_METHOD"] = context.Request.HttpMethod;
        start.Environment["CONTENT_TYPE"] = context.Request.ContentType ?? string.Empty;
        start.Environment["GIT_PROTOCOL"] = context.Request.Headers["Git-Protocol"] ?? string.Empty;
        start.Environment["HTTP_CONTENT_ENCODING"] = context.Request.Headers["Content-Encoding"] ?? string.Empty;
        using Process backend = Process.Start(start)!;
        await context.Request.InputStream.CopyToAsync(backend.StandardInput.BaseStream);
        backend.StandardInput.Close();
        using MemoryStream output = new();
        await backend.StandardOutput.BaseStream.CopyToAsync(output);
        Send(context.Response, output.ToArray());
    }

    private static void Send(HttpListenerResponse response, byte[] output)
    {
        int end = output.AsSpan().IndexOf("\r\n\r\n"u8);
        foreach (string line in Encoding.ASCII.GetString(output, 0, end).Split("\r\n"))
        {
            string[] parts = line.Split(": ", 2);
            if (parts[0] == "Status")
            {
                response.StatusCode = int.Parse(parts[1].Split(' ')[0], CultureInfo.InvariantCulture);
            }
            else
            {
                response.AddHeader(parts[0], parts[1]);
            }
        }

        response.Close(output[(end + 4)..], willBlock: false);
    }
}

/// <summary>An HTTP server on a free port of this machine.</summary>
internal static class LocalListener
{
    public static HttpListener Start(out string address)
    {
        for (int port = 20000 + (Environment.ProcessId % 20000); ; port++)
        {
            HttpListener listener = new();
            address = $"http://127.0.0.1:{port}/";
            listener.Prefixes.Add(address);
            try
            {
                listener.Start();
                return listener;
            }
            catch (HttpListenerException)
            {
                listener.Close();
            }
        }
    }
}
