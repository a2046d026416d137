using Bowline.Rendering.Kustomize.Declared;
using Bowline.Rendering.Kustomize.Fields;
using Bowline.Rendering.Kustomize.Objects;
using Bowline.Rendering.Kustomize.Rules;
using Bowline.Rendering.Requests;

namespace Bowline.Rendering.Kustomize.Transforming;

/// <summary>Sets the replica count of objects by their original or current name.</summary>
internal sealed class ReplicaTransformer(ReplicaSpec replica, IReadOnlyList<FieldRule> rules) : ITransformer
{
    /// <exception cref="RenderException">No object of a kind that has replicas is called so.</exception>
    public void Transform(ObjectSet objects)
    {
        bool found = false;
        foreach (FieldRule rule in rules)
        {
            foreach (BuildObject item in objects.Items)
            {
                if (!rule.Kind.Selects(item.Kind) || !IsMeant(item))
                {
                    continue;
                }

                found = true;
                FieldWriter.Apply(item.Root, rule.Parts, rule.Create ? Creation.Scalar : Creation.Never, _ => replica.Count);
            }
        }

        if (!found)
        {
            string kinds = string.Join(' ', rules.Select(rule => rule.Kind.Kind));
            throw new RenderException($"replicas: resource with name {replica.Name} does not match a config with the following GVK [{kinds}]");
        }
    }

    private bool IsMeant(BuildObject item)
    {
        if (item.Name == replica.Name)
        {
            return true;
        }

        for (int i = 0; i < item.PreviousCount; i++)
        {
            if (item.Previous(i).Name == replica.Name)
            {
                return true;
            }
        }

        return false;
    }
}
