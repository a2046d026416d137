using System.Text;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;

namespace Bowline.Rendering.Helm.Charts;

/// <summary>Reads one YAML document as sigs.k8s.io/yaml's Unmarshal does, with its error texts.</summary>
internal static class GoYaml
{
    /// <summary>Into a Go struct: numbers keep their kind, so that those which become text keep their digits.</summary>
    private static readonly YamlReadOptions Typed = YamlReadOptions.Kubernetes with { DuplicateKeys = DuplicateKeys.LastWins };

    public static Node Read(ReadOnlySpan<byte> utf8) => Read(utf8, YamlReadOptions.HelmValues);

    public static Node Read(string text) => Read(Encoding.UTF8.GetBytes(text), YamlReadOptions.HelmValues);

    public static Node ReadTyped(ReadOnlySpan<byte> utf8) => Read(utf8, Typed);

    /// <summary>Into a <c>map[string]interface {}</c>; null for an empty document.</summary>
    public static MapNode? ReadMap(ReadOnlySpan<byte> utf8)
    {
        Node root = Read(utf8);
        return root.IsNull ? null : root as MapNode
            ?? throw new ChartException(JsonTyping.Mismatch(root, "value", "map[string]interface {}"), line: 1);
    }

    private static Node Read(ReadOnlySpan<byte> utf8, YamlReadOptions options)
    {
        try
        {
            IReadOnlyList<YamlDocument> documents = YamlReader.ReadAll(utf8, options);
            return documents.Count == 0 ? Node.Null : documents[0].Root;
        }
        catch (YamlException error)
        {
            throw new ChartException($"error converting YAML to JSON: {error.GoMessage}", line: error.Line, column: error.Column, inner: error);
        }
    }
}
