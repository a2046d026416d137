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
    private const int FirstPlaces = 2;

    // An array of its own: a list around it would be one object more for each of the many maps that caches hold.
    private KeyValuePair<string, Node>[] members;
    private int count;

    /// <summary>Where each key stands, or, by as many places as were <see cref="removals"/> since it was built, behind there.</summary>
    private Dictionary<string, int>? index;
    private int removals;
    private bool frozen;

    public MapNode() => members = [];

    public MapNode(int capacity) => members = capacity == 0 ? [] : new KeyValuePair<string, Node>[capacity];

    public override NodeKind Kind => NodeKind.Map;

    public int Count => count;

    public bool IsFrozen => frozen;

    public IEnumerable<string> Keys => Members.Select(member => member.Key);

    public IEnumerable<Node> Values => Members.Select(member => member.Value);

    private ArraySegment<KeyValuePair<string, Node>> Members => new(members, 0, count);

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

        Append(key, value);
        if (index is not null)
        {
            index[key] = count - 1;
        }
        else if (count >= IndexedFrom)
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
        for (int i = 0; i < count; i++)
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

        count--;
        Array.Copy(members, at + 1, members, at, count - at);
        members[count] = default;
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
        members = [];
        count = 0;
        index = null;
    }

    /// <summary>Gives back the room for members that did not come, for a map that will be held for long.</summary>
    public void TrimExcess()
    {
        ThrowIfFrozen();
        if (members.Length > count)
        {
            members = [.. Members];
        }
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
        KeyValuePair<string, Node>[] sorted = [.. Members];
        Array.Sort(sorted, static (left, right) => KeyOrder.Compare(left.Key, right.Key));
        return sorted;
    }

    public override Node DeepClone()
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        MapNode copy = new(count) { Line = Line };
        foreach ((string key, Node value) in this)
        {
            copy.Append(key, value.DeepClone());
        }

        if (copy.count >= IndexedFrom)
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
        MapNode copy = new(count) { Line = Line };
        foreach ((string key, Node value) in this)
        {
            copy.Append(key, value.CloneUnfrozen());
        }

        if (copy.count >= IndexedFrom)
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
            foreach ((_, Node value) in this)
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

        foreach ((string key, Node value) in this)
        {
            if (!map.TryGet(key, out Node? theirs) || !value.DeepEquals(theirs))
            {
                return false;
            }
        }

        return true;
    }

    public Enumerator GetEnumerator() => new(this);

    IEnumerator<KeyValuePair<string, Node>> IEnumerable<KeyValuePair<string, Node>>.GetEnumerator() => GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private protected override Node? Member(string key)
    {
        int at = Find(key);
        return at < 0 ? null : members[at].Value;
    }

    private void Append(string key, Node value)
    {
        if (count == members.Length)
        {
            Array.Resize(ref members, Math.Max(FirstPlaces, count * 2));
        }

        members[count++] = new(key, value);
    }

    private int Find(string key)
    {
        if (index is not null)
        {
            return index.TryGetValue(key, out int found) ? FindBefore(key, found) : -1;
        }

        for (int i = 0; i < count; i++)
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
        at = Math.Min(at, count - 1);
        while (!string.Equals(members[at].Key, key, StringComparison.Ordinal))
        {
            at--;
        }

        return at;
    }

    private void BuildIndex()
    {
        removals = 0;
        index = new Dictionary<string, int>(count, StringComparer.Ordinal);
        for (int i = 0; i < count; i++)
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

    /// <summary>Goes through the members in order; members may get other values meanwhile, but none may come or go.</summary>
    public struct Enumerator : IEnumerator<KeyValuePair<string, Node>>
    {
        private readonly MapNode map;
        private readonly int count;
        private int at = -1;

        internal Enumerator(MapNode map)
        {
            this.map = map;
            count = map.count;
        }

        public readonly KeyValuePair<string, Node> Current => map.members[at];

        readonly object IEnumerator.Current => Current;

        public bool MoveNext() => map.count == count ? ++at < count : throw new InvalidOperationException("Members came or went while the map was gone through.");

        public void Reset() => at = -1;

        public readonly void Dispose()
        {
        }
    }
}
