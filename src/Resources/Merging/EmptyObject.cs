using Bowline.Resources.Model;
using Bowline.Resources.Schemas;

namespace Bowline.Resources.Merging;

/// <summary>
/// What a kind's object looks like before anyone wrote to it: the reference compares a created object with its empty Go
/// struct, whose nested structs and lists are there already, so that their creator does not own them as such.
/// </summary>
internal static class EmptyObject
{
    /// <param name="created">The object that was made, in canonical form: a null in it is a field that Go always writes, and that is null in an empty struct too.</param>
    public static MapNode Of(Schema? schema, MapNode? created)
    {
        MapNode empty = new();
        // A custom resource has no Go struct: its empty object is empty.
        if (schema is not TableSchema)
        {
            return empty;
        }

        foreach (string name in schema.Required)
        {
            empty.Set(name, Node.Null);
        }

        foreach ((string name, Schema property) in schema.Properties)
        {
            if (property.Default is StringNode { Value: "" } or IntegerNode { Value: 0 } or BoolNode { Value: false })
            {
                // The published default of a field that is always written is its zero value.
                empty.Set(name, property.Default);
            }
            else if (property.Format == "date-time")
            {
                empty.Set(name, Node.Null);
            }
        }

        foreach ((string name, Node value) in created ?? [])
        {
            if (value.IsNull)
            {
                empty.Set(name, Node.Null);
            }
        }

        foreach (string name in schema.StructFields)
        {
            empty.Set(name, Of(schema.Properties[name], created?[name] as MapNode));
        }

        return empty;
    }
}
