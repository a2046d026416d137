using System.Text.Json;
using Bowline.Resources.Json;
using Bowline.Resources.Model;
using Bowline.Resources.Schemas;

namespace Bowline.Resources.Merging;

/// <summary>How <c>kubectl apply --server-side</c> takes over from the client-side apply that left its annotation.</summary>
internal static class LastApplied
{
    public const string Manager = "kubectl";
    public const string Annotation = "kubectl.kubernetes.io/last-applied-configuration";

    /// <summary>The fields that the annotation sets and the live object still has so; kubectl may take these without force.</summary>
    public static FieldSet OwnedFields(MapNode live, FieldType type, string apiVersion)
    {
        if (Read(live) is not { } configuration || configuration["apiVersion"]?.AsString() != apiVersion)
        {
            return FieldSet.Empty;
        }

        Comparison drift = Comparison.Of(configuration, live, type);
        return FieldExtraction.Extract(configuration, type).Except(drift.Modified).Except(drift.Added).Except(drift.Removed);
    }

    /// <summary>Keeps an existing annotation in step with what was applied, so that a later client-side apply starts from it.</summary>
    public static void Refresh(MapNode merged, MapNode applied)
    {
        if (merged["metadata"]?["annotations"]?.AsMap() is not { } annotations || annotations[Annotation]?.AsString() is not { Length: > 0 })
        {
            return;
        }

        MapNode configuration = (MapNode)applied.DeepClone();
        MapNode? metadata = configuration["metadata"]?.AsMap();
        metadata?.Remove("managedFields");
        metadata?["annotations"]?.AsMap()?.Remove(Annotation);
        annotations.Set(Annotation, GoJson.Of(configuration) + "\n");
    }

    public static MapNode? Read(MapNode live)
    {
        try
        {
            return live["metadata"]?["annotations"]?[Annotation]?.AsString() is { Length: > 0 } json ? JsonReader.Read(json) as MapNode : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
