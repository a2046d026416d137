using System.Text.RegularExpressions;
using Bowline.Languages.GoTemplates.Evaluating;
using Bowline.Rendering.Helm.Charts;
using Bowline.Rendering.Helm.Schemas;
using Bowline.Rendering.Requests;
using Bowline.Sources.Files;

namespace Bowline.Rendering.Helm;

/// <summary>
/// <c>helm template</c> of Helm 3.21 in process. Thread-safe; an instance remembers parsed charts and templates by their
/// content, so keep one.
/// </summary>
public sealed class HelmRenderer : IRenderer
{
    private readonly ChartCache charts = new(maxBytes: 256L * 1024 * 1024);
    private readonly ParseCache templates = new();
    private readonly ValuesSchemas schemas = new();

    public RenderResult Render(RenderRequest request, CancellationToken cancellationToken)
    {
        try
        {
            return new HelmRun(request, charts, templates, schemas, cancellationToken).Render();
        }
        catch (ChartException error)
        {
            throw new RenderException(error.Message, error.File, error.Line, error.Column, error) { SourceLine = error.SourceLine, LacksDependencies = error.LacksDependencies };
        }
        catch (SourceException error)
        {
            throw new RenderException(error.Message, error.Path ?? string.Empty, inner: error);
        }
        catch (RegexMatchTimeoutException error)
        {
            throw new RenderException("a pattern takes too long to match", inner: error);
        }
    }
}
