using System.Diagnostics;
using System.Text.Json;
using Bowline.Tests;

namespace Bowline.EmbeddedCluster.Tests.Hosting;

/// <summary>The kubectl that tests drive: the one of <c>BOWLINE_KUBECTL</c>, or the one on the path, or of a certain version the one that <c>./test</c> fetched.</summary>
internal static class Kubectl
{
    private static readonly Lazy<string?> Found = new(() => Named ?? OnPath());

    /// <summary>Null when there is none.</summary>
    public static string? File => Found.Value;

    private static string? Named => Environment.GetEnvironmentVariable("BOWLINE_KUBECTL") is { Length: > 0 } named ? named : null;

    /// <summary>One of this very version (major and minor, as in <c>1.36</c>); null when there is none.</summary>
    public static string? OfVersion(string version) =>
        new[] { Path.Combine(SharedFolder.Checkout, "artifacts", "tools", $"kubectl-{version}"), File }.FirstOrDefault(file => file is not null && System.IO.File.Exists(file) && ReadVersion(file) == version);

    private static string? OnPath() =>
        (Environment.GetEnvironmentVariable("PATH") ?? string.Empty).Split(Path.PathSeparator).Select(folder => Path.Combine(folder, "kubectl")).FirstOrDefault(System.IO.File.Exists);

    private static string ReadVersion(string file)
    {
        using Process process = Process.Start(new ProcessStartInfo(file, "version --client -o json") { RedirectStandardOutput = true, RedirectStandardError = true })!;
        using JsonDocument version = JsonDocument.Parse(process.StandardOutput.ReadToEnd());
        JsonElement client = version.RootElement.GetProperty("clientVersion");
        return $"{client.GetProperty("major").GetString()}.{client.GetProperty("minor").GetString()?.TrimEnd('+')}";
    }
}

/// <summary>A test that needs kubectl.</summary>
internal sealed class KubectlFactAttribute : FactAttribute
{
    /// <param name="version">The version that it has to be; empty for any.</param>
    public KubectlFactAttribute(string version = "")
    {
        if ((version.Length > 0 ? Kubectl.OfVersion(version) : Kubectl.File) is null)
        {
            Skip = $"needs kubectl {version} on the path or in BOWLINE_KUBECTL".Replace("  ", " ", StringComparison.Ordinal);
        }
    }
}
