using Bowline.EmbeddedCluster.Kinds;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Validation;

/// <summary>What is wrong with an object, in Kubernetes' words.</summary>
internal static class Validator
{
    public static List<FieldError> OnCreate(ServedKind kind, MapNode node)
    {
        List<FieldError> errors = [];
        MetadataRules.Check(kind, node, errors);
        return errors;
    }

    public static List<FieldError> OnUpdate(ServedKind kind, MapNode node, MapNode live)
    {
        List<FieldError> errors = [];
        MetadataRules.CheckUpdate(kind, node, live, errors);
        return errors;
    }
}
