using System.Diagnostics;
using System.Globalization;
using System.Text;
using Bowline.Tests;

namespace Bowline.Cli.Tests;

/// <summary>Runs the program as a user does: <c>./bowline</c> in a process of its own, with a home of its own.</summary>
internal sealed class Bowline : IAsyncDisposable
{
    /// <summary>What a test's GitHub signs its webhooks with.</summary>
    public const string WebhookSecret = "webhook-secret";

    private readonly Process process;
    private readonly StringBuilder output = new();
    private readonly StringBuilder errors = new();

    private Bowline(string home, string[] arguments, IEnumerable<(string Name, string Value)> environment, string? folder = null)
    {
        ProcessStartInfo start = new(Path.Combine(SharedFolder.Checkout, "bowline"), arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            WorkingDirectory = folder ?? SharedFolder.Checkout,
            Environment = { ["BOWLINE_HOME"] = home, ["BOWLINE_WEBHOOK_GITHUB_SECRET"] = WebhookSecret },
        };
        foreach ((string name, string value) in environment)
        {
            start.Environment[name] = value;
        }

        process = new Process { StartInfo = start };
        process.OutputDataReceived += (_, line) => Append(output, line.Data);
        process.ErrorDataReceived += (_, line) => Append(errors, line.Data);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        process.StandardInput.Close();
    }

    public int Id => process.Id;

    public string Output => Read(output);

    public string Errors => Read(errors);

    public static Bowline Start(string home, params string[] arguments) => new(home, arguments, []);

    public static Task<(int Exit, string Output, string Errors)> RunAsync(string home, params string[] arguments) => RunAsync(home, [], arguments);

    /// <summary>Runs it in a folder of one's own.</summary>
    public static async Task<(int Exit, string Output, string Errors)> RunInAsync(string folder, string home, params string[] arguments)
    {
        Bowline bowline = new(home, arguments, [], folder);
        await using (bowline)
        {
            int exit = await bowline.WaitAsync(TimeSpan.FromMinutes(2));
            return (exit, bowline.Output, bowline.Errors);
        }
    }

    public static async Task<(int Exit, string Output, string Errors)> RunAsync(string home, IEnumerable<(string Name, string Value)> environment, params string[] arguments)
    {
        Bowline bowline = new(home, arguments, environment);
        await using (bowline)
        {
            int exit = await bowline.WaitAsync(TimeSpan.FromMinutes(2));
            return (exit, bowline.Output, bowline.Errors);
        }
    }

    public async Task<int> WaitAsync(TimeSpan timeout)
    {
        using CancellationTokenSource deadline = new(timeout);
        try
        {
            await process.WaitForExitAsync(deadline.Token);
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"bowline still runs after {timeout}. It said:\n{Output}\n{Errors}");
        }

        return process.ExitCode;
    }

    public async Task WaitForOutputAsync(string text, TimeSpan timeout) => await Until.TrueAsync(() => Task.FromResult(Output.Contains(text, StringComparison.Ordinal)), timeout, () => $"bowline did not say '{text}'. It said:\n{Output}\n{Errors}");

    /// <summary>INT (Ctrl-C) or KILL. Where the tests themselves run in the background, shells have Ctrl-C ignored; then TERM asks the same.</summary>
    public void Signal(string name)
    {
        string sent = name == "INT" && IgnoresInterrupt() ? "TERM" : name;
        Process.Start("kill", [$"-{sent}", Id.ToString(CultureInfo.InvariantCulture)]).WaitForExit();
    }

    private bool IgnoresInterrupt()
    {
        string ignored = File.ReadLines($"/proc/{Id}/status").First(line => line.StartsWith("SigIgn:", StringComparison.Ordinal)).Split('\t')[1];
        return (ulong.Parse(ignored, NumberStyles.HexNumber, CultureInfo.InvariantCulture) & 2) != 0;
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
        }

        process.Dispose();
    }

    private static void Append(StringBuilder builder, string? line)
    {
        lock (builder)
        {
            builder.AppendLine(line);
        }
    }

    private static string Read(StringBuilder builder)
    {
        lock (builder)
        {
            return builder.ToString();
        }
    }
}

internal static class Until
{
    public static async Task TrueAsync(Func<Task<bool>> condition, TimeSpan timeout, Func<string> otherwise)
    {
        Stopwatch watch = Stopwatch.StartNew();
        while (!await condition())
        {
            if (watch.Elapsed > timeout)
            {
                Assert.Fail(otherwise());
            }

            await Task.Delay(20);
        }
    }
}
