namespace Bowline.Rendering.Kustomize.Objects;

/// <summary>One step that changes the objects of a kustomization in place; objects that it empties are dropped afterwards.</summary>
internal interface ITransformer
{
    void Transform(ObjectSet objects);

    /// <summary>Whether each object that is changed is reported to the set (<see cref="ObjectSet.Changed"/>), which then needs not look at all of them.</summary>
    bool ReportsChanges => false;
}
