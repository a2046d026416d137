using System.Text;
using Bowline.Rendering.Requests;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;
using Bowline.Sources.Files;

namespace Bowline.Rendering.Plain;

/// <summary>A directory of manifests as Argo CD's directory source reads it, or a single file. Stateless.</summary>
public sealed class PlainRenderer : IRenderer
{
    private const long MaxFileBytes = 16 * 1024 * 1024;
    private const long MaxTotalBytes = 64 * 1024 * 1024;

    public RenderResult Render(RenderRequest request, CancellationToken cancellationToken)
    {
        try
        {
            HashSet<string> filesRead = new(StringComparer.Ordinal);
            List<Resource> resources = [];
            long total = 0;
            foreach (string path in Manifests.Find(request, cancellationToken))
            {
                byte[] data = request.Files.Read(path, MaxFileBytes);
                total += data.Length;
                if (total > MaxTotalBytes)
                {
                    throw new RenderException($"the manifests are larger than {MaxTotalBytes} bytes together", path);
                }

                filesRead.Add(path);
                if (data.AsSpan().IndexOf("+argocd:skip-file-rendering"u8) >= 0)
                {
                    continue;
                }

                resources.AddRange(Manifests.Read(path, data));
            }

            return new RenderResult(resources, filesRead) { Text = () => Print(resources) };
        }
        catch (SourceException error)
        {
            throw new RenderException(error.Message, error.Path ?? string.Empty, inner: error);
        }
    }

    private static string Print(List<Resource> resources)
    {
        StringBuilder text = new();
        foreach (Resource resource in resources)
        {
            text.Append(text.Length == 0 ? string.Empty : "---\n").Append(YamlWriter.ToText(resource.Node));
        }

        return text.ToString();
    }
}
