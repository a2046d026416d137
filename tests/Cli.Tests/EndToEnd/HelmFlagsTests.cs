using System.Text.Json;
using Bowline.Tests;

namespace Bowline.Cli.Tests.EndToEnd;

/// <summary>Every flag that <c>helm template</c> and <c>bowline render</c> share, through the program itself, against what helm printed.</summary>
public sealed class HelmFlagsTests
{
    private static readonly (string Key, string Flag, bool IsFile)[] Lists =
    [
        ("apiVersions", "--api-versions", false), ("values", "--values", true), ("set", "--set", false), ("setString", "--set-string", false), ("setJson", "--set-json", false),
        ("setFile", "--set-file", false), ("setLiteral", "--set-literal", false), ("showOnly", "--show-only", false),
    ];

    private static readonly (string Key, string Flag)[] Switches = [("includeCrds", "--include-crds"), ("isUpgrade", "--is-upgrade"), ("noHooks", "--no-hooks"), ("skipTests", "--skip-tests")];

    [SharedTheory]
    [InlineData("apiVersions")]
    [InlineData("values")]
    [InlineData("set")]
    [InlineData("setString")]
    [InlineData("setJson")]
    [InlineData("setFile")]
    [InlineData("setLiteral")]
    [InlineData("showOnly")]
    [InlineData("includeCrds")]
    [InlineData("isUpgrade")]
    [InlineData("noHooks")]
    [InlineData("skipTests")]
    public async Task A_flag_gives_what_helm_prints(string key)
    {
        (string folder, JsonElement settings)[] cases = [.. Cases().Where(one => IsSet(one.Settings, key)).Take(2)];
        Assert.NotEmpty(cases);
        string home = Directory.CreateTempSubdirectory("bowline-flags-").FullName;
        foreach ((string folder, JsonElement settings) in cases)
        {
            (int exit, string output, string errors) = await Bowline.RunAsync(home, [.. Arguments(folder, settings)]);
            Assert.True(exit == 0, $"{folder}: {errors}");
            Assert.Equal((await File.ReadAllTextAsync(Path.Combine(folder, "expected.yaml"))).TrimEnd('\n'), output.TrimEnd('\n'));
        }

        Directory.Delete(home, recursive: true);
    }

    private static IEnumerable<(string Folder, JsonElement Settings)> Cases() => Directory.EnumerateDirectories(SharedFolder.Goldens("helm"))
        .Where(folder => File.Exists(Path.Combine(folder, "expected.yaml"))).Order(StringComparer.Ordinal)
        .Select(folder => (folder, JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "case.json"))).RootElement));

    private static bool IsSet(JsonElement settings, string key) => settings.TryGetProperty(key, out JsonElement value)
        && (value.ValueKind == JsonValueKind.True || (value.ValueKind == JsonValueKind.Array && value.GetArrayLength() > 0));

    private static IEnumerable<string> Arguments(string folder, JsonElement settings)
    {
        List<string> arguments = ["render", Path.Combine(folder, "chart"), "--release", Text("release"), "--namespace", Text("namespace"), "--kube-version", Text("kubeVersion")];
        foreach ((string key, string flag, bool isFile) in Lists)
        {
            foreach (string value in IsSet(settings, key) ? settings.GetProperty(key).EnumerateArray().Select(item => item.GetString()!) : [])
            {
                arguments.AddRange([flag, isFile ? Path.Combine(folder, value) : key == "setFile" ? value.Replace("=", $"={folder}/", StringComparison.Ordinal) : value]);
            }
        }

        arguments.AddRange(Switches.Where(one => IsSet(settings, one.Key)).Select(one => one.Flag));
        return arguments;

        string Text(string key) => settings.GetProperty(key).GetString()!;
    }
}
