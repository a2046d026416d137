using Bowline.Resources.Model;
using Bowline.Resources.Schemas;

namespace Bowline.Resources.Merging;

/// <summary>Lays a part of an object over a whole one, with no owners of fields: what the ApplyConfiguration of a MutatingAdmissionPolicy does.</summary>
public static class Overlay
{
    /// <summary>The merged object, which shares nothing with either.</summary>
    /// <exception cref="MergeException">Either object does not fit the schema, or the part would replace an atomic field as a whole; in kube-apiserver's words.</exception>
    public static MapNode Apply(MapNode whole, MapNode part, Schema? schema)
    {
        FieldType type = schema?.Merging ?? StructuralSchema.Permissive.Merging;
        if (TypeCheck.Errors(part, type) is { } wrong)
        {
            throw new MergeException($"failed to convert patch object to typed object: {wrong}");
        }

        List<string> atomics = [];
        FindAtomics(part, type, string.Empty, atomics);
        if (atomics.Count > 0)
        {
            throw new MergeException($"invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: {string.Join(", ", atomics)}");
        }

        if (TypeCheck.Errors(whole, type) is { } malformed)
        {
            throw new MergeException($"failed to convert original object to typed object: {malformed}");
        }

        return ObjectMerge.Merge(whole, part, type) as MapNode ?? new MapNode();
    }

    /// <summary>Members of plain maps are not looked into, as by the reference: only fields that the schema names can be replaced by mistake.</summary>
    private static void FindAtomics(Node value, FieldType type, string path, List<string> found)
    {
        if (value is MapNode map && type.AllowsMap)
        {
            if (type.MapIsAtomic)
            {
                found.Add(path);
            }

            foreach ((string key, Node member) in map.Sorted())
            {
                if (type.Member(key, out bool named) is { } memberType && named)
                {
                    FindAtomics(member, memberType, $"{path}.{key}", found);
                }
            }
        }
        else if (value is ListNode list && type.AllowsList)
        {
            if (type.ListType == ListType.Atomic)
            {
                found.Add(path);
            }

            for (int i = 0; i < list.Count; i++)
            {
                FindAtomics(list[i], type.Element, $"{path}[{i}]", found);
            }
        }
    }
}
