using Bowline.Rendering.Kustomize.Fields;
using Bowline.Rendering.Kustomize.Objects;
using Bowline.Rendering.Kustomize.Rules;
using Bowline.Rendering.Requests;
using Bowline.Resources.Model;

namespace Bowline.Rendering.Kustomize.Transforming;

/// <summary>Makes fields that name other objects follow their renames, whatever caused them: prefix, suffix, hash, namespace or patch.</summary>
internal sealed class NameReferenceTransformer(IReadOnlyList<NameRule> rules) : ITransformer
{
    public void Transform(ObjectSet objects)
    {
        RenamedObjects renamed = new(objects);
        foreach (BuildObject referrer in objects.Items)
        {
            ResourceKind kind = referrer.OriginalId.Kind;
            Referrer? seen = null;
            foreach (NameRule rule in rules)
            {
                foreach (FieldRule field in rule.Referrers)
                {
                    if (!field.Kind.Selects(kind))
                    {
                        continue;
                    }

                    if (ScalarText.IsNull(referrer.Root["apiVersion"]) && referrer.ApiVersion.Length > 0)
                    {
                        throw new RenderException($"apiVersion of {referrer.Id} is null", referrer.Source?.File ?? string.Empty, referrer.Source?.Line ?? 0);
                    }

                    if (FieldWriter.Reaches(referrer.Root, field.Parts))
                    {
                        seen ??= new Referrer(referrer, objects.Scopes);
                        Update(seen, rule.Target, field, renamed);
                    }
                }
            }
        }
    }

    private static void Update(Referrer referrer, KindFilter target, FieldRule field, RenamedObjects renamed)
    {
        try
        {
            NameReference reference = new(referrer, target, field.Path, renamed);
            FieldWriter.Apply(referrer.Item.Root, field.Parts, Creation.Never, reference.Set);
        }
        catch (RenderException error)
        {
            throw new RenderException($"updating name reference in '{field.Path}' field of '{referrer.Item.Id}': {error.Reason}", referrer.Item.Source?.File ?? string.Empty, referrer.Item.Source?.Line ?? 0, 0, error);
        }
    }
}
