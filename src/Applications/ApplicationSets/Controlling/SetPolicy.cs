using Bowline.Applications.ArgoCd;
using Bowline.Delivery.Diffing;
using Bowline.Resources.Model;

namespace Bowline.Applications.ApplicationSets.Controlling;

/// <summary>What a set allows to be done to its applications.</summary>
internal sealed record SetPolicy(bool Updates, bool Deletes)
{
    /// <summary>Annotations that belong to whoever else works with an application (Argo CD's notifications and refreshes, Bowline's own).</summary>
    private static readonly string[] AlwaysKept = ["notified.notifications.argoproj.io", "argocd.argoproj.io/refresh", "argocd.argoproj.io/hydrate"];

    public required IReadOnlyList<string> KeptAnnotations { get; init; }

    public required IReadOnlyList<string> KeptLabels { get; init; }

    public required IReadOnlyList<IgnoreRule> Ignored { get; init; }

    /// <exception cref="PathException">An expression of <c>ignoreApplicationDifferences</c> that cannot be read.</exception>
    public static SetPolicy Of(MapNode set, SetSettings settings)
    {
        return new SetPolicy(Sync(set, settings) is "sync" or "create-update", AllowsDeletion(set, settings))
        {
            KeptAnnotations = [.. AlwaysKept, .. Texts(set.At("spec", "preservedFields", "annotations"))],
            KeptLabels = [.. Texts(set.At("spec", "preservedFields", "labels"))],
            Ignored = [.. (set.At("spec", "ignoreApplicationDifferences") as ListNode ?? []).Select(rule => new IgnoreRule("argoproj.io", "Application")
            {
                Name = rule["name"]?.AsString() ?? string.Empty,
                JsonPointers = [.. Texts(rule["jsonPointers"])],
                Paths = [.. Texts(rule["jqPathExpressions"]).Select(JqPath.Parse)],
            })],
        };
    }

    public static bool AllowsDeletion(MapNode set, SetSettings settings) => Sync(set, settings) is "sync" or "create-delete";

    /// <summary>Whether an annotation that is on the application stays, whatever the set says.</summary>
    public bool Keeps(string annotation) => KeptAnnotations.Contains(annotation) || annotation.StartsWith("bowline.dev/", StringComparison.Ordinal);

    /// <summary>The controller's policy binds every set, unless it lets them say otherwise.</summary>
    private static string Sync(MapNode set, SetSettings settings) =>
        settings.Policy.Length > 0 && !settings.AllowsPolicyOverride ? settings.Policy
            : set.At("spec", "syncPolicy", "applicationsSync")?.AsString() is { Length: > 0 } own ? own
            : settings.Policy.Length > 0 ? settings.Policy : "sync";

    private static IEnumerable<string> Texts(Node? list) => (list as ListNode ?? []).Select(item => item.AsString() ?? string.Empty);
}
