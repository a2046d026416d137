using System.Buffers;
using Bowline.Resources.Model;

namespace Bowline.Resources.Yaml;

/// <summary>Prints a tree exactly as Go's sigs.k8s.io/yaml Marshal does: sorted keys, its quoting, folding at 80 columns and list indentation.</summary>
public static class YamlWriter
{
    public static void Write(Node node, IBufferWriter<byte> output) => throw new NotImplementedException();

    /// <summary>The same as text, with its final newline.</summary>
    public static string ToText(Node node) => throw new NotImplementedException();
}
