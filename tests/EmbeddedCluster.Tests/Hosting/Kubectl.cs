using System.Diagnostics;
using System.Text.Json;

namespace Bowline.EmbeddedCluster.Tests.Hosting;

/// <summary>The kubectl that tests drive: the one of <c>BOWLINE_KUBECTL</c>, or the one on the path.</summary>
internal static class Kubectl
{
    private static readonly Lazy<string?> Found = new(Find);
    private static readonly Lazy<string> FoundVersion = new(ReadVersion);

    /// <summary>Null when there is none.</summary>
    public static string? File => Found.Value;

    /// <summary>Major and minor, as in <c>1.36</c>; empty when there is none.</summary>
    public static string Version => FoundVersion.Value;

    private static string? Find() => Environment.GetEnvironmentVariable("BOWLINE_KUBECTL") is { Length: > 0 } named
        ? named
        : (Environment.GetEnvironmentVariable("PATH") ?? string.Empty).Split(Path.PathSeparator).Select(folder => Path.Combine(folder, "kubectl")).FirstOrDefault(System.IO.File.Exists);

    private static string ReadVersion()
    {
        if (File is null)
        {
            return string.Empty;
        }

        using Process process = Process.Start(new ProcessStartInfo(File, "version --client -o json") { RedirectStandardOutput = true, RedirectStandardError = true })!;
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
        if (Kubectl.File is null || (version.Length > 0 && Kubectl.Version != version))
        {
            Skip = $"needs kubectl {version} on the path or in BOWLINE_KUBECTL".Replace("  ", " ", StringComparison.Ordinal);
        }
    }
}
