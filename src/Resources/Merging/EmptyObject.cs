using Bowline.Resources.Model;
using Bowline.Resources.Schemas;

namespace Bowline.Resources.Merging;

/// <summary>
/// What a kind's object looks like before anyone wrote to it: the reference compares a created object with its empty Go
/// struct, whose nested structs and lists are there already, so that their creator does not own them as such.
/// </summary>
internal static class EmptyObject
{
    public static MapNode Of(Schema? schema)
    {
        MapNode empty = new();
        foreach (string name in schema?.Required ?? [])
        {
            empty.Set(name, Node.Null);
        }

        foreach (string name in schema?.StructFields ?? [])
        {
            empty.Set(name, Of(schema!.Properties[name]));
        }

        return empty;
    }
}
