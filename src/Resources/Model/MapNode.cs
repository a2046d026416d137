using System.Collections;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Bowline.Resources.Model;

/// <summary>A map with string keys that keeps the order in which members were added; mutable until frozen.</summary>
/// <remarks>Kubernetes objects have few members per map, so small maps are searched in place and only larger ones carry an index.</remarks>
public sealed class MapNode : Node, IReadOnlyCollection<KeyValuePair<string, Node>>
{
    private const int IndexedFrom = 17;
    private const int RebuiltAfter = 64;
    private readonly List<KeyValuePair<string, Node>> members;

    /// <summary>Where each key stands, or, by as many places as were <see cref="removals"/> since it was built, behind there.</summary>
    private Dictionary<string, int>? index;
    private int removals;
    private bool frozen;

    public MapNode() => members = [];

    public MapNode(int capacity) => members = new List<KeyValuePair<string, Node>>(capacity);

    public override NodeKind Kind => NodeKind.Map;

    public int Count => members.Count;

    public bool IsFrozen => frozen;

    public IEnumerable<string> Keys => members.Select(member => member.Key);

    public IEnumerable<Node> Values => members.Select(member => member.Value);

    /// <summary>Reads a member (null when missing) or sets it: in place when the key exists, at the end otherwise.</summary>
    public new Node? this[string key]
    {
        get => Member(key);
        set => Set(key, value ?? throw new ArgumentNullException(nameof(value), "Use Remove, or Node.Null for a null member."));
    }

    public bool ContainsKey(string key) => Find(key) >= 0;

    public bool TryGet(string key, [NotNullWhen(true)] out Node? value)
    {
        int at = Find(key);
        value = at < 0 ? null : members[at].Value;
        return at >= 0;
    }

    public void Set(string key, Node value)
    {
        ThrowIfFrozen();
        int at = Find(key);
        if (at >= 0)
        {
            members[at] = new(key, value);
            return;
        }

        members.Add(new(key, value));
        if (index is not null)
        {
            index[key] = members.Count - 1;
        }
        else if (members.Count >= IndexedFrom)
        {
            BuildIndex();
        }
    }

    /// <summary>For collection initialisers: <c>new MapNode { ["a"] = 1 }</c> and <c>{ { "a", 1 } }</c> mean the same.</summary>
    public void Add(string key, Node value) => Set(key, value);

    /// <summary>Puts another value in each member's place, in order.</summary>
    public void ReplaceValues(Func<Node, Node> replace)
    {
        ThrowIfFrozen();
        for (int i = 0; i < members.Count; i++)
        {
            (string key, Node value) = members[i];
            Node other = replace(value);
            if (!ReferenceEquals(other, value))
            {
                members[i] = new(key, other);
            }
        }
    }

    public bool Remove(string key)
    {
        ThrowIfFrozen();
        int at = Find(key);
        if (at < 0)
        {
            return false;
        }

        members.RemoveAt(at);
        if (index is not null)
        {
            index.Remove(key);
            if (++removals > RebuiltAfter)
            {
                BuildIndex();
            }
        }

        return true;
    }

    public void Clear()
    {
        ThrowIfFrozen();
        members.Clear();
        index = null;
    }

    /// <summary>Gives back the room for members that did not come, for a map that will be held for long.</summary>
    public void TrimExcess()
    {
        ThrowIfFrozen();
        members.TrimExcess();
    }

    /// <summary>The map under <paramref name="key"/>, made when it is missing or not a map.</summary>
    public MapNode EnsureMap(string key)
    {
        if (this[key] is MapNode map)
        {
            return map;
        }

        MapNode made = new();
        Set(key, made);
        return made;
    }

    /// <summary>Members in ordinal key order (by UTF-16 code unit; see <see cref="KeyOrder"/> for Go's byte order).</summary>
    public IEnumerable<KeyValuePair<string, Node>> Sorted()
    {
        KeyValuePair<string, Node>[] sorted = [.. members];
        Array.Sort(sorted, static (left, right) => KeyOrder.Compare(left.Key, right.Key));
        return sorted;
    }

    public override Node DeepClone()
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        MapNode copy = new(members.Count) { Line = Line };
        foreach ((string key, Node value) in members)
        {
            copy.members.Add(new(key, value.DeepClone()));
        }

        if (copy.members.Count >= IndexedFrom)
        {
            copy.BuildIndex();
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
        MapNode copy = new(members.Count) { Line = Line };
        foreach ((string key, Node value) in members)
        {
            copy.members.Add(new(key, value.CloneUnfrozen()));
        }

        if (copy.members.Count >= IndexedFrom)
        {
            copy.BuildIndex();
        }

        return copy;
    }

    public override Node Freeze()
    {
        if (!frozen)
        {
            RuntimeHelpers.EnsureSufficientExecutionStack();
            frozen = true;
            foreach ((_, Node value) in members)
            {
                value.Freeze();
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

        if (other is not MapNode map || map.Count != Count)
        {
            return false;
        }

        RuntimeHelpers.EnsureSufficientExecutionStack();

        foreach ((string key, Node value) in members)
        {
            if (!map.TryGet(key, out Node? theirs) || !value.DeepEquals(theirs))
            {
                return false;
            }
        }

        return true;
    }

    public List<KeyValuePair<string, Node>>.Enumerator GetEnumerator() => members.GetEnumerator();

    IEnumerator<KeyValuePair<string, Node>> IEnumerable<KeyValuePair<string, Node>>.GetEnumerator() => members.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => members.GetEnumerator();

    private protected override Node? Member(string key)
    {
        int at = Find(key);
        return at < 0 ? null : members[at].Value;
    }

    private int Find(string key)
    {
        if (index is not null)
        {
            return index.TryGetValue(key, out int found) ? FindBefore(key, found) : -1;
        }

        for (int i = 0; i < members.Count; i++)
        {
            if (string.Equals(members[i].Key, key, StringComparison.Ordinal))
            {
                return i;
            }
        }

        return -1;
    }

    private int FindBefore(string key, int at)
    {
        at = Math.Min(at, members.Count - 1);
        while (!string.Equals(members[at].Key, key, StringComparison.Ordinal))
        {
            at--;
        }

        return at;
    }

    private void BuildIndex()
    {
        removals = 0;
        index = new Dictionary<string, int>(members.Count, StringComparer.Ordinal);
        for (int i = 0; i < members.Count; i++)
        {
            index[members[i].Key] = i;
        }
    }

    private void ThrowIfFrozen()
    {
        if (frozen)
        {
            throw new InvalidOperationException("This map is frozen; change a DeepClone() of it.");
        }
    }
}
