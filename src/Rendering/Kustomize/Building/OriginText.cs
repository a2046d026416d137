using System.Text;
using Bowline.Rendering.Kustomize.Objects;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;

namespace Bowline.Rendering.Kustomize.Building;

/// <summary>The annotations that buildMetadata asks for; without it such annotations are taken away from the input, too.</summary>
internal static class OriginText
{
    private const string OriginKey = "config.kubernetes.io/origin";
    private const string TransformationsKey = "alpha.config.kubernetes.io/transformations";

    public static Dictionary<string, string> Annotations(BuildObject item, IReadOnlyList<string> buildMetadata)
    {
        Dictionary<string, string> annotations = new(item.Annotations, StringComparer.Ordinal);
        annotations.Remove(OriginKey);
        annotations.Remove(TransformationsKey);
        if (buildMetadata.Contains("originAnnotations") && item.Source is { } source)
        {
            annotations[OriginKey] = Write(source, string.Empty, string.Empty);
        }

        if (buildMetadata.Contains("transformerAnnotations") && item.Through is not null)
        {
            annotations[TransformationsKey] = string.Concat(Passage.Of(item.Through).Select(by => Write(by, "- ", "  ")));
        }

        return annotations;
    }

    private static string Write(Provenance source, string first, string indent)
    {
        StringBuilder text = new();
        void Line(string key, string value)
        {
            if (value.Length > 0)
            {
                text.Append(text.Length == 0 ? first : indent).Append(key).Append(": ").Append(YamlWriter.ToText(StringNode.Of(value)).TrimEnd('\n')).Append('\n');
            }
        }

        Line("path", source.Path);
        Line("repo", source.Repository);
        Line("ref", source.Revision);
        if (source.Path.Length > 0 || source.ConfiguredBy is not { } by)
        {
            return text.ToString();
        }

        Line("configuredIn", source.ConfiguredIn);
        text.Append(text.Length == 0 ? first : indent).Append("configuredBy:\n");
        indent += "  ";
        Line("apiVersion", by.Kind.ApiVersion);
        Line("kind", by.Kind.Kind);
        Line("name", by.Name);
        Line("namespace", by.Namespace);
        return text.ToString();
    }
}
