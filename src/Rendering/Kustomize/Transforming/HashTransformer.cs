using Bowline.Rendering.Kustomize.Generating;
using Bowline.Rendering.Kustomize.Objects;

namespace Bowline.Rendering.Kustomize.Transforming;

/// <summary>Appends the hash of its content to the name of every object that a generator marked.</summary>
internal sealed class HashTransformer : ITransformer
{
    public void Transform(ObjectSet objects)
    {
        foreach (BuildObject item in objects.Items)
        {
            if (item.NeedsHash)
            {
                string hash = NameHash.Of(item);
                item.RememberId(objects.Scopes);
                item.SetName($"{item.Name}-{hash}");
            }
        }
    }
}
