using System.Text;
using Bowline.Rendering.Kustomize.Fields;
using Bowline.Rendering.Kustomize.Objects;
using Bowline.Rendering.Kustomize.Rules;
using Bowline.Rendering.Requests;
using Bowline.Resources.Model;

namespace Bowline.Rendering.Kustomize.Transforming;

/// <summary>Expands <c>$(NAME)</c> in the fields that may hold variables; <c>$$</c> stands for a dollar sign and unknown names stay.</summary>
internal sealed class VariableTransformer(IReadOnlyDictionary<string, Node> values, IReadOnlyList<FieldRule> rules) : ITransformer
{
    public void Transform(ObjectSet objects)
    {
        foreach (BuildObject item in objects.Items)
        {
            ResourceKind kind = item.Kind;
            foreach (FieldRule rule in rules)
            {
                if (rule.Kind.Selects(kind))
                {
                    FieldWriter.Apply(item.Root, rule.Parts, Creation.Never, current => Set(current!));
                }
            }
        }
    }

    private Node Set(Node current)
    {
        if (Text(current) is { } text)
        {
            return Expand(text);
        }

        switch (current)
        {
            case MapNode map:
                foreach ((string key, Node value) in map.ToArray())
                {
                    if (Text(value) is { } member)
                    {
                        map[key] = Expand(member);
                    }
                }

                return map;
            case ListNode list:
                for (int i = 0; i < list.Count; i++)
                {
                    list[i] = Text(list[i]) is { } item ? Expand(item) : throw new RenderException("invalid value type expect a string", line: list[i].Line);
                }

                return list;
            default:
                return current;
        }
    }

    /// <summary>What a build made without saying of what type becomes text here, whether it holds variables or not.</summary>
    private static StringNode? Text(Node node) => node is Untyped untyped ? new StringNode(untyped.ToString()) : ScalarText.Text(node);

    private Node Expand(StringNode node)
    {
        string text = node.Value;
        if (!text.Contains('$', StringComparison.Ordinal))
        {
            return node;
        }

        StringBuilder expanded = new(text.Length);
        int done = 0;
        for (int at = 0; at < text.Length - 1; at++)
        {
            if (text[at] != '$')
            {
                continue;
            }

            expanded.Append(text, done, at - done);
            int end = text[at + 1] == '(' ? text.IndexOf(')', at + 2) : -1;
            if (end >= 0)
            {
                string name = text[(at + 2)..end];
                if (values.TryGetValue(name, out Node? value))
                {
                    if (at == 0 && end == text.Length - 1)
                    {
                        return value;
                    }

                    expanded.Append(ScalarText.Of(value));
                }
                else
                {
                    expanded.Append(text, at, end + 1 - at);
                }

                at = end;
            }
            else
            {
                expanded.Append(text[at + 1] == '$' ? "$" : $"${text[at + 1]}");
                at++;
            }

            done = at + 1;
        }

        return expanded.Append(text, done, text.Length - done).ToString();
    }
}
