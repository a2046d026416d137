using System.Diagnostics;

namespace Bowline.Cli.Tests;

/// <summary>The real kubectl against a running <c>up</c>.</summary>
internal sealed class Kubectl(string kubeconfig)
{
    public async Task<string> RunAsync(params string[] arguments)
    {
        (int exit, string output, string errors) = await TryAsync(arguments);
        Assert.True(exit == 0, $"kubectl {string.Join(' ', arguments)}: {errors}");
        return output;
    }

    public async Task<(int Exit, string Output, string Errors)> TryAsync(params string[] arguments)
    {
        ProcessStartInfo start = new("kubectl", ["--kubeconfig", kubeconfig, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using Process kubectl = Process.Start(start)!;
        Task<string> output = kubectl.StandardOutput.ReadToEndAsync();
        Task<string> errors = kubectl.StandardError.ReadToEndAsync();
        await kubectl.WaitForExitAsync();
        return (kubectl.ExitCode, await output, await errors);
    }
}
