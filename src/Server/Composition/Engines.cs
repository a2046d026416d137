using Bowline.Rendering.Detection;
using Bowline.Rendering.Helm;
using Bowline.Rendering.Kustomize;
using Bowline.Rendering.Plain;
using Bowline.Rendering.Requests;
using Bowline.Server.Composition.Fetching;
using Bowline.Sources.Files;

namespace Bowline.Server.Composition;

/// <summary>The composition root of rendering.</summary>
public static class Engines
{
    /// <summary>A renderer for any directory: a chart, a kustomization or plain manifests, told apart by Argo CD's rules.</summary>
    /// <param name="remoteBases">Brings what kustomizations name in other repositories; null refuses them.</param>
    /// <param name="remoteCharts">Brings the charts of their helmCharts; null refuses all that are not in the source.</param>
    /// <param name="remoteFiles">Brings single files by URL, for a user who allows it; null refuses them.</param>
    public static IRenderer CreateRenderer(
        Func<SourceRef, CancellationToken, FileTree?>? remoteBases = null,
        Func<RemoteChart, CancellationToken, FileTree?>? remoteCharts = null,
        Func<Uri, CancellationToken, byte[]?>? remoteFiles = null)
    {
        HelmRenderer helm = new();
        KustomizeRenderer kustomize = new(helm, remoteBases) { Charts = remoteCharts, RemoteFiles = remoteFiles };
        return new Renderers(helm, kustomize, new PlainRenderer());
    }
}
