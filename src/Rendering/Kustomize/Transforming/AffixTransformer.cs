using Bowline.Rendering.Kustomize.Fields;
using Bowline.Rendering.Kustomize.Objects;
using Bowline.Rendering.Kustomize.Rules;
using Bowline.Rendering.Requests;
using Bowline.Resources.Model;

namespace Bowline.Rendering.Kustomize.Transforming;

/// <summary>Name prefixes and suffixes; definitions, API services and namespaces keep their names, which are not free.</summary>
internal sealed class AffixTransformer(string affix, bool isPrefix, IReadOnlyList<FieldRule> rules) : ITransformer
{
    public void Transform(ObjectSet objects)
    {
        foreach (BuildObject item in objects.Items)
        {
            ResourceKind kind = item.OriginalId.Kind;
            bool keepsName = kind.Kind is "CustomResourceDefinition" or "Namespace" || kind is { Group: "apiregistration.k8s.io", Kind: "APIService" };
            if (keepsName)
            {
                continue;
            }

            foreach (FieldRule rule in rules)
            {
                if (rule.Kind.Selects(kind))
                {
                    Apply(item, rule, objects.Scopes);
                }
            }
        }
    }

    private void Apply(BuildObject item, FieldRule rule, KindScopes scopes)
    {
        if (rule.Path == "metadata/name")
        {
            if (affix.Length > 0)
            {
                item.RememberId(scopes);
            }

            if (isPrefix)
            {
                item.AddPrefix(affix);
            }
            else
            {
                item.AddSuffix(affix);
            }
        }

        if (!rule.Kind.Selects(item.Kind))
        {
            return;
        }

        FieldWriter.Apply(item.Root, rule.Parts, rule.Create ? Creation.Scalar : Creation.Never, current => current switch
        {
            MapNode or ListNode => throw new RenderException($"wrong node kind: expected a name at {rule.Path} of {item.Id}"),
            _ => ScalarReader.Scalar(current, ScalarText.IsNull(current) ? affix : isPrefix ? affix + ScalarText.Of(current) : ScalarText.Of(current) + affix),
        });
    }
}
