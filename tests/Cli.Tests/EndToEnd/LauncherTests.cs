using System.Runtime.Versioning;

namespace Bowline.Cli.Tests.EndToEnd;

/// <summary>The <c>bowline</c> script finds what it needs as people have it installed.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class LauncherTests
{
    [Fact]
    public async Task A_dotnet_that_is_a_version_managers_script_is_asked_where_its_runtime_is()
    {
        using Scratch scratch = new();
        (string name, string value)[] environment = [("DOTNET_ROOT", string.Empty), ("PATH", $"{scratch.Root}:{Environment.GetEnvironmentVariable("PATH")}")];
        string real = (Environment.GetEnvironmentVariable("PATH") ?? string.Empty).Split(':').Select(folder => Path.Combine(folder, "dotnet")).First(File.Exists);
        string shim = Path.Combine(scratch.Root, "dotnet");
        await File.WriteAllTextAsync(shim, $"#!/bin/sh\nexec {real} \"$@\"\n");
        File.SetUnixFileMode(shim, UnixFileMode.UserRead | UnixFileMode.UserExecute);

        (int exit, string output, string errors) = await Bowline.RunAsync(scratch.Home, environment, "--version");

        Assert.True(exit == 0, errors);
        Assert.StartsWith("bowline ", output, StringComparison.Ordinal);
    }
}
