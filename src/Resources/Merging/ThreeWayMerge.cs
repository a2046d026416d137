using Bowline.Resources.Model;
using Bowline.Resources.Schemas;

namespace Bowline.Resources.Merging;

/// <summary>Client-side apply: what was applied last, as an annotation keeps it, decides which fields of the live object go.</summary>
public static class ThreeWayMerge
{
    private const string Applier = "last-applied";

    /// <returns>The live object with what is desired laid over it, fields removed that were applied last and are not any more, and the annotation brought up to date.</returns>
    public static MapNode Merge(MapNode? live, MapNode desired, Schema? schema)
    {
        MapNode body = (MapNode)ServerSideApply.WithoutManagedFields(desired).DeepClone();
        (body["metadata"]?["annotations"] as MapNode)?.Remove(LastApplied.Annotation);
        string configuration = GoJson.Of(body) + "\n";
        body.EnsureMap("metadata").EnsureMap("annotations")[LastApplied.Annotation] = configuration;
        if (live is null)
        {
            return body;
        }

        try
        {
            return Merge(live, body, schema?.Merging ?? StructuralSchema.Permissive.Merging, schema);
        }
        catch (MergeException) when (schema is not null)
        {
            // A field that the schema does not know: without it maps still merge, and lists are replaced.
            return Merge(live, body, StructuralSchema.Permissive.Merging, null);
        }
    }

    private static MapNode Merge(MapNode live, MapNode body, FieldType type, Schema? schema)
    {
        FieldWriter writer = new(Applier, body["apiVersion"]?.AsString() ?? string.Empty, string.Empty, DateTimeOffset.UnixEpoch);
        MapNode current = ServerSideApply.WithoutManagedFields(live);
        if (LastApplied.Read(live) is { } previous)
        {
            ManagedFields managed = new();
            managed.Set(new ManagerEntry(ManagerKey.Of(writer, applies: true), writer.ApiVersion, FieldExtraction.Extract(previous, type), string.Empty));
            current.EnsureMap("metadata")["managedFields"] = managed.Write();
        }

        MapNode merged = ServerSideApply.Apply(current, body, schema, writer, force: true).Object;
        return ServerSideApply.WithoutManagedFields(merged);
    }
}
