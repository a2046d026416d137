using Bowline.Rendering.Kustomize.Objects;
using Bowline.Rendering.Requests;
using Bowline.Resources.Model;

namespace Bowline.Rendering.Kustomize.Fields;

/// <summary>What to put where a path ends, given what is there (null when the field was made for it); returning the same node changes nothing.</summary>
internal delegate Node FieldSetter(Node? current);

/// <summary>What a missing field at the end of a path becomes before it is set.</summary>
internal enum Creation
{
    Never,
    Scalar,
    Map,
}

/// <summary>Walks the path of a field rule through an object: map keys in order, every element of the lists on the way.</summary>
internal static class FieldWriter
{
    /// <summary>Splits a rule's path at slashes; <c>\/</c> is a slash within a name.</summary>
    public static string[] SplitPath(string path) => [.. FieldPath.SplitEscaped(path, '/')];

    /// <exception cref="RenderException">A scalar stands where the path goes on.</exception>
    public static void Apply(MapNode root, ReadOnlySpan<string> path, Creation creation, FieldSetter set)
    {
        try
        {
            Node result = Walk(root, path, creation, set);
            if (!ReferenceEquals(result, root))
            {
                throw new RenderException("the object itself cannot be replaced");
            }
        }
        catch (RenderException error)
        {
            throw new RenderException($"at path '{string.Join('/', path.ToArray())}': {error.Reason}", error.File, error.Line, error.Column, error);
        }
    }

    /// <summary>Whether the path leads to a field in at least one place, or runs into a scalar, which <see cref="Apply"/> then reports.</summary>
    public static bool Reaches(Node? node, ReadOnlySpan<string> path)
    {
        if (node is ListNode list)
        {
            foreach (Node item in list)
            {
                if (Reaches(item, path))
                {
                    return true;
                }
            }

            return false;
        }

        if (path.Length == 0 || node is not MapNode)
        {
            return node is not null && (path.Length == 0 || !ScalarText.IsNull(node));
        }

        return Reaches(node[Name(path[0], out _)], path[1..]);
    }

    private static Node Walk(Node node, ReadOnlySpan<string> path, Creation creation, FieldSetter set)
    {
        if (path.Length == 0)
        {
            return set(node);
        }

        switch (node)
        {
            case MapNode map:
                WalkField(map, path, creation, set);
                return map;
            case ListNode list:
                for (int i = 0; i < list.Count; i++)
                {
                    Node changed = Walk(list[i], path, creation, set);
                    if (!ReferenceEquals(changed, list[i]))
                    {
                        list[i] = changed;
                    }
                }

                return list;
            default:
                return ScalarText.IsNull(node) ? node : throw new RenderException("expected sequence or mapping node");
        }
    }

    private static void WalkField(MapNode map, ReadOnlySpan<string> path, Creation creation, FieldSetter set)
    {
        string name = Name(path[0], out bool isSequence);
        if (name.Length == 0)
        {
            throw new RenderException("cannot set or create an empty field name");
        }

        if (FieldPath.IsIndex(name))
        {
            throw new RenderException($"fieldName: {name}: wrong node kind: expected SequenceNode but got MappingNode");
        }

        bool creates = creation != Creation.Never && !isSequence;
        Node? field = map[name];
        if (field is null && !creates)
        {
            return;
        }

        if (creates && ScalarText.IsNull(field))
        {
            field = path.Length > 1 || creation == Creation.Map ? new MapNode() : null;
        }

        Node changed = field is null ? set(null) : Walk(field, path[1..], creation, set);
        if (!ReferenceEquals(changed, map[name]))
        {
            ScalarReader.Put(map, name, ScalarReader.InPlaceOf(map[name], changed));
        }
    }

    private static string Name(string part, out bool isSequence)
    {
        isSequence = part.EndsWith("[]", StringComparison.Ordinal);
        return isSequence ? part[..^2] : part;
    }
}
