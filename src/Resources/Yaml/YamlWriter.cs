using System.Buffers;
using System.Text;
using Bowline.Resources.Model;

namespace Bowline.Resources.Yaml;

/// <summary>How a tree is laid out; the defaults are those of sigs.k8s.io/yaml.</summary>
public sealed record YamlWriteOptions
{
    /// <summary>sigs.k8s.io/yaml Marshal, which Helm's toYaml and Kustomize's output are.</summary>
    public static readonly YamlWriteOptions Kubernetes = new();

    /// <summary>The same, failing where sigs.k8s.io/yaml Marshal fails; Helm's toYaml prints nothing then.</summary>
    public static readonly YamlWriteOptions Marshal = new() { RefuseUnreadable = true };

    /// <summary>Helm's toYamlPretty: go-yaml v3 with an indent of 2, which indents lists and folds nothing.</summary>
    public static readonly YamlWriteOptions Pretty = new() { IndentLists = true, FoldColumn = int.MaxValue, Dialect = YamlDialect.Yaml12 };

    /// <summary>Keys in go-yaml's natural order; otherwise in the order of the tree.</summary>
    public bool SortKeys { get; init; } = true;

    /// <summary>List items stand two columns right of their key instead of below it.</summary>
    public bool IndentLists { get; init; }

    /// <summary>Lines of plain and quoted text break at the first space behind this column.</summary>
    public int FoldColumn { get; init; } = 80;

    /// <summary>Whose emitter decides: v2 escapes tabs, v3 leaves them in literal blocks and prints every float as it is.</summary>
    public YamlDialect Dialect { get; init; }

    /// <summary>
    /// Whether a <see cref="YamlException"/> is thrown for what sigs.k8s.io/yaml cannot marshal, since it reads JSON as YAML on its way:
    /// control characters from U+007F on, and keys that take more than 1024 characters in JSON.
    /// </summary>
    public bool RefuseUnreadable { get; init; }
}

/// <summary>Prints a tree exactly as Go's sigs.k8s.io/yaml Marshal does: sorted keys, its quoting, folding at 80 columns and list indentation.</summary>
public static class YamlWriter
{
    public static void Write(Node node, IBufferWriter<byte> output, YamlWriteOptions? options = null)
    {
        using YamlEmitter emitter = new(options ?? YamlWriteOptions.Kubernetes);
        output.Write(emitter.Emit(node));
    }

    /// <summary>The same as text, with its final newline.</summary>
    public static string ToText(Node node, YamlWriteOptions? options = null)
    {
        using YamlEmitter emitter = new(options ?? YamlWriteOptions.Kubernetes);
        return Encoding.UTF8.GetString(emitter.Emit(node));
    }
}
