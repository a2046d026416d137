using Bowline.EmbeddedCluster.Validation;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Definitions;

/// <summary>What may stand at the root of a schema whose <c>status</c> is cut out and validated alone: nothing that would be lost.</summary>
internal static class StatusSchemaRules
{
    // JSON names with the names of the Go fields that the message lists.
    private static readonly (string Member, string Field)[] Allowed =
    [
        ("description", "Description"), ("type", "Type"), ("format", "Format"), ("title", "Title"), ("maximum", "Maximum"), ("exclusiveMaximum", "ExclusiveMaximum"),
        ("minimum", "Minimum"), ("exclusiveMinimum", "ExclusiveMinimum"), ("maxLength", "MaxLength"), ("minLength", "MinLength"), ("pattern", "Pattern"),
        ("maxItems", "MaxItems"), ("minItems", "MinItems"), ("uniqueItems", "UniqueItems"), ("multipleOf", "MultipleOf"), ("required", "Required"), ("items", "Items"),
        ("properties", "Properties"), ("externalDocs", "ExternalDocs"), ("example", "Example"), ("x-kubernetes-preserve-unknown-fields", "XPreserveUnknownFields"),
        ("x-kubernetes-validations", "XValidations"),
    ];

    public static void Check(Checks check, Node schema, string path)
    {
        string type = Checks.Text(schema["type"]);
        if (type is not ("" or "object"))
        {
            check.Add(FieldError.Invalid($"{path}.type", type, "only \"object\" is allowed as the type at the root of the schema if the status subresource is enabled"));
        }
        else if (schema is MapNode map && map.Keys.Any(key => !Allowed.Any(one => one.Member == key)))
        {
            string list = string.Join(' ', Allowed.Select(one => one.Field));
            check.Add(FieldError.Invalid(path, schema, $"only [{list}] fields are allowed at the root of the schema if the status subresource is enabled"));
        }
    }
}
