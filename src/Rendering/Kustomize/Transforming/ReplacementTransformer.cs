using Bowline.Rendering.Kustomize.Declared;
using Bowline.Rendering.Kustomize.Fields;
using Bowline.Rendering.Kustomize.Objects;
using Bowline.Rendering.Requests;
using Bowline.Resources.Model;

namespace Bowline.Rendering.Kustomize.Transforming;

/// <summary>Copies the value of one field of one object to fields of others.</summary>
internal sealed class ReplacementTransformer(IReadOnlyList<ReplacementSpec> replacements) : ITransformer
{
    private const string DefaultPath = "metadata.name";

    public void Transform(ObjectSet objects)
    {
        foreach (ReplacementSpec replacement in replacements)
        {
            if ((replacement.Source is null && replacement.Value is null) || replacement.Targets is null)
            {
                throw new RenderException("replacements must specify a source and at least one target");
            }

            if (replacement.Source is not null && replacement.Value is not null)
            {
                throw new RenderException("value and resource selectors are mutually exclusive in replacement");
            }

            Node value = replacement.Source is { } source ? SourceValue(objects, source) : new Untyped(replacement.Value!);
            foreach (ReplacementTarget target in replacement.Targets)
            {
                Apply(objects, target, ref value);
            }
        }
    }

    private static Node SourceValue(ObjectSet objects, ReplacementSource source)
    {
        BuildObject item = SourceObject(objects, source.Id);
        string path = source.FieldPath.Length == 0 ? DefaultPath : source.FieldPath;
        IReadOnlyList<string> parts = FieldPath.Split(path);
        Node? value = null;
        if (SeesAnnotations(parts))
        {
            Bookkeeping.Shown(item, objects, () => value = FieldFinder.Lookup(item.Root, parts)?.DeepClone());
        }
        else
        {
            value = FieldFinder.Lookup(item.Root, parts);
        }

        bool missing = value is null || ScalarText.IsNull(value) || value is MapNode { Count: 0 } or ListNode { Count: 0 };
        if (missing)
        {
            throw new RenderException($"fieldPath `{path}` is missing for replacement source {source.Id}", item.Source?.File ?? string.Empty, item.Source?.Line ?? 0);
        }

        if (source.Options is not { Delimiter.Length: > 0 } options)
        {
            return value!;
        }

        RequireScalar(value!);
        string[] pieces = ScalarText.Of(value).Split(options.Delimiter);
        return options.Index >= 0 && options.Index < pieces.Length
            ? ScalarReader.Retype(ScalarText.Text(value) is { } text ? text : Untyped.Empty, pieces[options.Index])
            : throw new RenderException($"options.index {options.Index} is out of bounds for value {ScalarText.Of(value)}");
    }

    /// <summary>A source is told by today's or an earlier id, exactly; empty parts match anything.</summary>
    private static BuildObject SourceObject(ObjectSet objects, SelectorSpec id)
    {
        List<BuildObject> matches = [.. objects.Items.Where(item => HasOrHad(item, id))];
        return matches.Count switch
        {
            0 => throw new RenderException($"nothing selected by {id}"),
            1 => matches[0],
            _ => throw new RenderException($"multiple matches for selector {id}"),
        };
    }

    private static bool HasOrHad(BuildObject item, SelectorSpec id)
    {
        if (IsSelected(item.Id, id))
        {
            return true;
        }

        for (int i = 0; i < item.PreviousCount; i++)
        {
            if (IsSelected(item.Previous(i), id))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether a kind lives outside of namespaces does not matter here: none counts as default.</summary>
    private static bool IsSelected(ObjectId item, SelectorSpec id) =>
        id.Kind.Selects(item.Kind)
        && (id.Name.Length == 0 || id.Name == item.Name)
        && (id.Namespace.Length == 0 || id.Namespace == (item.Namespace.Length == 0 ? "default" : item.Namespace));

    /// <param name="value">A field of its source itself: where that is a target, too, what it becomes there is what later targets get.</param>
    private static void Apply(ObjectSet objects, ReplacementTarget target, ref Node value)
    {
        if (target.Select is null)
        {
            throw new RenderException("target must specify resources to select");
        }

        Selector select = target.Select.Compile();
        List<Selector> reject = [.. target.Reject.Select(spec => spec.Compile())];
        IReadOnlyList<string> paths = target.FieldPaths.Count == 0 ? [DefaultPath] : target.FieldPaths;
        foreach (BuildObject item in objects.Items)
        {
            if (!IsTarget(item, select, reject))
            {
                continue;
            }

            foreach (string path in paths)
            {
                IReadOnlyList<string> parts = FieldPath.Split(path);
                if (SeesAnnotations(parts))
                {
                    Node whole = value;
                    Bookkeeping.Shown(item, objects, () => Copy(item, path, target.Options, ref whole));
                }
                else
                {
                    Copy(item, path, target.Options, ref value);
                }
            }
        }
    }

    /// <summary>Whether the path leads to all annotations of an object.</summary>
    private static bool SeesAnnotations(IReadOnlyList<string> path) =>
        path is ["metadata" or "*"] or ["metadata" or "*", "annotations" or "*"] or ["metadata" or "*", "annotations" or "*", "*"];

    private static bool IsTarget(BuildObject item, Selector select, List<Selector> reject)
    {
        if (!select.MatchesLabels(item) || reject.Exists(selector => selector.HasLabelsOrAnnotations && selector.MatchesLabels(item)))
        {
            return false;
        }

        List<ObjectId> ids = [];
        for (int i = 0; i < item.PreviousCount; i++)
        {
            ids.Add(item.Previous(i));
        }

        ids.Add(item.Id);
        return !reject.Exists(selector => !selector.MeansNoId && ids.Exists(id => selector.MatchesId(id)))
            && ids.Exists(id => select.MatchesId(id));
    }

    private static void Copy(BuildObject item, string path, FieldOptions? options, ref Node value)
    {
        try
        {
            IReadOnlyList<string> parts = FieldPath.Split(path);
            FieldKind create = options is not { Create: true } ? FieldKind.None
                : value is MapNode ? FieldKind.Map
                : value is ListNode ? FieldKind.List : FieldKind.Scalar;
            if (StructuredText.TrySet(item.Root, parts, value, create))
            {
                return;
            }

            List<FieldSlot> slots = new FieldFinder(parts, create).Find(item.Root);
            if (slots.Count == 0)
            {
                throw new RenderException("no such field");
            }

            foreach (FieldSlot slot in slots)
            {
                bool isSource = ReferenceEquals(slot.Value, value);
                Set(slot, options, value);
                value = isSource && ScalarText.IsScalar(value) ? slot.Value : value;
            }
        }
        catch (RenderException error)
        {
            string verb = options is { Create: true } ? "find or create" : "find";
            throw new RenderException($"unable to {verb} field \"{path}\" in replacement target {item.Id}: {error.Reason}", item.Source?.File ?? string.Empty, item.Source?.Line ?? 0, 0, error);
        }
    }

    private static void Set(FieldSlot slot, FieldOptions? options, Node value)
    {
        Node current = slot.Value;
        string? text = null;
        if (options is { Delimiter.Length: > 0 })
        {
            RequireScalar(current);
            List<string> parts = [.. ScalarText.Of(current).Split(options.Delimiter)];
            Splice(parts, options.Index, ScalarText.Of(value));
            text = string.Join(options.Delimiter, parts);
        }

        if (current is MapNode or ListNode)
        {
            slot.Value = value.DeepClone();
        }
        else if (value is MapNode or ListNode && text is null)
        {
            // Copying the text of a map into a scalar leaves nothing of it.
            slot.Value = ScalarReader.Retype(current, string.Empty);
        }
        else
        {
            slot.Value = ScalarReader.Retype(current, text ?? ScalarText.Of(value));
        }
    }

    private static void Splice(List<string> parts, long index, string text)
    {
        if (index < 0)
        {
            parts.Insert(0, text);
        }
        else if (index >= parts.Count)
        {
            parts.Add(text);
        }
        else
        {
            parts[(int)index] = text;
        }
    }

    private static void RequireScalar(Node node)
    {
        if (node is MapNode or ListNode)
        {
            throw new RenderException("delimiter option can only be used with scalar nodes", line: node.Line);
        }
    }
}
