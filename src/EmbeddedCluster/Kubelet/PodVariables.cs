using System.Security.Cryptography;
using System.Text;
using Bowline.EmbeddedCluster.Controllers;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Kubelet;

/// <summary>What surrounds a pod on its node.</summary>
/// <param name="Missing">References that keep it from starting.</param>
internal sealed record PodSurroundings(string HostIP, string PodIP, StageTiming Timing, PodProblems Missing, DateTimeOffset Now);

/// <summary>The variables of stages for one pod.</summary>
internal sealed class PodVariables(MapNode pod, PodSurroundings around) : IStageVariables
{
    public const string FailAnnotation = "bowline.dev/fail";

    public Node? Get(string name) => name switch
    {
        "now" => around.Now.Stamp(),
        "pod" => $"{pod.Name()}_{pod.Namespace()}({pod.Uid()})",
        "fail" => Optional(pod.Annotation(FailAnnotation)),
        "timing" => around.Timing.ToString(),
        "generation" => pod.Generation(),
        "startTime" => pod.Status()["startTime"] ?? around.Now.Stamp(),
        "hostIP" => around.HostIP,
        "hostIPs" => new ListNode(new MapNode { ["ip"] = around.HostIP }),
        "podIP" => around.PodIP,
        "podIPs" => new ListNode(new MapNode { ["ip"] = around.PodIP }),
        "notReady" => $"containers with unready status: [{string.Join(' ', Names("containers"))}]",
        "uninitialized" => Optional(HasInit ? $"containers with incomplete status: [{string.Join(' ', Names("initContainers"))}]" : null),
        "initialized" => HasInit ? "False" : "True",
        "initializedReason" => Optional(HasInit ? "ContainersNotInitialized" : null),
        "waitingReason" => HasInit ? "PodInitializing" : "ContainerCreating",
        "configError" => Optional(around.Missing.FirstConfigError),
        "mountError" => Optional(around.Missing.MountError),
        "containersReady" => pod.Status().Condition("ContainersReady").Text("status"),
        "readySeconds" => ReadySeconds(),
        "exitCode" => ExitReason == "OOMKilled" ? 137 : 1,
        "exitReason" => ExitReason,
        "gates" => OpenGates is null ? "True" : "False",
        "gatesReason" => Optional(OpenGates is null ? null : "ReadinessGatesNotReady"),
        "gatesMessage" => Optional(OpenGates),
        "gatesChanged" => Optional(pod.Status().ConditionIs("Ready", OpenGates is null ? "True" : "False") ? null : "true"),
        _ => null,
    };

    public IEnumerable<(IStageVariables Variables, string RestartPolicy)> Each(string list) =>
        pod.Spec()[list].Maps().Select(container => ((IStageVariables)new ContainerVariables(this, pod, container, around.Missing), container.Text("restartPolicy")));

    private static Node? Optional(string? text) => text is null ? null : StringNode.Of(text);

    private bool HasInit => pod.Spec()["initContainers"] is ListNode { Count: > 0 };

    private string ExitReason => pod.Annotation(FailAnnotation) == "OOMKilled" ? "OOMKilled" : "Error";

    // The first readiness gate whose condition is not True, worded as the kubelet does.
    private string? OpenGates => pod.Spec()["readinessGates"].Maps()
        .Select(gate => gate.Text("conditionType"))
        .Where(type => !pod.Status().ConditionIs(type, "True"))
        .Select(type => pod.Status().Condition(type) is null
            ? $"corresponding condition of pod readiness gate \"{type}\" does not exist."
            : $"the status of pod readiness gate \"{type}\" is not \"True\", but {pod.Status().Condition(type).Text("status")}")
        .FirstOrDefault();

    private IEnumerable<string> Names(string list) => pod.Spec()[list].Maps().Select(container => container.Text("name"));

    private int ReadySeconds() => pod.Spec()["containers"].Maps()
        .Select(container => Delay(container["startupProbe"]) + Delay(container["readinessProbe"]))
        .DefaultIfEmpty(0).Max();

    private static int Delay(Node? probe) =>
        probe is null ? 0 : probe.Int("initialDelaySeconds") + (probe.Int("periodSeconds", 10) * Math.Max(0, probe.Int("successThreshold", 1) - 1));

    private sealed class ContainerVariables(PodVariables outer, MapNode pod, MapNode container, PodProblems missing) : IStageVariables
    {
        public Node? Get(string name) => name switch
        {
            "name" => container["name"],
            "image" => container["image"],
            "fullImage" => FullImage(container.Text("image")),
            "imageID" => $"{Repository(FullImage(container.Text("image")))}@sha256:{Hex(container.Text("image"))}",
            "containerID" => $"containerd://{Hex(pod.Uid() + "/" + container.Text("name"))}",
            "configError" => Optional(missing.ConfigErrors.GetValueOrDefault(container.Text("name"))) ?? outer.Get("configError"),
            "startedAt" => StartedAt() ?? outer.Get("now"),
            _ => outer.Get(name),
        };

        public IEnumerable<(IStageVariables Variables, string RestartPolicy)> Each(string list) => [];

        private Node? StartedAt() => pod.Status()["containerStatuses"].Maps()
            .FirstOrDefault(status => status.Text("name") == container.Text("name"))?.At("state", "running", "startedAt");
    }

    /// <summary>As containerd names images: with registry, library and tag.</summary>
    internal static string FullImage(string image)
    {
        int slash = image.IndexOf('/', StringComparison.Ordinal);
        string first = slash < 0 ? string.Empty : image[..slash];
        bool hasRegistry = first.Contains('.', StringComparison.Ordinal) || first.Contains(':', StringComparison.Ordinal) || first == "localhost";
        string full = hasRegistry ? image : slash < 0 ? "docker.io/library/" + image : "docker.io/" + image;
        return full.LastIndexOf(':') > full.LastIndexOf('/') ? full : full + ":latest";
    }

    private static string Repository(string full)
    {
        int digest = full.IndexOf('@', StringComparison.Ordinal);
        string named = digest < 0 ? full : full[..digest];
        int tag = named.LastIndexOf(':');
        return tag > named.LastIndexOf('/') ? named[..tag] : named;
    }

    private static string Hex(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
