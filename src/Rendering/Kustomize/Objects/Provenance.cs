using System.Text;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;

namespace Bowline.Rendering.Kustomize.Objects;

/// <summary>Where an object or a transformer was declared; what the origin annotations print.</summary>
internal sealed record Provenance
{
    /// <summary>Relative to the kustomization that is built, or to the root of <see cref="Repository"/>.</summary>
    public string Path { get; init; } = string.Empty;

    public string Repository { get; init; } = string.Empty;

    public string Revision { get; init; } = string.Empty;

    /// <summary>The kustomization or plugin file that configured a generator or transformer; empty for plain files.</summary>
    public string ConfiguredIn { get; init; } = string.Empty;

    /// <summary>Name, namespace, kind and apiVersion of the configuring plugin object.</summary>
    public ObjectId? ConfiguredBy { get; init; }

    /// <summary>The file from the snapshot's root and the line in it, for <c>Origin</c>.</summary>
    public string File { get; init; } = string.Empty;

    public int Line { get; init; }

    /// <summary>As an origin annotation writes it.</summary>
    public string Text => Write(string.Empty, string.Empty);

    /// <summary>As one entry of a transformations annotation.</summary>
    public string ListItem => Write("- ", "  ");

    private string Write(string first, string indent)
    {
        StringBuilder text = new();
        void Line(string key, string value)
        {
            if (value.Length > 0)
            {
                text.Append(text.Length == 0 ? first : indent).Append(key).Append(": ").Append(YamlWriter.ToText(StringNode.Of(value)).TrimEnd('\n')).Append('\n');
            }
        }

        Line("path", Path);
        Line("repo", Repository);
        Line("ref", Revision);
        if (Path.Length > 0 || ConfiguredBy is not { } by)
        {
            return text.ToString();
        }

        Line("configuredIn", ConfiguredIn);
        text.Append(text.Length == 0 ? first : indent).Append("configuredBy:\n");
        indent += "  ";
        Line("apiVersion", by.Kind.ApiVersion);
        Line("kind", by.Kind.Kind);
        Line("name", by.Name);
        Line("namespace", by.Namespace);
        return text.ToString();
    }
}
