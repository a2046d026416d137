using Bowline.Rendering.Kustomize.Merging;
using Bowline.Rendering.Kustomize.Objects;
using Bowline.Rendering.Requests;
using Bowline.Resources.Model;
using Bowline.Resources.Patching;

namespace Bowline.Rendering.Kustomize.Transforming;

/// <summary>Applies one patch to one object. Name, kind and namespace survive a strategic merge patch unless it may change them.</summary>
internal static class Patcher
{
    public static void Merge(BuildObject target, BuildObject patch, ObjectSet objects, KindTable kinds)
    {
        if (ReplacesAnnotations(patch.Root))
        {
            Bookkeeping.Shown(target, objects, () => Merge(target, patch, kinds));
        }
        else
        {
            Merge(target, patch, kinds);
        }

        target.AllowsNameChange |= patch.AllowsNameChange;
        target.AllowsKindChange |= patch.AllowsKindChange;
    }

    /// <summary>Whether annotations that the patch does not name may go.</summary>
    private static bool ReplacesAnnotations(MapNode patch)
    {
        Node? part = patch;
        foreach (string? next in new[] { "metadata", "annotations", null })
        {
            if (part is null)
            {
                return false;
            }

            if (part is not MapNode map || map.ContainsKey("$patch"))
            {
                return true;
            }

            part = next is null ? null : map[next];
        }

        return false;
    }

    private static void Merge(BuildObject target, BuildObject patch, KindTable kinds)
    {
        (string name, string ns, string kind) = (target.Name, target.Namespace, target.KindName);
        if (patch.AllowsNameChange || patch.AllowsKindChange)
        {
            target.RememberId(kinds.Scopes);
        }

        try
        {
            target.Replace(new StrategicMerge(kinds).Apply(target.Root, patch.Root));
        }
        catch (RenderException error)
        {
            throw new RenderException($"cannot apply the patch to {target.Id}: {error.Reason}", patch.Source?.File ?? error.File, error.Line, error.Column, error);
        }

        if (target.IsEmpty)
        {
            return;
        }

        if (!patch.AllowsKindChange)
        {
            target.SetKind(kind);
        }

        if (!patch.AllowsNameChange)
        {
            target.SetName(name);
        }

        target.SetNamespace(ns);
    }

    /// <summary>Labels and annotations of a patch that is applied to a selection pass through string maps on their way, where null is a text.</summary>
    public static BuildObject WithTextMetadata(BuildObject patch)
    {
        BuildObject copy = patch.Copy();
        copy.SetLabels(copy.Labels);
        copy.SetAnnotations(copy.Annotations);
        return copy;
    }

    /// <summary>JSON patches see the object as JSON: what its scalars mean, not how they were written.</summary>
    public static void Operate(BuildObject target, ListNode operations, ObjectSet objects, string file) =>
        Bookkeeping.Restored(target, objects, () => Operate(target, operations, file));

    private static void Operate(BuildObject target, ListNode operations, string file)
    {
        try
        {
            target.Replace(JsonPatch.Apply(ThroughJson.Copy(target.Root), new ListNode(operations.Select(Lenient))) as MapNode);
        }
        catch (PatchException error)
        {
            string path = error.Path is null ? string.Empty : $" at '{error.Path}'";
            throw new RenderException($"JSON patch of {target.Id}{path}: {error.Message}", file, inner: error);
        }
    }

    /// <summary>What the original takes: a missing value is null, and what stands before a path's first slash does not count.</summary>
    private static Node Lenient(Node operation)
    {
        if (operation is not MapNode map || map["path"] is not StringNode { Value: var path })
        {
            return operation;
        }

        int slash = path.IndexOf('/', StringComparison.Ordinal);
        bool lacksValue = map["op"]?.AsString() is "add" or "replace" && !map.ContainsKey("value");
        if (slash <= 0 && !lacksValue)
        {
            return operation;
        }

        MapNode lenient = (MapNode)map.DeepClone();
        lenient["path"] = slash > 0 ? path[slash..] : path;
        if (lacksValue)
        {
            lenient["value"] = Node.Null;
        }

        return lenient;
    }
}
