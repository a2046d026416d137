using Bowline.Delivery.Diffing;
using Bowline.Resources.Model;

namespace Bowline.Applications.ApplicationSets.Controlling;

/// <summary>What has to change in an Application for it to be as its set wants it.</summary>
internal static class ApplicationChange
{
    private static readonly string[] Members = ["labels", "annotations", "finalizers", "ownerReferences"];

    /// <returns>A JSON merge patch; null when nothing has to change.</returns>
    public static MapNode? Of(MapNode live, MapNode desired, MapNode owner, SetPolicy policy)
    {
        MapNode before = Relevant(live);
        MapNode after = Relevant(desired);
        MapNode metadata = after.EnsureMap("metadata");
        Keep(live.At("metadata", "annotations"), metadata, "annotations", policy.Keeps);
        Keep(live.At("metadata", "labels"), metadata, "labels", policy.KeptLabels.Contains);
        KeepFinalizers(live, metadata);
        metadata.Set("ownerReferences", new ListNode([.. (live.At("metadata", "ownerReferences") as ListNode ?? []).Where(reference => reference["controller"]?.AsBool() != true), owner]));
        ResourceId id = new Resource(live).Id;
        foreach (IgnoreRule rule in policy.Ignored.Where(rule => rule.Matches(id)))
        {
            rule.Strip(ref before, ref after, live, schema: null);
        }

        return Difference(before, after) is { Count: > 0 } patch ? patch : null;
    }

    /// <summary>The reference by which an application belongs to its set.</summary>
    public static MapNode OwnerReference(MapNode set) => new()
    {
        ["apiVersion"] = "argoproj.io/v1alpha1",
        ["kind"] = "ApplicationSet",
        ["name"] = set.At("metadata", "name") ?? StringNode.Empty,
        ["uid"] = set.At("metadata", "uid") ?? StringNode.Empty,
        ["controller"] = true,
        ["blockOwnerDeletion"] = true,
    };

    /// <summary>Who controls an object; null when nobody does.</summary>
    public static Node? ControllerOf(MapNode item) => (item.At("metadata", "ownerReferences") as ListNode ?? []).FirstOrDefault(reference => reference["controller"]?.AsBool() == true);

    private static MapNode Relevant(MapNode application)
    {
        MapNode metadata = new();
        foreach (string member in Members)
        {
            if (application.At("metadata", member) is { } value)
            {
                metadata.Set(member, value.DeepClone());
            }
        }

        return new MapNode { ["metadata"] = metadata, ["spec"] = application["spec"]?.DeepClone() ?? new MapNode() };
    }

    private static void Keep(Node? present, MapNode metadata, string member, Func<string, bool> keeps)
    {
        foreach ((string key, Node value) in present as MapNode ?? [])
        {
            if (keeps(key))
            {
                metadata.EnsureMap(member).Set(key, value);
            }
        }
    }

    /// <summary>Hooks that run after a deletion are somebody's work under way.</summary>
    private static void KeepFinalizers(MapNode live, MapNode metadata)
    {
        Node[] running = [.. (live.At("metadata", "finalizers") as ListNode ?? [])
            .Where(finalizer => finalizer.AsString() is { } name && (name.StartsWith("post-delete-finalizer.argocd.argoproj.io", StringComparison.Ordinal) || name.StartsWith("pre-delete-finalizer.argocd.argoproj.io", StringComparison.Ordinal)))];
        if (running.Length > 0)
        {
            metadata.Set("finalizers", new ListNode([.. (metadata["finalizers"] as ListNode ?? []).Concat(running).DistinctBy(name => name.AsString())]));
        }
    }

    private static MapNode Difference(MapNode before, MapNode after)
    {
        MapNode patch = new();
        foreach ((string key, Node value) in before)
        {
            switch (after[key])
            {
                case null:
                    patch.Set(key, Node.Null);
                    break;
                case MapNode map when value is MapNode below:
                    if (Difference(below, map) is { Count: > 0 } inner)
                    {
                        patch.Set(key, inner);
                    }

                    break;
                case { } other when !value.DeepEquals(other):
                    patch.Set(key, other);
                    break;
            }
        }

        foreach ((string key, Node value) in after)
        {
            if (!before.ContainsKey(key) && value is not MapNode { Count: 0 })
            {
                patch.Set(key, value);
            }
        }

        return patch;
    }
}
