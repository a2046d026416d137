using System.Text.RegularExpressions;
using Bowline.Rendering.Kustomize.Declared;
using Bowline.Rendering.Kustomize.Fields;
using Bowline.Rendering.Kustomize.Objects;
using Bowline.Rendering.Kustomize.Rules;
using Bowline.Rendering.Requests;
using Bowline.Resources.Model;

namespace Bowline.Rendering.Kustomize.Transforming;

/// <summary>
/// Renames and retags images: in every <c>containers</c> and <c>initContainers</c> at any depth, and then once more in the
/// fields of the rules. An image that both find gets a tag suffix twice, as it does in the original.
/// </summary>
internal sealed class ImageTransformer : ITransformer
{
    private readonly ImageSpec image;
    private readonly IReadOnlyList<FieldRule> rules;
    private readonly Regex matches;

    public ImageTransformer(ImageSpec image, IReadOnlyList<FieldRule> rules)
    {
        this.image = image;
        this.rules = rules;
        // Braces in tags come from build systems that fill them in later. The name itself is a pattern, too.
        matches = GoRegex.Compile($"^{image.Name}(:[a-zA-Z0-9_.{{}}-]*)?(@sha256:[a-zA-Z0-9_.{{}}-]*)?$");
    }

    public void Transform(ObjectSet objects)
    {
        foreach (BuildObject item in objects.Items)
        {
            if (item.KindName != "CustomResourceDefinition")
            {
                ReplaceEverywhere(item.Root);
            }
        }

        foreach (BuildObject item in objects.Items)
        {
            ResourceKind kind = item.Kind;
            foreach (FieldRule rule in rules)
            {
                if (rule.Kind.Selects(kind))
                {
                    FieldWriter.Apply(item.Root, rule.Parts, Creation.Never, Replace);
                }
            }
        }
    }

    private void ReplaceEverywhere(Node node)
    {
        if (node is ListNode list)
        {
            foreach (Node item in list)
            {
                ReplaceEverywhere(item);
            }
        }
        else if (node is MapNode map)
        {
            foreach ((string key, Node value) in map)
            {
                ReplaceEverywhere(value);
                if (key is "containers" or "initContainers" && value is ListNode containers)
                {
                    ReplaceIn(containers);
                }
            }
        }
    }

    private void ReplaceIn(ListNode containers)
    {
        foreach (Node container in containers)
        {
            if (container is MapNode map && map.TryGet("image", out Node? current))
            {
                Node changed = Replace(current);
                if (!ReferenceEquals(changed, current))
                {
                    map["image"] = changed;
                }
            }
        }
    }

    private Node Replace(Node? current)
    {
        if (ScalarText.IsNull(current))
        {
            return current ?? Node.Null;
        }

        if (current is null or MapNode or ListNode)
        {
            throw new RenderException("wrong node kind: expected ScalarNode for an image", line: current?.Line ?? 0);
        }

        string text = ScalarText.Of(current);
        return matches.IsMatch(text) ? ScalarReader.Scalar(current, Changed(text)) : current;
    }

    private string Changed(string text)
    {
        (string name, string tag, string digest) = Split(text);
        name = image.NewName.Length > 0 ? image.NewName : name;
        if (image.NewTag.Length > 0)
        {
            tag = image.NewTag;
            digest = image.Digest;
        }
        else if (image.Digest.Length > 0)
        {
            tag = string.Empty;
            digest = image.Digest;
        }
        else if (image.TagSuffix.Length > 0)
        {
            tag += image.TagSuffix;
            digest = string.Empty;
        }

        return $"{name}{(tag.Length > 0 ? $":{tag}" : string.Empty)}{(digest.Length > 0 ? $"@{digest}" : string.Empty)}";
    }

    private static (string Name, string Tag, string Digest) Split(string text)
    {
        int slash = text.IndexOf('/', StringComparison.Ordinal);
        int from = slash > 0 ? slash : 0;
        int colon = text.IndexOf(':', from);
        int at = text.IndexOf('@', from);
        if (colon < 0 && at < 0)
        {
            return (text, string.Empty, string.Empty);
        }

        if (at >= 0 && (colon < 0 || at < colon))
        {
            return (text[..at], string.Empty, text[(at + 1)..]);
        }

        return at >= 0
            ? (text[..colon], text[(colon + 1)..at], text[(at + 1)..])
            : (text[..colon], text[(colon + 1)..], string.Empty);
    }
}
