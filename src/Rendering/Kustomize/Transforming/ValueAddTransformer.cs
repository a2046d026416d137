using Bowline.Rendering.Kustomize.Declared;
using Bowline.Rendering.Kustomize.Fields;
using Bowline.Rendering.Kustomize.Objects;
using Bowline.Rendering.Requests;
using Bowline.Resources.Model;

namespace Bowline.Rendering.Kustomize.Transforming;

/// <param name="Position">Where in a slash-separated path the value goes, from 1; 0 replaces the field.</param>
internal sealed record ValueTarget(SelectorSpec? Selector, string FieldPath, int Position);

/// <summary>Puts one value into fields, or as one more segment into paths that fields hold.</summary>
internal sealed class ValueAddTransformer(string value, IReadOnlyList<ValueTarget> targets) : ITransformer
{
    public void Transform(ObjectSet objects)
    {
        foreach (ValueTarget target in targets)
        {
            Selector selector = (target.Selector ?? new SelectorSpec(KindFilter.Any, string.Empty, string.Empty, string.Empty, string.Empty)).Compile();
            string[] path = FieldWriter.SplitPath(target.FieldPath);
            bool isNamespace = path is ["metadata", "namespace"];
            foreach (BuildObject item in objects.Select(selector))
            {
                if (!isNamespace)
                {
                    FieldWriter.Apply(item.Root, path, Creation.Scalar, current => Set(current, target.Position));
                }
                else if (!objects.Scopes.IsClusterScoped(item.Kind))
                {
                    // A namespace has no parts: the position does not count.
                    FieldWriter.Apply(item.Root, path, Creation.Scalar, _ => StringNode.Of(value));
                }
            }
        }
    }

    private Node Set(Node? current, int position)
    {
        if (current is MapNode or ListNode)
        {
            throw new RenderException("wrong node kind: expected ScalarNode", line: current.Line);
        }

        string text = position == 0 ? value : WithPart(ScalarText.Of(current), position - 1);
        return current is not null && ScalarText.Text(current) is { Quoted: true } ? ScalarReader.Scalar(current, text) : new Untyped(text);
    }

    /// <summary>A path with the value as one more part; empty parts fall away.</summary>
    private string WithPart(string path, int at)
    {
        bool absolute = path.StartsWith('/');
        List<string> parts = [.. path.Split('/', StringSplitOptions.RemoveEmptyEntries)];
        if (value.Length > 0)
        {
            parts.Insert(Math.Min(at, parts.Count), value);
        }

        return (absolute ? "/" : string.Empty) + string.Join('/', parts);
    }
}
