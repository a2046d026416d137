using System.Text;
using System.Text.RegularExpressions;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;

namespace Bowline.Rendering.Helm.Charts;

/// <summary>Reads one YAML document as sigs.k8s.io/yaml's Unmarshal does, with its error texts.</summary>
internal static partial class GoYaml
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
            throw new ChartException($"error converting YAML to JSON: yaml: {Words(error)}", line: error.Line, column: error.Column, inner: error);
        }
    }

    /// <summary>go-yaml's words: the parser counts lines from zero and says none for the first, the scanner from one.</summary>
    private static string Words(YamlException error)
    {
        string reason = Context().Replace(error.Reason, string.Empty).TrimEnd('.');
        reason = reason.Length > 1 && char.IsUpper(reason[0]) && char.IsLower(reason[1]) ? char.ToLowerInvariant(reason[0]) + reason[1..] : reason;
        bool scanner = error.InnerException is YamlDotNet.Core.SyntaxErrorException;
        int line = scanner ? error.Line : error.Line - 1;
        return error.Line > 1 ? $"line {line}: {reason}" : reason;
    }

    [GeneratedRegex(@"\A(\(Line: .*?\): )?While [^,]*, ", RegexOptions.CultureInvariant)]
    private static partial Regex Context();
}
