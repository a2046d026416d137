using Bowline.Rendering.Kustomize.Declared;
using Bowline.Rendering.Kustomize.Fields;
using Bowline.Rendering.Kustomize.Objects;
using Bowline.Rendering.Kustomize.Rules;
using Bowline.Rendering.Kustomize.Transforming;
using Bowline.Rendering.Requests;
using Bowline.Resources.Model;

namespace Bowline.Rendering.Kustomize.Building;

/// <summary>The objects of a kustomization with the rules and variables that its whole build needs at the end.</summary>
internal sealed class Accumulator(BuildSession session)
{
    private readonly List<VariableSpec> variables = [];

    public ObjectSet Objects { get; private set; } = new(session.Kinds.Scopes) { TracksOrigins = session.TracksOrigins };

    public RuleSet Rules { get; private set; } = RuleSet.Empty;

    public void MergeRules(RuleSet more) => Rules = Rules.Merge(more);

    public void Merge(Accumulator other)
    {
        if (Objects.Count == 0)
        {
            Objects = other.Objects;
            Objects.RequireDistinct();
        }
        else
        {
            Objects.AppendAll(other.Objects.Items);
        }

        MergeRules(other.Rules);
        other.variables.ForEach(Add);
    }

    /// <summary>Ties variables to the objects they read, now that these still can be found by the ids of this layer.</summary>
    public void MergeVariables(IReadOnlyList<VariableSpec> specs)
    {
        foreach (VariableSpec spec in specs)
        {
            List<BuildObject> matches = [.. Objects.Items.Where(item => IsSource(item, spec))];
            if (matches.Count > 1)
            {
                throw new RenderException($"found {matches.Count} resId matches for var {spec.Name} (unable to disambiguate)");
            }

            matches.FirstOrDefault()?.VariableNames.Add(spec.Name);
            Add(spec);
        }
    }

    public void ResolveVariables()
    {
        Dictionary<string, Node> values = new(StringComparer.Ordinal);
        foreach (VariableSpec spec in variables)
        {
            BuildObject source = Objects.Items.FirstOrDefault(item => item.VariableNames.Contains(spec.Name))
                ?? throw new RenderException($"var '{spec.Name}' cannot be mapped to a field in the set of known resources");
            Node value = FieldFinder.Lookup(source.Root, VariablePath(spec.FieldPath))
                ?? throw new RenderException($"field '{spec.FieldPath}' specified in var '{spec.Name}' not found in corresponding resource");
            values[spec.Name] = value is MapNode or ListNode ? StringNode.Of($"$({spec.Name})") : ScalarText.Plain(value);
        }

        if (values.Count > 0)
        {
            Objects.Apply(new VariableTransformer(values, Rules.Variables));
        }
    }

    /// <summary>Variables write list indices as <c>ports[0]</c>.</summary>
    private static List<string> VariablePath(string path)
    {
        List<string> parts = [];
        foreach (string part in FieldPath.Split(path))
        {
            int open = part.IndexOf('[', StringComparison.Ordinal);
            if (open > 0 && part.EndsWith(']') && FieldPath.IsIndex(part[(open + 1)..^1]))
            {
                parts.Add(part[..open]);
                parts.Add(part[(open + 1)..^1]);
            }
            else
            {
                parts.Add(part);
            }
        }

        return parts;
    }

    private bool IsSource(BuildObject item, VariableSpec spec)
    {
        ResourceKind kind = new(spec.Kind.Group, spec.Kind.Version, spec.Kind.Kind);
        ObjectId wanted = new(kind, spec.ObjectName, spec.Namespace);
        bool anyNamespace = spec.Namespace.Length == 0 && !Objects.Scopes.IsClusterScoped(kind);
        for (int i = 0; i <= item.PreviousCount; i++)
        {
            ObjectId id = i == item.PreviousCount ? item.Id : item.Previous(i);
            if (anyNamespace ? id.Kind == kind && id.Name == spec.ObjectName : id.Normalized(Objects.Scopes) == wanted.Normalized(Objects.Scopes))
            {
                return true;
            }
        }

        return false;
    }

    private void Add(VariableSpec spec)
    {
        if (variables.Exists(other => other.Name == spec.Name))
        {
            throw new RenderException($"var '{spec.Name}' already encountered");
        }

        variables.Add(spec);
    }
}
