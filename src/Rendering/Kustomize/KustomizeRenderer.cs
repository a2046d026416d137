using Bowline.Rendering.Kustomize.Building;
using Bowline.Rendering.Kustomize.Files;
using Bowline.Rendering.Kustomize.Objects;
using Bowline.Rendering.Requests;
using Bowline.Resources.Model;
using Bowline.Sources.Files;

namespace Bowline.Rendering.Kustomize;

/// <summary>Builds a kustomization as <c>kubectl kustomize</c> does (Kustomize 5.8.1), without running or fetching anything itself.</summary>
/// <param name="helm">Renders the charts of <c>helmCharts</c>; null refuses them.</param>
/// <param name="fetch">Brings the files of a remote base; null, or a null result, refuses it. Neither address nor revision of its reference starts with a dash.</param>
public sealed class KustomizeRenderer(IRenderer? helm = null, Func<SourceRef, CancellationToken, FileTree?>? fetch = null) : IRenderer
{
    private readonly ParsedFiles parsed = new();

    /// <summary>Brings the files of a chart that lies in no folder of the source; null, or a null result, refuses it.</summary>
    public Func<RemoteChart, CancellationToken, FileTree?>? Charts { get; init; }

    /// <summary>Brings a single file by its URL, for a user who allows such files; null, or a null result, refuses it.</summary>
    public Func<Uri, CancellationToken, byte[]?>? RemoteFiles { get; init; }

    public RenderResult Render(RenderRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        BuildFiles files = new(parsed, fetch, request.Kustomize.AllowFilesOutsideRoot, cancellationToken)
        {
            Charts = Charts,
            RemoteFiles = RemoteFiles,
        };
        BuildSession session = new(request, files, helm);
        try
        {
            IReadOnlyList<Resource> resources = new Build(session).Run();
            return new RenderResult(resources, files.Read)
            {
                Text = () => OutputText.Of(resources),
                Warnings = session.Warnings,
            };
        }
        catch (SourceException error)
        {
            throw new RenderException(error.Message, error.Path ?? string.Empty, inner: error);
        }
    }
}
