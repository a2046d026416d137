using Bowline.Rendering.Kustomize.Fields;
using Bowline.Rendering.Kustomize.Objects;
using Bowline.Rendering.Requests;
using Bowline.Resources.Model;

namespace Bowline.Rendering.Kustomize.Transforming;

/// <summary>One field of one object that names objects of one kind: a name, a list of names, or maps with a name and perhaps a namespace.</summary>
internal sealed class NameReference(Referrer referrer, KindFilter target, string path, RenamedObjects renamed)
{
    public Node Set(Node? current) => current switch
    {
        MapNode map => SetMap(map),
        ListNode list => SetList(list),
        null => Node.Null,
        _ => ScalarText.IsNull(current) ? current : SetName(current),
    };

    private ListNode SetList(ListNode list)
    {
        for (int i = 0; i < list.Count; i++)
        {
            Node changed = list[i] switch
            {
                MapNode map => SetMap(map),
                ListNode => throw new RenderException($"considering field '{path}' of object {referrer.Item.Id}: found a list within a list", line: list[i].Line),
                Node name => SetName(name),
            };
            if (!ReferenceEquals(changed, list[i]))
            {
                list[i] = changed;
            }
        }

        return list;
    }

    private Node SetName(Node current)
    {
        BuildObject? referral = Select(ScalarText.Of(current), _ => true, (left, right) => left.Name == right.Name);
        return referral is null || referral.Name == ScalarText.Of(current) ? current : ScalarReader.Scalar(current, referral.Name);
    }

    private MapNode SetMap(MapNode map)
    {
        if (!map.TryGet("name", out Node? nameNode))
        {
            throw new RenderException($"considering field '{path}' of object {referrer.Item.Id}: path config error; no 'name' field in node", line: map.Line);
        }

        string name = ScalarText.Of(nameNode);
        BuildObject? referral = Select(name, InNamespaceOf(map), (left, right) => left.Name == right.Name && left.Namespace == right.Namespace);
        if (referral is null || (referral.Name == name && referral.Namespace.Length == 0))
        {
            return map;
        }

        map["name"] = referral.Name;
        if (referral.Namespace.Length > 0)
        {
            map["namespace"] = referral.Namespace;
        }

        return map;
    }

    private Func<BuildObject, bool> InNamespaceOf(MapNode map)
    {
        if (!map.TryGet("namespace", out Node? node))
        {
            return _ => true;
        }

        string ns = ScalarText.Of(node);
        bool byOriginal = ns != ObjectId.NotANamespace && renamed.IsOriginalNamespace(ns);
        return item => (byOriginal ? item.OriginalId : item.Id).EffectiveNamespace(referrer.Scopes) == ns;
    }

    /// <summary>The object that is meant; null when none is, or none was renamed.</summary>
    /// <exception cref="RenderException">Several are, and they are not the same for this purpose.</exception>
    private BuildObject? Select(string name, Func<BuildObject, bool> narrows, Func<BuildObject, BuildObject, bool> alike)
    {
        KindFilter? role = RoleOfBinding();
        List<BuildObject> candidates = [.. renamed.WithPreviousName(name).Where(item =>
            narrows(item) && item.HadKind(target) && (role is null || item.HadKind(role.Value)) && referrer.MayMean(item))];
        if (candidates.Count <= 1)
        {
            return candidates.FirstOrDefault();
        }

        foreach (bool allowEmpty in new[] { true, false })
        {
            candidates = candidates.FindAll(item => SameAffixes(item, allowEmpty));
            if (candidates.Count <= 1)
            {
                return candidates.FirstOrDefault();
            }
        }

        return candidates.TrueForAll(item => alike(item, candidates[0]))
            ? candidates[0]
            : throw new RenderException($"found multiple possible referrals: {string.Join(", ", candidates.Select(item => item.Id))}");
    }

    /// <summary>A binding's role is told apart by the apiGroup and kind beside its name.</summary>
    private KindFilter? RoleOfBinding()
    {
        if (!path.EndsWith("roleRef/name", StringComparison.Ordinal) || referrer.Item.Root["roleRef"] is not MapNode roleRef
            || roleRef["apiGroup"] is not { } group || roleRef["kind"] is not { } kind)
        {
            return null;
        }

        return new KindFilter(ScalarText.Of(group), string.Empty, ScalarText.Of(kind));
    }

    private bool SameAffixes(BuildObject item, bool allowEmpty) =>
        SameEnding(item.Prefixes, referrer.Item.Prefixes, allowEmpty) && SameEnding(item.Suffixes, referrer.Item.Suffixes, allowEmpty);

    /// <summary>Whether the shorter list of affixes is how the longer one ends.</summary>
    private static bool SameEnding(IReadOnlyList<string> left, IReadOnlyList<string> right, bool allowEmpty)
    {
        if (left.Count == 0 || right.Count == 0)
        {
            return allowEmpty || left.Count == right.Count;
        }

        for (int i = 1; i <= Math.Min(left.Count, right.Count); i++)
        {
            if (left[^i] != right[^i])
            {
                return false;
            }
        }

        return true;
    }
}
