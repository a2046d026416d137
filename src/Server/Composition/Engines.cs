using Bowline.Rendering.Detection;
using Bowline.Rendering.Helm;
using Bowline.Rendering.Kustomize;
using Bowline.Rendering.Plain;
using Bowline.Rendering.Requests;
using Bowline.Sources.Files;

namespace Bowline.Server.Composition;

/// <summary>The composition root of rendering.</summary>
public static class Engines
{
    /// <summary>A renderer for any directory: a chart, a kustomization or plain manifests, told apart by Argo CD's rules.</summary>
    /// <param name="remoteBases">Brings what kustomizations name in other repositories; null refuses them.</param>
    public static IRenderer CreateRenderer(Func<SourceRef, CancellationToken, FileTree?>? remoteBases = null)
    {
        HelmRenderer helm = new();
        return new Renderers(helm, new KustomizeRenderer(helm, remoteBases), new PlainRenderer());
    }
}
