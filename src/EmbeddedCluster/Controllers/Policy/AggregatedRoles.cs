using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Controllers.Policy;

/// <summary>Fills ClusterRoles that are put together from others by label.</summary>
internal sealed class AggregatedRoles(ControlPlane plane) : Reconciler(plane)
{
    private readonly ClusterWriter writer = new(plane.Cluster, "clusterrole-aggregation-controller");
    private readonly KindMirror roles = plane.Mirror("rbac.authorization.k8s.io", "ClusterRole");

    public override void Subscribe() => Watch(roles, _ =>
    {
        foreach (MapNode role in roles.All().Where(role => role["aggregationRule"] is MapNode))
        {
            Queue.Add(ObjectName.Of(role));
        }
    });

    public override async Task<TimeSpan?> ReconcileAsync(ObjectName key, CancellationToken cancellationToken)
    {
        if (roles.Get(key) is not { } role || role["aggregationRule"] is not MapNode rule)
        {
            return null;
        }

        ListNode rules = Aggregate(role, rule, roles.All());
        if (!Node.DeepEquals(role["rules"] as ListNode ?? [], rules))
        {
            // Applied, so that the rules are this controller's and the rest of the role is not.
            MapNode applied = new()
            {
                ["apiVersion"] = role.Text("apiVersion"),
                ["kind"] = role.Text("kind"),
                ["metadata"] = new MapNode { ["name"] = role.Name() },
                ["rules"] = rules,
            };
            await writer.ApplyAsync(roles, applied, cancellationToken).ConfigureAwait(false);
        }

        return null;
    }

    internal static ListNode Aggregate(MapNode role, MapNode rule, IEnumerable<MapNode> roles)
    {
        ListNode rules = new();
        List<MapNode> sorted = [.. roles.Where(other => other.Name() != role.Name()).OrderBy(other => other.Name(), StringComparer.Ordinal)];
        foreach (MapNode selector in rule["clusterRoleSelectors"].Maps())
        {
            LabelSelector compiled = LabelSelector.Of(selector);
            foreach (MapNode item in sorted.Where(other => compiled.Matches(other.Labels())).SelectMany(other => other["rules"].Maps()))
            {
                if (!rules.Any(item.DeepEquals))
                {
                    rules.Add(item.DeepClone());
                }
            }
        }

        return rules;
    }
}
