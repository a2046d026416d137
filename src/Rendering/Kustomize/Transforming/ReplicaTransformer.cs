using System.Globalization;
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
                if (!IsMeant(item, rule.Kind))
                {
                    continue;
                }

                // An object that was of such a kind counts, and is left alone.
                found = true;
                if (!rule.Kind.Selects(item.Kind))
                {
                    continue;
                }

                FieldWriter.Apply(item.Root, rule.Parts, rule.Create ? Creation.Scalar : Creation.Never, current => ScalarReader.Scalar(current, replica.Count.ToString(CultureInfo.InvariantCulture)));
            }
        }

        if (!found)
        {
            string kinds = string.Join(' ', rules.Select(rule => rule.Kind.Kind));
            throw new RenderException($"replicas: resource with name {replica.Name} does not match a config with the following GVK [{kinds}]");
        }
    }

    private bool IsMeant(BuildObject item, KindFilter kind)
    {
        if (item.Name == replica.Name && kind.Selects(item.Kind))
        {
            return true;
        }

        for (int i = 0; i < item.PreviousCount; i++)
        {
            if (item.Previous(i).Name == replica.Name && kind.Selects(item.Previous(i).Kind))
            {
                return true;
            }
        }

        return false;
    }
}
