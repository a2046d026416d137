using Bowline.EmbeddedCluster.Definitions;
using Bowline.EmbeddedCluster.Kinds;
using Bowline.EmbeddedCluster.Validation;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.ApiServer;

/// <summary>Decoding of custom resources: typed metadata, the rest pruned and defaulted by the structural schema.</summary>
internal static class CustomObjects
{
    public static MapNode Decode(ServedKind kind, MapNode body, ObjectDecoder decoder)
    {
        MapNode result = new(body.Count);
        foreach ((string key, Node value) in body)
        {
            result[key] = key == "metadata" && value is MapNode metadata
                ? decoder.DecodePart(metadata, TypeTable.Instance.ObjectMeta, "metadata")
                : value.DeepClone();
        }

        if (kind.Custom!.OpenApi is { } schema)
        {
            if (!kind.Custom.PreserveUnknown)
            {
                CustomPruning.Prune(result, schema, decoder.UnknownPaths);
            }

            CustomPruning.Default(result, schema);
        }

        return result;
    }

    public static void Validate(ServedKind kind, MapNode node, List<FieldError> errors)
    {
        if (kind.Custom?.OpenApi is { } schema)
        {
            CustomValidation.Check(node, schema, errors);
        }
    }
}
