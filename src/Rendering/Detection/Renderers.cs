using Bowline.Rendering.Requests;
using Bowline.Sources.Files;

namespace Bowline.Rendering.Detection;

/// <summary>Renders each directory with the tool that it is made for. Keep one: the renderers in it remember what they parsed.</summary>
public sealed class Renderers(IRenderer helm, IRenderer kustomize, IRenderer plain) : IRenderer
{
    public IRenderer this[SourceTool tool] => tool switch
    {
        SourceTool.Helm => helm,
        SourceTool.Kustomize => kustomize,
        _ => plain,
    };

    public RenderResult Render(RenderRequest request, CancellationToken cancellationToken)
    {
        SourceTool tool;
        try
        {
            tool = request.Tool ?? SourceDetector.Detect(request.Files, request.Path);
        }
        catch (SourceException error)
        {
            throw new RenderException(error.Message, error.Path ?? string.Empty, inner: error);
        }

        return this[tool].Render(request, cancellationToken);
    }
}
