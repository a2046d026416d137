using System.Buffers;
using System.Text;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;

namespace Bowline.Rendering.Kustomize.Building;

/// <summary>The output as printed: documents with a separator between them, nothing for no objects.</summary>
internal static class OutputText
{
    public static string Of(IReadOnlyList<Resource> resources)
    {
        ArrayBufferWriter<byte> output = new(64 * 1024);
        for (int i = 0; i < resources.Count; i++)
        {
            if (i > 0)
            {
                output.Write("---\n"u8);
            }

            YamlWriter.Write(resources[i].Node, output);
        }

        return Encoding.UTF8.GetString(output.WrittenSpan);
    }
}
