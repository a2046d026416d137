using System.Globalization;
using Bowline.Applications.Hub;
using Bowline.Cluster.Requests;
using Bowline.Delivery.Desired;
using Bowline.Resources.Model;

namespace Bowline.Applications.Adopting;

/// <summary>Finds, stops and starts Argo CD's own controllers.</summary>
public sealed class ArgoControllers(ICluster cluster, string @namespace)
{
    private const string FormerReplicas = "bowline.dev/adopted-replicas";
    private static readonly string[] Roles = ["application-controller", "applicationset-controller", "notifications-controller"];
    private static readonly KindInfo StatefulSets = new(new ResourceKind("apps", "v1", "StatefulSet"), "statefulsets", Namespaced: true);
    private static readonly KindInfo Deployments = new(new ResourceKind("apps", "v1", "Deployment"), "deployments", Namespaced: true);
    private static readonly KindInfo Pods = new(new ResourceKind(string.Empty, "v1", "Pod"), "pods", Namespaced: true);
    private static readonly KindInfo Autoscalers = new(new ResourceKind("autoscaling", "v2", "HorizontalPodAutoscaler"), "horizontalpodautoscalers", Namespaced: true);
    private static readonly WriteOptions Write = new() { FieldManager = "bowline-adopt" };

    /// <summary>Those of this namespace, by their names or by the labels that Argo CD's manifests and its chart give them.</summary>
    internal async Task<IReadOnlyList<(ArgoController Controller, MapNode Live)>> FindAsync(CancellationToken cancellationToken)
    {
        List<(ArgoController, MapNode)> found = [];
        foreach (KindInfo kind in (KindInfo[])[StatefulSets, Deployments])
        {
            foreach (MapNode live in (await cluster.ListAsync(kind, @namespace, ListOptions.All, cancellationToken).ConfigureAwait(false)).Items)
            {
                string name = live.At("metadata", "name")?.AsString() ?? string.Empty;
                if (RoleOf(name, live) is { } role)
                {
                    long? former = long.TryParse(live.At("metadata", "annotations", FormerReplicas)?.AsString(), NumberStyles.None, CultureInfo.InvariantCulture, out long replicas) ? replicas : null;
                    found.Add((new ArgoController(new ObjectKey(kind, @namespace, name), role, live.At("spec", "replicas")?.AsInteger() ?? 1, former), live));
                }
            }
        }

        return found;
    }

    /// <summary>Those that deliver Applications at this moment; whoever may not list is told only of one that has the usual name.</summary>
    /// <exception cref="ClusterException">Not even that may be looked at.</exception>
    public async Task<IReadOnlyList<ArgoController>> DeliveringAsync(CancellationToken cancellationToken)
    {
        IEnumerable<ArgoController> found;
        try
        {
            found = (await FindAsync(cancellationToken).ConfigureAwait(false)).Select(item => item.Controller);
        }
        catch (ClusterException refused) when (refused.Status == 403)
        {
            found = await FindUsualAsync(cancellationToken).ConfigureAwait(false);
        }

        return [.. found.Where(controller => controller.Role == Roles[0] && controller.Replicas > 0)];
    }

    private async Task<List<ArgoController>> FindUsualAsync(CancellationToken cancellationToken)
    {
        List<ArgoController> found = [];
        foreach (KindInfo kind in (KindInfo[])[StatefulSets, Deployments])
        {
            ObjectKey key = new(kind, @namespace, $"argocd-{Roles[0]}");
            if (await cluster.GetAsync(key, cancellationToken).ConfigureAwait(false) is { } live)
            {
                found.Add(new ArgoController(key, Roles[0], live.At("spec", "replicas")?.AsInteger() ?? 1, null));
            }
        }

        return found;
    }

    /// <summary>Why controllers that were found cannot simply be stopped.</summary>
    internal async Task<IReadOnlyList<string>> ObstaclesAsync(IReadOnlyList<(ArgoController Controller, MapNode Live)> found, CancellationToken cancellationToken)
    {
        List<string> obstacles = [];
        ArgoController[] deliver = [.. found.Select(item => item.Controller).Where(controller => controller.Role == Roles[0])];
        if (deliver.Length == 0)
        {
            obstacles.Add($"namespace {@namespace} has no Argo CD application controller; --argocd-namespace names the one that has");
        }
        else if (deliver.Length > 1)
        {
            obstacles.Add($"namespace {@namespace} has several application controllers ({string.Join(", ", deliver.Select(controller => controller.ToString()))}); which Applications are whose only their configuration knows");
        }

        IReadOnlyList<MapNode> autoscalers = found.Count == 0 ? [] : (await cluster.ListAsync(Autoscalers, @namespace, ListOptions.All, cancellationToken).ConfigureAwait(false)).Items;
        foreach ((ArgoController controller, MapNode live) in found.Where(item => item.Controller.Replicas > 0))
        {
            if (Operator(live) is { } owner)
            {
                obstacles.Add($"{controller} belongs to {owner}, whose operator would start it again: scale it down there");
            }

            if (Tracking.Owner(controller.Key.Id, live) is { } application)
            {
                obstacles.Add($"{controller} is delivered by Application {application} and would be started again: set its replicas to 0 in Git");
            }

            bool Scales(MapNode scaler) => scaler.At("spec", "scaleTargetRef", "kind")?.AsString() == controller.Key.Kind.Kind.Kind && scaler.At("spec", "scaleTargetRef", "name")?.AsString() == controller.Key.Name;
            if (autoscalers.FirstOrDefault(Scales) is { } autoscaler)
            {
                obstacles.Add($"{controller} is scaled by HorizontalPodAutoscaler {autoscaler.At("metadata", "name")?.AsString()}, which would start it again: delete that first");
            }
        }

        return obstacles;
    }

    /// <summary>Scales to 0 and remembers in the same write how many there were.</summary>
    /// <exception cref="ClusterException">Somebody else scaled it in this moment, or the cluster refuses.</exception>
    internal Task StopAsync(ArgoController controller, MapNode live, CancellationToken cancellationToken) => controller.Replicas == 0
        ? Task.CompletedTask
        : ScaleAsync(controller, live, 0, controller.Replicas.ToString(CultureInfo.InvariantCulture), cancellationToken);

    /// <summary>Scales back to what there was.</summary>
    internal Task StartAsync(ArgoController controller, MapNode live, CancellationToken cancellationToken) => controller.Former is not { } former
        ? Task.CompletedTask
        : ScaleAsync(controller, live, Math.Max(controller.Replicas, former), Node.Null, cancellationToken);

    /// <summary>Pods of a controller that have not ended yet.</summary>
    internal async Task<IReadOnlyList<string>> PodsAsync(MapNode live, CancellationToken cancellationToken)
    {
        string selector = string.Join(',', (live.At("spec", "selector", "matchLabels") as MapNode ?? []).Select(label => $"{label.Key}={label.Value.AsString()}"));
        ObjectList pods = await cluster.ListAsync(Pods, @namespace, new ListOptions { LabelSelector = selector }, cancellationToken).ConfigureAwait(false);
        return selector.Length == 0 ? [] : [.. pods.Items
            .Where(pod => pod.At("status", "phase")?.AsString() is not ("Succeeded" or "Failed"))
            .Select(pod => pod.At("metadata", "name")?.AsString() ?? string.Empty)];
    }

    private Task ScaleAsync(ArgoController controller, MapNode live, long replicas, Node remembered, CancellationToken cancellationToken)
    {
        MapNode patch = new()
        {
            ["metadata"] = new MapNode
            {
                ["resourceVersion"] = live.At("metadata", "resourceVersion")!,
                ["annotations"] = new MapNode { [FormerReplicas] = remembered },
            },
            ["spec"] = new MapNode { ["replicas"] = replicas },
        };
        return cluster.PatchAsync(controller.Key, PatchKind.Merge, patch, Write, cancellationToken);
    }

    private static string? RoleOf(string name, MapNode live)
    {
        MapNode? labels = live.At("metadata", "labels") as MapNode;
        string component = labels?["app.kubernetes.io/component"]?.AsString() ?? string.Empty;
        bool argos = labels?["app.kubernetes.io/part-of"]?.AsString() == "argocd";
        return Roles.FirstOrDefault(role => name == $"argocd-{role}" || labels?["app.kubernetes.io/name"]?.AsString() == $"argocd-{role}" || (argos && component == role));
    }

    private static string? Operator(MapNode live) => (live.At("metadata", "ownerReferences") as ListNode ?? [])
        .Where(owner => owner["apiVersion"]?.AsString()?.StartsWith(ArgoDefinitions.Group, StringComparison.Ordinal) == true)
        .Select(owner => $"{owner["kind"]?.AsString()} {owner["name"]?.AsString()}").FirstOrDefault();
}
