using Bowline.Applications.Hub;
using Bowline.Applications.Placing;
using Bowline.Applications.Reconciling;
using Bowline.Applications.Sourcing;
using Bowline.Server.Composition.Up;

namespace Bowline.Server.Composition.Homes;

/// <summary>Where Argo CD's objects of a repository are kept (docs/design/005).</summary>
internal static class HubPlace
{
    /// <summary>The cluster of the first application that delivers Applications, else the first of all; of real clusters always the one in use.</summary>
    /// <param name="usual">Where the hub is when nothing says.</param>
    public static string ClusterOf(UpOptions options, WorkspaceState workspace, Placement placement, string usual)
    {
        bool HoldsApplications(RenderedApplication application) => application.Kinds.Any(kind => kind.Group == ArgoDefinitions.Group && kind.Kind == ArgoDefinitions.Applications.Kind.Kind);
        RenderedApplication? parent = options.TargetsRealCluster ? null : workspace.Rendered.FirstOrDefault(HoldsApplications);
        return parent is not null ? placement.ClusterOf[parent.Spec.Name]
            : options.TargetsRealCluster || placement.Clusters.Count == 0 ? usual : placement.Clusters[0];
    }

    /// <summary>The one that was asked for; on embedded clusters otherwise the one that most manifests name.</summary>
    public static string NamespaceOf(UpOptions options, WorkspaceState workspace)
    {
        // Where several may hold Applications, which of them is the controller's own is not theirs to say.
        string? named = options.TargetsRealCluster || options.ApplicationNamespaces.Count > 0 ? null : workspace.Manifests
            .Select(manifest => manifest.Body.At("metadata", "namespace")?.AsString() ?? string.Empty).Where(name => name.Length > 0)
            .GroupBy(name => name).OrderByDescending(group => group.Count()).ThenBy(group => group.Key, StringComparer.Ordinal).FirstOrDefault()?.Key;
        return options.ArgoCdNamespace.Length > 0 ? options.ArgoCdNamespace : named ?? UpOptions.UsualArgoCdNamespace;
    }
}
