using Bowline.EmbeddedCluster.Controllers;
using Bowline.EmbeddedCluster.Kubelet;
using Bowline.Resources.Json;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;

namespace Bowline.Tests.Kubelet;

/// <summary>A pod on a simulated node whose time passes as fast as it can; what happened when is written down.</summary>
internal sealed class SimulatedPod
{
    private static readonly DateTimeOffset Begin = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private readonly NodeImages images = new();
    private readonly PullAttempts pulls = new();
    private readonly Behaviours behaviours;
    private DateTimeOffset now = Begin;

    public SimulatedPod(string yaml, string? stages = null, bool immediate = false)
    {
        Pod = (MapNode)YamlReader.Read(yaml);
        MapNode metadata = Pod.EnsureMap("metadata");
        metadata["name"] = "p";
        metadata["namespace"] = "n";
        metadata["uid"] = "u";
        metadata["generation"] = 1;
        Pod.EnsureMap("status")["phase"] = "Pending";
        behaviours = new Behaviours(StageFile.Parse(stages).Behaviours);
        Immediate = immediate;
    }

    public bool Immediate { get; }

    public MapNode Pod { get; private set; }

    public PodProblems Problems { get; set; } = PodProblems.None;

    public bool IsGone { get; private set; }

    /// <summary>Seconds since the beginning, and the event's reason and message.</summary>
    public List<(double At, string Reason, string Message)> Events { get; } = [];

    /// <summary>Seconds since the beginning, and the status written then.</summary>
    public List<(double At, MapNode Status)> History { get; } = [];

    public string Phase => Pod.Status().Text("phase");

    public MapNode Container(int index = 0) => Pod.Status()["containerStatuses"].Maps().ElementAt(index);

    public double Seconds => (now - Begin).TotalSeconds;

    public void Delete(int grace)
    {
        MapNode metadata = Pod.EnsureMap("metadata");
        metadata["deletionTimestamp"] = (now + TimeSpan.FromSeconds(grace)).Stamp();
        metadata["deletionGracePeriodSeconds"] = grace;
    }

    /// <summary>Lets time pass until nothing is to come, or so much of it has passed. Every status goes through bytes, as over a restart.</summary>
    public SimulatedPod Run(double seconds = 60)
    {
        DateTimeOffset end = now + TimeSpan.FromSeconds(seconds);
        while (!IsGone)
        {
            PodStep step = PodLife.Decide(Pod, new PodSurroundings("172.18.0.2", () => "10.244.0.2", Immediate, Problems, behaviours, images, pulls, now));
            Events.AddRange(step.Events.Select(happened => (Seconds, happened.Reason, happened.Message)));
            IsGone = step.Gone;
            if (step.Status is not null)
            {
                Pod = (MapNode)JsonReader.Read(JsonWriter.ToText(new MapNode { ["metadata"] = Pod["metadata"]!, ["spec"] = Pod["spec"]!, ["status"] = step.Status }));
                History.Add((Seconds, Pod.Status()));
            }
            else if (step.Wait is null)
            {
                break;
            }

            if (step.Wait is { } wait)
            {
                if (now + wait > end)
                {
                    break;
                }

                now += wait;
            }
        }

        now = now > end ? now : end;
        return this;
    }

    /// <summary>When a condition became true first.</summary>
    public double FirstTrue(string condition) => History.First(entry => entry.Status.ConditionIs(condition, "True")).At;
}
