using System.Collections;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Bowline.Resources.Model;

/// <summary>A list of nodes; mutable until frozen.</summary>
public sealed class ListNode : Node, IReadOnlyList<Node>
{
    private readonly List<Node> items;
    private bool frozen;

    public ListNode() => items = [];

    public ListNode(int capacity) => items = new List<Node>(capacity);

    public ListNode(params IEnumerable<Node> items) => this.items = [.. items];

    public override NodeKind Kind => NodeKind.List;

    public int Count => items.Count;

    public bool IsFrozen => frozen;

    public Node this[int index]
    {
        get => items[index];
        set
        {
            ThrowIfFrozen();
            items[index] = value;
        }
    }

    public void Add(Node item)
    {
        ThrowIfFrozen();
        items.Add(item);
    }

    public void Insert(int index, Node item)
    {
        ThrowIfFrozen();
        items.Insert(index, item);
    }

    public void RemoveAt(int index)
    {
        ThrowIfFrozen();
        items.RemoveAt(index);
    }

    public int RemoveAll(Predicate<Node> match)
    {
        ThrowIfFrozen();
        return items.RemoveAll(match);
    }

    public void Clear()
    {
        ThrowIfFrozen();
        items.Clear();
    }

    public override Node DeepClone()
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        ListNode copy = new(items.Count) { Line = Line };
        foreach (Node item in items)
        {
            copy.items.Add(item.DeepClone());
        }

        return copy;
    }

    public override Node CloneUnfrozen()
    {
        if (frozen)
        {
            return this;
        }

        RuntimeHelpers.EnsureSufficientExecutionStack();
        ListNode copy = new(items.Count) { Line = Line };
        foreach (Node item in items)
        {
            copy.items.Add(item.CloneUnfrozen());
        }

        return copy;
    }

    public override Node Freeze()
    {
        if (!frozen)
        {
            RuntimeHelpers.EnsureSufficientExecutionStack();
            frozen = true;
            foreach (Node item in items)
            {
                item.Freeze();
            }
        }

        return this;
    }

    public override bool DeepEquals([NotNullWhen(true)] Node? other)
    {
        if (ReferenceEquals(this, other))
        {
            return true;
        }

        if (other is not ListNode list || list.Count != Count)
        {
            return false;
        }

        RuntimeHelpers.EnsureSufficientExecutionStack();

        for (int i = 0; i < Count; i++)
        {
            if (!items[i].DeepEquals(list[i]))
            {
                return false;
            }
        }

        return true;
    }

    public List<Node>.Enumerator GetEnumerator() => items.GetEnumerator();

    IEnumerator<Node> IEnumerable<Node>.GetEnumerator() => items.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => items.GetEnumerator();

    private void ThrowIfFrozen()
    {
        if (frozen)
        {
            throw new InvalidOperationException("This list is frozen; change a DeepClone() of it.");
        }
    }
}
