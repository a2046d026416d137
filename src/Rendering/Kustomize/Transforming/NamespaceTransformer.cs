using System.Runtime.InteropServices;
using Bowline.Rendering.Kustomize.Fields;
using Bowline.Rendering.Kustomize.Objects;
using Bowline.Rendering.Kustomize.Rules;
using Bowline.Rendering.Requests;
using Bowline.Resources.Model;

namespace Bowline.Rendering.Kustomize.Transforming;

/// <summary>Moves namespaced objects into one namespace, along with the service accounts that role bindings name.</summary>
internal sealed class NamespaceTransformer : ITransformer
{
    private const string MetadataPath = "metadata/namespace";
    private static readonly string[] MetadataParts = ["metadata", "namespace"];
    private readonly string ns;
    private readonly IReadOnlyList<FieldRule> rules;
    private readonly bool onlyUnset;
    private readonly Func<Node, bool>? isMovedSubject;

    /// <param name="subjects">Which subjects of role bindings move: none, allServiceAccounts, or those called default (defaultOnly, and when empty).</param>
    public NamespaceTransformer(string ns, IReadOnlyList<FieldRule> rules, bool onlyUnset, string subjects)
    {
        this.ns = ns;
        this.onlyUnset = onlyUnset;
        this.rules = [.. rules.Where(rule => rule.Path != MetadataPath)];
        isMovedSubject = subjects switch
        {
            "" or "defaultOnly" => subject => ScalarText.Of(subject["name"]) == "default",
            "allServiceAccounts" => subject => ScalarText.Of(subject["kind"]) == "ServiceAccount",
            "none" => null,
            _ => throw new RenderException($"invalid value '{subjects}' for setRoleBindingSubjects: must be one of [defaultOnly none allServiceAccounts]"),
        };
    }

    /// <exception cref="RenderException">Two objects would become one.</exception>
    public void Transform(ObjectSet objects)
    {
        if (ns.Length == 0)
        {
            return;
        }

        Dictionary<ObjectId, int> taken = [];
        foreach (BuildObject item in objects.Items)
        {
            CollectionsMarshal.GetValueRefOrAddDefault(taken, objects.Key(item), out _)++;
        }

        foreach (BuildObject item in objects.Items)
        {
            if (item.IsEmpty || item.IsOfChart)
            {
                continue;
            }

            taken[objects.Key(item)]--;
            item.RememberId(objects.Scopes);
            Apply(item, objects.Scopes);
            ref int count = ref CollectionsMarshal.GetValueRefOrAddDefault(taken, objects.Key(item), out _);
            if (++count != 1)
            {
                throw new RenderException($"namespace transformation produces ID conflict: {item.Id}", item.Source?.File ?? string.Empty, item.Source?.Line ?? 0);
            }
        }
    }

    private void Apply(BuildObject item, KindScopes scopes)
    {
        ResourceKind kind = item.Kind;
        if (!scopes.IsClusterScoped(kind))
        {
            FieldWriter.Apply(item.Root, MetadataParts, Creation.Scalar, Set);
        }

        bool isRoleBinding = kind.Kind is "RoleBinding" or "ClusterRoleBinding";
        if (isRoleBinding)
        {
            SetSubjects(item.Root["subjects"]);
        }

        foreach (FieldRule rule in rules)
        {
            // Subjects are handled above, and a foreign kind that is called Namespace has a name of its own.
            bool isHandled = (isRoleBinding && rule.Kind.Kind is "RoleBinding" or "ClusterRoleBinding" && rule.Path is "subjects" or "subjects/namespace")
                || (rule is { Path: "metadata/name", Kind.Kind: "Namespace", Kind.Group.Length: 0 } && kind.Group.Length > 0);
            if (rule.Kind.Selects(kind) && !isHandled)
            {
                FieldWriter.Apply(item.Root, rule.Parts, rule.Create ? Creation.Scalar : Creation.Never, Set);
            }
        }
    }

    private void SetSubjects(Node? subjects)
    {
        if (isMovedSubject is null || subjects is not ListNode list)
        {
            return;
        }

        foreach (Node subject in list)
        {
            if (subject is MapNode map && isMovedSubject(map))
            {
                map["namespace"] = Set(map["namespace"]);
            }
        }
    }

    private Node Set(Node? current)
    {
        if (current is MapNode or ListNode)
        {
            throw new RenderException("wrong node kind: expected a namespace");
        }

        return onlyUnset && current is not null && !ScalarText.IsNull(current) && ScalarText.Of(current).Length > 0 ? current : ns;
    }
}
