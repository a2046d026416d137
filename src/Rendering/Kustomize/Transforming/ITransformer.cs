using Bowline.Rendering.Kustomize.Objects;

namespace Bowline.Rendering.Kustomize.Transforming;

/// <summary>One step that changes the objects of a kustomization in place; objects that it empties are dropped afterwards.</summary>
internal interface ITransformer
{
    void Transform(ObjectSet objects);
}
