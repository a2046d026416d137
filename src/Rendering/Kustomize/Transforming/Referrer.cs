using Bowline.Rendering.Kustomize.Objects;
using Bowline.Rendering.Requests;
using Bowline.Resources.Model;

namespace Bowline.Rendering.Kustomize.Transforming;

/// <summary>An object whose fields name others, and which of those it may mean.</summary>
internal sealed class Referrer
{
    private readonly HashSet<string> accountNamespaces = new(StringComparer.Ordinal);

    public Referrer(BuildObject item, KindScopes scopes)
    {
        Item = item;
        Scopes = scopes;
        IsClusterScoped = scopes.IsClusterScoped(item.Kind);
        Namespace = item.Id.EffectiveNamespace(scopes);
        if (item.KindName == "RoleBinding" && item.Root["subjects"] is ListNode subjects)
        {
            ReadAccountNamespaces(subjects);
        }
    }

    public BuildObject Item { get; }

    public KindScopes Scopes { get; }

    public bool IsClusterScoped { get; }

    public string Namespace { get; }

    /// <summary>Cluster-scoped objects meet any; others those of their namespace, and role bindings the accounts of the namespaces they name.</summary>
    public bool MayMean(BuildObject target)
    {
        if (IsClusterScoped || Scopes.IsClusterScoped(target.Kind) || target.Id.EffectiveNamespace(Scopes) == Namespace)
        {
            return true;
        }

        return target.KindName == "ServiceAccount" && accountNamespaces.Contains(target.Namespace);
    }

    private void ReadAccountNamespaces(ListNode subjects)
    {
        foreach (Node subject in subjects)
        {
            if (subject is MapNode map && ScalarText.Of(map["kind"]) == "ServiceAccount" && map.TryGet("namespace", out Node? ns))
            {
                accountNamespaces.Add(ns is StringNode text ? text.Value : throw new RenderException($"Invalid Input: namespace is blank for resource '{Item.Id}'"));
            }
        }
    }
}
