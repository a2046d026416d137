using System.Diagnostics;
using System.Runtime.Versioning;
using Bowline.Tests;

namespace Bowline.Cli.Tests.EndToEnd;

/// <summary>The <c>bowline</c> script finds what it needs as people have it installed.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class LauncherTests : IDisposable
{
    private readonly Scratch scratch = new();
    private readonly string script;
    private readonly string stamp;

    /// <summary>A checkout with a build that only tells which runtime it was given.</summary>
    public LauncherTests()
    {
        script = Path.Combine(scratch.Root, "bowline");
        stamp = Path.Combine(scratch.Root, "artifacts", "publish", "bowline", ".built");
        Directory.CreateDirectory(Path.Combine(scratch.Root, "src"));
        Directory.CreateDirectory(Path.GetDirectoryName(stamp)!);
        File.Copy(Path.Combine(SharedFolder.Checkout, "bowline"), script);
        foreach (string file in (string[])["Directory.Build.props", "Directory.Packages.props", "global.json"])
        {
            File.WriteAllText(Path.Combine(scratch.Root, file), string.Empty);
        }

        WriteProgram(Path.Combine(Path.GetDirectoryName(stamp)!, "bowline"), "echo \"$DOTNET_ROOT\"");
    }

    public void Dispose() => scratch.Dispose();

    [Theory]
    [InlineData("")]
    [InlineData("/nowhere/dotnet\n")]
    public async Task A_dotnet_that_is_a_version_managers_script_is_asked_where_its_runtime_is(string known)
    {
        string real = (Environment.GetEnvironmentVariable("PATH") ?? string.Empty).Split(':').Select(folder => Path.Combine(folder, "dotnet")).First(File.Exists);
        Assert.True(Directory.Exists(Path.Combine(await StartAsync(known, $"exec {real} \"$@\""), "host", "fxr")));
    }

    [Fact]
    public async Task What_the_build_found_is_used_without_asking_again()
    {
        string runtime = Directory.CreateDirectory(Path.Combine(scratch.Root, "runtime")).FullName;
        Directory.CreateDirectory(Path.Combine(runtime, "host", "fxr"));
        Assert.Equal(runtime, await StartAsync(runtime + "\n", "echo asked >&2; exit 1"));
    }

    private async Task<string> StartAsync(string known, string dotnet)
    {
        string tools = Directory.CreateDirectory(Path.Combine(scratch.Root, "tools")).FullName;
        WriteProgram(Path.Combine(tools, "dotnet"), dotnet);
        await File.WriteAllTextAsync(stamp, known);
        ProcessStartInfo start = new("bash", [script]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment.Remove("DOTNET_ROOT");
        start.Environment["PATH"] = $"{tools}:{start.Environment["PATH"]}";
        using Process process = Process.Start(start)!;
        string errors = await process.StandardError.ReadToEndAsync();
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, errors);
        return output.Trim();
    }

    private static void WriteProgram(string path, string line)
    {
        File.WriteAllText(path, $"#!/bin/sh\n{line}\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserExecute);
    }
}
