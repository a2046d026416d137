using Bowline.Rendering.Kustomize.Declared;
using Bowline.Rendering.Kustomize.Files;
using Bowline.Rendering.Kustomize.Merging;
using Bowline.Rendering.Kustomize.Objects;
using Bowline.Rendering.Requests;
using Bowline.Resources.Model;

namespace Bowline.Rendering.Kustomize.Transforming;

/// <summary><c>patchesStrategicMerge</c>: paths or inline patches, each naming its target.</summary>
internal sealed class StrategicMergeTransformer : ITransformer
{
    private readonly List<BuildObject> patches = [];
    private readonly KindTable kinds;

    /// <param name="paths">Each a file or, where it reads as one, a patch itself.</param>
    /// <param name="inline">Further patches as one text.</param>
    public StrategicMergeTransformer(IReadOnlyList<string> paths, string inline, DirectoryLoader loader, string declaredIn, KindTable kinds)
    {
        this.kinds = kinds;
        if (paths.Count == 0 && inline.Length == 0)
        {
            throw new RenderException("empty file path and empty patch content", declaredIn);
        }

        foreach (string path in paths)
        {
            patches.AddRange(Inline(path, declaredIn, loader) ?? ObjectReader.Read(loader.Read(path, out string file), file, loader.Build.Parsed, isPatch: true));
        }

        if (inline.Length > 0)
        {
            patches.AddRange(ObjectReader.Read(PatchSource.Trimmed(inline), declaredIn, loader.Build.Parsed, isPatch: true));
        }

        patches = patches.ConvertAll(Patcher.WithTextMetadata);
        if (patches.Count == 0)
        {
            throw new RenderException($"patch appears to be empty; files=[{string.Join(' ', paths)}]", declaredIn);
        }
    }

    public bool ReportsChanges => true;

    public void Transform(ObjectSet objects) => PatchTransformer.MergeIntoNamed(objects, patches, kinds);

    private static List<BuildObject>? Inline(string text, string declaredIn, DirectoryLoader loader)
    {
        if (!text.Contains(':', StringComparison.Ordinal))
        {
            return null;
        }

        try
        {
            return ObjectReader.Read(PatchSource.Trimmed(text), declaredIn, loader.Build.Parsed, isPatch: true);
        }
        catch (RenderException)
        {
            return null;
        }
    }
}

/// <summary><c>patchesJson6902</c>: one JSON patch for what a selector finds.</summary>
internal sealed class JsonPatchTransformer : ITransformer
{
    private readonly ListNode operations;
    private readonly Selector target;
    private readonly string file;

    public JsonPatchTransformer(PatchSpec spec, DirectoryLoader loader, string declaredIn)
    {
        file = declaredIn;
        target = spec.Target?.Compile() ?? throw new RenderException("must specify a target for a JSON patch", declaredIn);
        if (spec.Path.Length == 0 && spec.Patch.Length == 0)
        {
            throw new RenderException("empty file path and empty jsonOp", declaredIn);
        }

        if (spec.Path.Length > 0 && spec.Patch.Length > 0)
        {
            throw new RenderException("must specify a file path or jsonOp, not both", declaredIn);
        }

        byte[] content = spec.Patch.Length > 0 ? PatchSource.Trimmed(spec.Patch) : loader.Read(spec.Path, out file);
        operations = PatchSource.Operation(content, file);
    }

    public bool ReportsChanges => true;

    public void Transform(ObjectSet objects)
    {
        foreach (BuildObject item in objects.Select(target))
        {
            // Unlike in patches, a name that is changed here is forgotten, and references to it stay.
            Patcher.Operate(item, operations, objects, file);
            objects.Changed(item);
        }
    }
}
