using Bowline.EmbeddedCluster.Controllers;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Kubelet;

/// <summary>A Secret that is not in the cluster and was taken for granted so that a pod could start.</summary>
/// <param name="Namespace">Where the Secret is missing.</param>
/// <param name="Kind">Secret.</param>
/// <param name="Name">Its name.</param>
/// <param name="Keys">The keys that are read, sorted; empty when the whole object is used.</param>
/// <param name="NeededBy">The workloads whose pods need it (topmost controller), as <c>Deployment/name</c>, sorted.</param>
public sealed record Assumption(string Namespace, string Kind, string Name, IReadOnlyList<string> Keys, IReadOnlyList<string> NeededBy);

/// <summary>What the simulated nodes take for granted; an assumption falls when the Secret appears or the last pod that needs it goes.</summary>
public sealed class Assumptions
{
    private readonly Lock gate = new();
    private readonly Dictionary<ObjectName, IReadOnlyList<(string Secret, string Key, string Owner)>> byPod = [];

    /// <summary>Raised when the list may have changed, on the thread that changed it.</summary>
    public event Action? Changed;

    /// <summary>Sorted by namespace and name.</summary>
    public IReadOnlyList<Assumption> Current
    {
        get
        {
            lock (gate)
            {
                return
                [
                    .. byPod
                        .SelectMany(entry => entry.Value.Select(need => (entry.Key.Namespace, Need: need)))
                        .GroupBy(entry => (entry.Namespace, entry.Need.Secret))
                        .OrderBy(group => group.Key.Namespace, StringComparer.Ordinal).ThenBy(group => group.Key.Secret, StringComparer.Ordinal)
                        .Select(group => new Assumption(
                            group.Key.Namespace,
                            "Secret",
                            group.Key.Secret,
                            [.. group.Select(entry => entry.Need.Key).Where(key => key.Length > 0).Distinct().Order(StringComparer.Ordinal)],
                            [.. group.Select(entry => entry.Need.Owner).Distinct().Order(StringComparer.Ordinal)])),
                ];
            }
        }
    }

    internal void Set(ObjectName pod, string owner, IEnumerable<PodReference> missing)
    {
        List<(string, string, string)> needs = [.. missing.Select(reference => (reference.Name, reference.Key, owner)).Distinct()];
        bool changed;
        lock (gate)
        {
            changed = needs.Count > 0 || byPod.ContainsKey(pod);
            if (needs.Count == 0)
            {
                byPod.Remove(pod);
            }
            else
            {
                byPod[pod] = needs;
            }
        }

        if (changed)
        {
            Changed?.Invoke();
        }
    }

    internal void Forget(ObjectName pod) => Set(pod, string.Empty, []);

    /// <summary>Pods of a namespace that live on assumptions.</summary>
    internal IReadOnlyList<ObjectName> PodsIn(string @namespace)
    {
        lock (gate)
        {
            return [.. byPod.Keys.Where(pod => pod.Namespace == @namespace)];
        }
    }

    /// <summary>The topmost controller of a pod, as people know it.</summary>
    internal static string OwnerOf(MapNode pod, Func<string, string, string, MapNode?> find)
    {
        MapNode at = pod;
        string kind = "Pod";
        for (int depth = 0; depth < 8 && at.ControllerReference() is { } owner; depth++)
        {
            kind = owner.Text("kind");
            string group = ResourceKind.Of(owner.Text("apiVersion"), kind).Group;
            if (find(group, kind, owner.Text("name")) is not { } above)
            {
                return $"{kind}/{owner.Text("name")}";
            }

            at = above;
        }

        return $"{kind}/{at.Name()}";
    }
}
