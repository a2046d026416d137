using Bowline.Rendering.Kustomize;
using Bowline.Rendering.Requests;
using Bowline.Sources.Files;

namespace Bowline.Rendering.Tests.Kustomize;

/// <summary>A kustomization in memory: paths and texts in turn.</summary>
internal static class KustomizeCase
{
    public const string ConfigMap = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: cm\ndata:\n  a: b\n";

    public static FileTree Files(params string[] pathsAndTexts) =>
        MemoryTree.FromText(pathsAndTexts.Chunk(2).Select(pair => new KeyValuePair<string, string>(pair[0], pair[1])));

    public static RenderResult Build(FileTree files, string path = "", KustomizeOptions? options = null, KustomizeRenderer? renderer = null) =>
        (renderer ?? new KustomizeRenderer()).Render(new RenderRequest { Files = files, Path = path, Kustomize = options ?? new() }, CancellationToken.None);

    public static RenderException Refusal(FileTree files, string path = "", KustomizeOptions? options = null, KustomizeRenderer? renderer = null) =>
        Assert.Throws<RenderException>(() => Build(files, path, options, renderer));
}
