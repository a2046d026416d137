using System.IO.Enumeration;
using Bowline.Resources.Merging;
using Bowline.Resources.Model;
using Bowline.Resources.Schemas;

namespace Bowline.Delivery.Diffing;

/// <summary>Differences of certain objects that do not count: Argo CD's <c>ignoreDifferences</c>. Group and kind may be globs; empty names match every object.</summary>
public sealed record IgnoreRule(string Group, string Kind)
{
    public string Namespace { get; init; } = string.Empty;

    public string Name { get; init; } = string.Empty;

    public IReadOnlyList<string> JsonPointers { get; init; } = [];

    public IReadOnlyList<JqPath> Paths { get; init; } = [];

    /// <summary>Fields of which only what they mean counts, not how it is written.</summary>
    public IReadOnlyList<KnownField> Known { get; init; } = [];

    /// <summary>Whatever these field managers own.</summary>
    public IReadOnlyList<string> Managers { get; init; } = [];

    /// <summary>A field at the top of an object without which the rule says nothing of it; empty for every object.</summary>
    public string OnlyWith { get; init; } = string.Empty;

    public bool Matches(ResourceId id) =>
        Fits(Group, id.Group) && Fits(Kind, id.Kind)
        && (Namespace.Length == 0 || Namespace == id.Namespace) && (Name.Length == 0 || Name == id.Name);

    /// <summary>The core group has an empty name, which .NET takes for no match of anything.</summary>
    private static bool Fits(string glob, string text) => glob == "*" || glob == text || FileSystemName.MatchesSimpleExpression(glob, text, ignoreCase: false);

    /// <summary>Takes what is ignored out of both sides; they are copies of the caller's own.</summary>
    public void Strip(ref MapNode before, ref MapNode after, MapNode live, Schema? schema)
    {
        if (OnlyWith.Length > 0 && before[OnlyWith] is null && after[OnlyWith] is null)
        {
            return;
        }

        foreach (KnownField field in Known)
        {
            field.Align(before, after);
        }

        foreach (MapNode side in (MapNode[])[before, after])
        {
            foreach (string pointer in JsonPointers)
            {
                Remove(side, pointer);
            }

            foreach (JqPath path in Paths)
            {
                path.Delete(side);
            }
        }

        if (Managers.Count > 0)
        {
            FieldSet owned = FieldOwnership.Of(live).Where(owner => Managers.Contains(owner.Manager)).Aggregate(FieldSet.Empty, (sum, owner) => sum.Union(owner.Fields));
            before = (MapNode)FieldOwnership.Without(before, owned, schema).DeepClone();
            after = (MapNode)FieldOwnership.Without(after, owned, schema).DeepClone();
        }
    }

    private static void Remove(Node root, string pointer)
    {
        string[] tokens = [.. pointer.Split('/').Skip(1).Select(token => token.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal))];
        Node? at = root;
        for (int i = 0; i < tokens.Length - 1; i++)
        {
            at = at is ListNode list ? int.TryParse(tokens[i], out int index) && index >= 0 && index < list.Count ? list[index] : null : at?[tokens[i]];
        }

        if (tokens.Length == 0)
        {
            return;
        }

        if (at is MapNode map)
        {
            map.Remove(tokens[^1]);
        }
        else if (at is ListNode items && int.TryParse(tokens[^1], out int last) && last >= 0 && last < items.Count)
        {
            items.RemoveAt(last);
        }
    }
}
