using System.Globalization;
using Bowline.Cluster.Requests;
using Bowline.Resources.Model;

namespace Bowline.Notifications.Notifying;

/// <summary>The kinds that notifications look at, and what they say.</summary>
internal static class Applications
{
    public static readonly KindInfo Kind = new(ResourceKind.Of("argoproj.io/v1alpha1", "Application"), "applications", Namespaced: true);
    public static readonly KindInfo Projects = new(ResourceKind.Of("argoproj.io/v1alpha1", "AppProject"), "appprojects", Namespaced: true);
    public static readonly KindInfo ConfigMaps = new(ResourceKind.Of("v1", "ConfigMap"), "configmaps", Namespaced: true);
    public static readonly KindInfo Secrets = new(ResourceKind.Of("v1", "Secret"), "secrets", Namespaced: true);

    /// <summary>
    /// Whether the status was looked at since the last operation ended; until then it still tells of the time before. Where it does not
    /// say when that was, operation and status are written together.
    /// </summary>
    public static bool IsRefreshed(MapNode application)
    {
        DateTimeOffset? looked = Later(Time(application.At("status", "reconciledAt")), Time(application.At("status", "observedAt")));
        return application.At("status", "operationState", "phase")?.AsString() is not ("Failed" or "Error" or "Succeeded")
            || looked is null
            || Time(application.At("status", "operationState", "finishedAt")) <= looked;
    }

    private static DateTimeOffset? Later(DateTimeOffset? one, DateTimeOffset? other) => one is null || other > one ? other : one;

    private static DateTimeOffset? Time(Node? node) =>
        DateTimeOffset.TryParse(node?.AsString(), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time) ? time : null;
}
