using System.Runtime.CompilerServices;
using Bowline.Rendering.Kustomize;
using Bowline.Rendering.Requests;
using Bowline.Sources.Files;

namespace Bowline.Rendering.Tests.Kustomize;

/// <summary>
/// Cases that differential testing found beside ../shared/goldens: each <c>golden/CASE/expected.yaml</c> is what kubectl 1.36
/// (Kustomize 5.8.1) printed for <c>input</c>, each <c>expected-error.txt</c> what it said when it refused.
/// </summary>
public sealed class KustomizeGoldens
{
    public static TheoryData<string> Cases => [.. Directory.GetDirectories(Folder()).Select(directory => Path.GetFileName(directory)!).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_case_builds_or_fails_as_in_the_reference_tool(string name)
    {
        string directory = Path.Combine(Folder(), name);
        string expected = Path.Combine(directory, "expected.yaml");
        RenderRequest request = new() { Files = new DirectoryTree(Path.Combine(directory, "input")) };
        KustomizeRenderer renderer = new();
        if (File.Exists(expected))
        {
            Assert.Equal(File.ReadAllText(expected), renderer.Render(request, CancellationToken.None).Text());
            return;
        }

        Assert.True(File.Exists(Path.Combine(directory, "expected-error.txt")), $"{name} expects nothing");
        RenderException refusal = Assert.Throws<RenderException>(() => renderer.Render(request, CancellationToken.None));
        Assert.NotEmpty(refusal.File);
    }

    private static string Folder([CallerFilePath] string source = "") => Path.Combine(Path.GetDirectoryName(source)!, "golden");
}
