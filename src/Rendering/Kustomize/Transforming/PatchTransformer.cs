using Bowline.Rendering.Kustomize.Declared;
using Bowline.Rendering.Kustomize.Files;
using Bowline.Rendering.Kustomize.Merging;
using Bowline.Rendering.Kustomize.Objects;
using Bowline.Rendering.Requests;
using Bowline.Resources.Model;

namespace Bowline.Rendering.Kustomize.Transforming;

/// <summary>One entry of <c>patches</c>: either kind of patch, for one target it names itself or for all that a selector finds.</summary>
internal sealed class PatchTransformer : ITransformer
{
    private readonly PatchSource patch;
    private readonly Selector? target;
    private readonly KindTable kinds;
    private readonly string file;

    /// <exception cref="RenderException">No patch, two, or none that can be read.</exception>
    public PatchTransformer(PatchSpec spec, DirectoryLoader loader, string declaredIn, KindTable kinds)
    {
        this.kinds = kinds;
        byte[] inline = PatchSource.Trimmed(spec.Patch);
        file = declaredIn;
        if (inline.Length == 0 && spec.Path.Length == 0)
        {
            throw new RenderException("must specify one of patch and path", file);
        }

        if (inline.Length > 0 && spec.Path.Length > 0)
        {
            throw new RenderException($"patch and path can't be set at the same time (path: {spec.Path})", file);
        }

        byte[] content = inline.Length > 0 ? inline : loader.Read(spec.Path, out file);
        patch = PatchSource.Parse(content, file, loader.Build.Parsed);
        target = spec.Target?.Compile();
        foreach (BuildObject merge in patch.Merges)
        {
            merge.AllowsNameChange = spec.Allows("allowNameChange");
            merge.AllowsKindChange = spec.Allows("allowKindChange");
            if (merge.AllowsNameChange || merge.AllowsKindChange)
            {
                // Noted in its annotations, which pass through a map of texts on that occasion.
                merge.SetAnnotations(merge.Annotations);
            }
        }
    }

    public bool ReportsChanges => true;

    public void Transform(ObjectSet objects)
    {
        if (patch.Operations is { } operations)
        {
            Operate(objects, operations);
        }
        else if (target is null)
        {
            MergeIntoNamed(objects, patch.Merges, kinds);
        }
        else
        {
            MergeIntoSelected(objects, target);
        }
    }

    /// <summary>Merges patches into the objects that have, or had, the same id.</summary>
    /// <exception cref="RenderException">There is not exactly one such object.</exception>
    public static void MergeIntoNamed(ObjectSet objects, IReadOnlyList<BuildObject> patches, KindTable kinds)
    {
        foreach (BuildObject patch in patches)
        {
            List<BuildObject> found = objects.WithAnyId(patch.OriginalId);
            if (found.Count != 1)
            {
                string reason = found.Count == 0 ? "no matches for Id" : "multiple matches for Id";
                throw new RenderException($"no resource matches strategic merge patch \"{patch.Id}\": {reason} {patch.Id}; failed to find unique target for patch", patch.Source?.File ?? string.Empty, patch.Source?.Line ?? 0);
            }

            Patcher.Merge(found[0], patch, objects, kinds);
            objects.Changed(found[0]);
        }
    }

    private void MergeIntoSelected(ObjectSet objects, Selector selector)
    {
        if (patch.Merges.Count != 1)
        {
            throw new RenderException($"a patch with a target must hold exactly one object, not {patch.Merges.Count}", file);
        }

        BuildObject merge = patch.Merges[0];
        foreach (BuildObject item in objects.Select(selector))
        {
            BuildObject copy = Patcher.WithTextMetadata(merge);
            copy.SetApiVersion(item.ApiVersion);
            Patcher.Merge(item, copy, objects, kinds);
            objects.Changed(item);
        }

        objects.RequireDistinct();
    }

    private void Operate(ObjectSet objects, ListNode operations)
    {
        if (target is null)
        {
            throw new RenderException("must specify a target for a JSON patch", file);
        }

        foreach (BuildObject item in objects.Select(target))
        {
            item.RememberId(objects.Scopes);
            Patcher.Operate(item, operations, objects, file);
            objects.Changed(item);
        }
    }
}
