using System.Globalization;
using System.Text.RegularExpressions;
using Bowline.EmbeddedCluster.Controllers;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Kubelet;

/// <summary>How long the containers of a pod take to end: the others together, then the sidecars one after the other.</summary>
internal static partial class StopTimes
{
    public static TimeSpan Of(MapNode pod, IReadOnlyList<ContainerLife> running, PodSurroundings around)
    {
        TimeSpan TimeOf(ContainerLife container) =>
            around.Behaviours.Of(pod, container.Name).StopTime ?? (around.Immediate ? TimeSpan.Zero : PreStop(container.Spec["lifecycle"]?["preStop"]));
        TimeSpan others = running.Where(container => !container.IsSidecar).Select(TimeOf).DefaultIfEmpty(TimeSpan.Zero).Max();
        return running.Where(container => container.IsSidecar).Aggregate(others, (sum, sidecar) => sum + TimeOf(sidecar));
    }

    /// <summary>The hook's sleep. Commands are not run, but the usual <c>sleep 15</c> of one is what people wait for.</summary>
    internal static TimeSpan PreStop(Node? hook)
    {
        if (hook?["sleep"] is MapNode sleep)
        {
            return TimeSpan.FromSeconds(sleep.Int("seconds"));
        }

        string command = string.Join(' ', (hook?["exec"]?["command"]).Strings());
        double seconds = Sleep().Matches(command).Sum(match =>
            double.Parse(match.Groups["number"].Value, CultureInfo.InvariantCulture) * match.Groups["unit"].Value switch { "m" => 60, "h" => 3600, _ => 1 });
        return TimeSpan.FromSeconds(Math.Min(seconds, TimeSpan.FromDays(1).TotalSeconds));
    }

    [GeneratedRegex(@"(?<=^|[\s;&|(/])sleep\s+(?<number>\d{1,9}(\.\d{1,9})?)(?<unit>[smh]?)(?=$|[\s;&|)])", RegexOptions.CultureInvariant)]
    private static partial Regex Sleep();
}
