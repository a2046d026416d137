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

    /// <summary>Whether the status was looked at since the last operation ended; until then it still tells of the time before.</summary>
    public static bool IsRefreshed(MapNode application)
    {
        if (application.At("status", "operationState", "phase")?.AsString() is not ("Failed" or "Error" or "Succeeded"))
        {
            return true;
        }

        return Time(application.At("status", "operationState", "finishedAt")) is { } finished
            && (finished <= (Time(application.At("status", "reconciledAt")) ?? DateTimeOffset.MinValue)
                || finished <= (Time(application.At("status", "observedAt")) ?? DateTimeOffset.MinValue));
    }

    private static DateTimeOffset? Time(Node? node) =>
        DateTimeOffset.TryParse(node?.AsString(), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time) ? time : null;
}
