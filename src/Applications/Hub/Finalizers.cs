using Bowline.Resources.Model;

namespace Bowline.Applications.Hub;

/// <summary>Argo CD's finalizers on Applications: whether, and how, an application's objects go with it.</summary>
internal static class Finalizers
{
    public const string Resources = "resources-finalizer.argocd.argoproj.io";

    public static IEnumerable<string> Of(MapNode item) => (item.At("metadata", "finalizers") as ListNode ?? []).Select(finalizer => finalizer.AsString() ?? string.Empty);

    /// <summary>Whether Argo CD put it there, so that nobody else takes it away.</summary>
    public static bool IsArgoCds(string finalizer) => finalizer.Split('/')[0].EndsWith("-finalizer.argocd.argoproj.io", StringComparison.Ordinal);

    /// <summary>Foreground unless the finalizer says background; empty where objects stay.</summary>
    public static string PropagationOf(MapNode item) => Of(item).FirstOrDefault(finalizer => finalizer.Split('/')[0] == Resources) switch
    {
        null => string.Empty,
        Resources + "/background" => "Background",
        _ => "Foreground",
    };
}
