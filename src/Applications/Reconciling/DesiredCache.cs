using Bowline.Applications.Model;
using Bowline.Cluster.Requests;
using Bowline.Delivery.Desired;
using Bowline.Resources.Model;

namespace Bowline.Applications.Reconciling;

/// <summary>The objects of one application made ready for its cluster; kept as long as neither the render nor what is served changes, so that looking again costs nothing.</summary>
internal sealed class DesiredCache
{
    private RenderedApplication? rendered;
    private TrackingMethod tracking = TrackingMethod.Annotation;
    private string written = string.Empty;
    private IReadOnlyDictionary<ResourceKind, KindInfo?> served = new Dictionary<ResourceKind, KindInfo?>();
    private IReadOnlyList<DesiredObject> desired = [];

    /// <param name="by">The user in whose name they are written; empty for the program's own.</param>
    public IReadOnlyList<DesiredObject> Prepare(RenderedApplication application, IReadOnlyDictionary<ResourceKind, KindInfo?> kinds, string by, TrackingMethod how)
    {
        // A commit that does not touch the application gives it another revision, but the very same resources and specification.
        bool same = rendered is not null && ReferenceEquals(rendered.Resources, application.Resources) && rendered.Spec == application.Spec && written == by && tracking == how
            && kinds.Count == served.Count && kinds.All(kind => served.TryGetValue(kind.Key, out KindInfo? before) && IsSame(before, kind.Value));
        if (!same)
        {
            KindInfo? FindKind(ResourceKind kind) => kinds.GetValueOrDefault(kind) ?? CoreKinds.Find(kind);
            ApplicationSpec spec = application.Spec;
            DesiredState state = new(spec.Name, ApplicationReconciler.NamespaceOf(spec), application.Resources)
            {
                CreateNamespace = spec.Policy.CreateNamespace,
                NamespaceMetadata = spec.Policy.NamespaceMetadata,
                SyncOptions = spec.Policy.Options,
                As = by,
                Tracking = how,
            };
            desired = Preparation.Prepare(state, FindKind, ServedKinds.IsNamespaced);
            (rendered, served, written, tracking) = (application, kinds, by, how);
        }

        return desired;
    }

    private static bool IsSame(KindInfo? before, KindInfo? now) => ReferenceEquals(before, now)
        || (before is not null && now is not null && before.Kind == now.Kind && before.Plural == now.Plural && before.Namespaced == now.Namespaced && before.Subresources.SequenceEqual(now.Subresources));
}
