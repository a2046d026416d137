using Bowline.EmbeddedCluster.Validation;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Definitions;

/// <summary>What every object that is embedded in a custom resource has to say of itself (<c>x-kubernetes-embedded-resource</c>).</summary>
internal static class EmbeddedRules
{
    /// <summary>All the objects that are embedded in a value, itself included.</summary>
    public static void CheckAll(Node value, Node schema, List<FieldError> errors)
    {
        foreach ((MapNode owner, string path) in CustomPruning.Embedded(value, schema))
        {
            Check(owner, path, errors);
        }
    }

    /// <param name="path">Where the object stands; empty for a value by itself.</param>
    private static void Check(MapNode map, string path, List<FieldError> errors)
    {
        string prefix = path.Length == 0 ? string.Empty : $"{path}.";
        foreach (string key in (ReadOnlySpan<string>)["apiVersion", "kind"])
        {
            switch (map[key])
            {
                case null:
                    errors.Add(FieldError.Required($"{prefix}{key}"));
                    break;
                case StringNode { Value.Length: 0 } empty:
                    errors.Add(FieldError.Invalid($"{prefix}{key}", empty, "must not be empty"));
                    break;
                case StringNode:
                    break;
                case var other:
                    errors.Add(FieldError.Invalid($"{prefix}{key}", other, "must be a string"));
                    break;
            }
        }

        if (map["apiVersion"]?.AsString() is { } version && version.Count(letter => letter == '/') > 1)
        {
            errors.Add(FieldError.Invalid($"{prefix}apiVersion", version, $"unexpected GroupVersion string: {version}"));
        }

        if (map["kind"]?.AsString() is { Length: > 0 } kind && NameRules.Label1035(kind.ToLowerInvariant()).ToArray() is { Length: > 0 } wrong)
        {
            errors.Add(FieldError.Invalid($"{prefix}kind", kind, "may have mixed case, but should otherwise match: " + string.Join(',', wrong)));
        }

        if (map["metadata"] is MapNode metadata)
        {
            MetadataRules.CheckEmbedded(metadata, $"{prefix}metadata", errors);
        }
    }
}
