using System.Globalization;
using Bowline.Resources.Model;

namespace Bowline.Resources.Patching;

/// <summary>The tree that a JSON patch is changing, with the size and depth it may reach.</summary>
internal sealed class PatchedDocument(Node root, int maxNodes)
{
    private int nodes = Count(root);
    // Copies that are overwritten again would not show in the size, yet each costs its time.
    private long work;
    private int depthBound = Depth(root);

    public Node Root { get; private set; } = root;

    public void Add(JsonPointer at, Node value) => Put(at, value.DeepClone(), Parent(at));

    public void Replace(JsonPointer at, Node value)
    {
        if (at.IsRoot)
        {
            if (value is not (MapNode or ListNode))
            {
                throw new PatchException("the whole document can only be replaced by an object or an array", at.Text);
            }

            Root = value.DeepClone();
            nodes = Count(Root);
            depthBound = Depth(Root);
            return;
        }

        Node parent = Parent(at);
        Node fresh = value.DeepClone();
        Grow(at, fresh, Depth(fresh));
        if (parent is ListNode list)
        {
            list[Index(list, at, list.Count)] = fresh;
        }
        else
        {
            ((MapNode)parent).Set(at.Last, fresh);
        }
    }

    public void Remove(JsonPointer at) => nodes -= Count(Take(at));

    public void Move(JsonPointer from, JsonPointer to)
    {
        Node value = Take(from);
        nodes -= Count(value);
        Put(to, value, Parent(to));
    }

    public void Copy(JsonPointer from, JsonPointer to)
    {
        // The reference copies a missing member as null.
        Node source = (from.IsRoot ? Root : Member(Parent(from), from)) ?? Node.Null;
        Charge(Count(source));
        Put(to, source.DeepClone(), Parent(to));
    }

    public void Test(JsonPointer at, Node expected)
    {
        Node? actual = at.IsRoot ? Root : Member(Parent(at), at);
        if (!(actual ?? Node.Null).DeepEquals(expected))
        {
            throw new PatchException($"testing value {at.Text} failed", at.Text) { IsFailedTest = true };
        }
    }

    private static int Count(Node node)
    {
        int count = 1;
        if (node is MapNode map)
        {
            foreach ((_, Node value) in map)
            {
                count += Count(value);
            }
        }
        else if (node is ListNode list)
        {
            foreach (Node item in list)
            {
                count += Count(item);
            }
        }

        return count;
    }

    private static int Depth(Node node)
    {
        int deepest = 0;
        if (node is MapNode map)
        {
            foreach ((_, Node value) in map)
            {
                deepest = Math.Max(deepest, Depth(value));
            }
        }
        else if (node is ListNode list)
        {
            foreach (Node item in list)
            {
                deepest = Math.Max(deepest, Depth(item));
            }
        }

        return deepest + 1;
    }

    private static int Index(ListNode list, JsonPointer at, int end) => TryIndex(at.Last, end, out int index)
        ? index
        : throw new PatchException($"no element \"{at.Last}\" in a list of {list.Count}", at.Text);

    private static bool TryIndex(string token, int end, out int index)
    {
        bool isNumber = int.TryParse(token, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out index);
        bool exists = isNumber && index < end && index >= -end;
        index += exists && index < 0 ? end : 0;
        return exists;
    }

    private static Node? Member(Node parent, JsonPointer at) =>
        parent is ListNode list ? list[Index(list, at, list.Count)] : ((MapNode)parent)[at.Last];

    /// <summary>The container that holds the pointer's last token.</summary>
    private Node Parent(JsonPointer at)
    {
        if (at.IsRoot)
        {
            throw new PatchException("the operation does not apply to the whole document", at.Text);
        }

        Node? node = Root;
        for (int i = 0; i < at.Tokens.Length - 1; i++)
        {
            node = node switch
            {
                MapNode map => map[at.Tokens[i]],
                ListNode list when TryIndex(at.Tokens[i], list.Count, out int index) => list[index],
                _ => null,
            };
        }

        return node is MapNode or ListNode ? node : throw new PatchException($"the path \"{at.Text}\" leads through a missing value", at.Text);
    }

    private void Put(JsonPointer at, Node value, Node parent)
    {
        Grow(at, value, Depth(value));
        if (parent is ListNode list)
        {
            list.Insert(at.Last == "-" ? list.Count : Index(list, at, list.Count + 1), value);
            return;
        }

        MapNode map = (MapNode)parent;
        nodes -= map[at.Last] is { } replaced ? Count(replaced) : 0;
        map.Set(at.Last, value);
    }

    private Node Take(JsonPointer at)
    {
        Node parent = Parent(at);
        if (parent is ListNode list)
        {
            int index = Index(list, at, list.Count);
            Node item = list[index];
            list.RemoveAt(index);
            return item;
        }

        MapNode map = (MapNode)parent;
        Node? value = map[at.Last];
        map.Remove(at.Last);
        return value ?? throw new PatchException($"nothing to remove at \"{at.Text}\"", at.Text);
    }

    private void Grow(JsonPointer at, Node value, int valueDepth)
    {
        int added = Count(value);
        Charge(added);
        nodes += added;
        depthBound = Math.Max(depthBound, at.Tokens.Length + valueDepth);
        if (nodes > maxNodes || depthBound > JsonPatch.MaxDepth)
        {
            throw new PatchException($"the patched document would grow beyond {maxNodes} values or {JsonPatch.MaxDepth} levels", at.Text);
        }
    }

    private void Charge(int count)
    {
        work += count;
        if (work > 20L * maxNodes)
        {
            throw new PatchException("the patch copies and moves too much");
        }
    }
}
