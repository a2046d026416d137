using Bowline.EmbeddedCluster.Storage;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.ApiServer.Access;

/// <summary>
/// Rights of nodes (users <c>system:node:NAME</c> in group <c>system:nodes</c>): the ClusterRole <c>system:node</c>, but Secrets,
/// ConfigMaps, claims, volumes and account tokens only as far as pods bound to that node use them, and leases, CSINodes and
/// pod lists only of their own.
/// </summary>
internal sealed class NodeAuthorizer(ObjectStore store)
{
    private const string Prefix = "system:node:";

    /// <summary>Null when this is no node or about none of these; a refusal leaves RBAC to decide.</summary>
    public AccessDecision? Decide(AccessQuery query)
    {
        if (!query.User.Name.StartsWith(Prefix, StringComparison.Ordinal) || !query.User.Groups.Contains("system:nodes") || query.Path is not null)
        {
            return null;
        }

        string node = query.User.Name[Prefix.Length..];
        bool? allowed = (query.Group, query.FullResource) switch
        {
            ("", "secrets" or "configmaps" or "persistentvolumeclaims") => ReadsOne(query) && PodsOf(node).Any(pod => Uses(pod, query)),
            ("", "persistentvolumes") => ReadsOne(query) && PodsOf(node).Any(pod => UsesVolume(pod, query.Name)),
            ("", "serviceaccounts/token") => query.Verb == "create" && PodsOf(node).Any(pod => pod.Namespace == query.Namespace && pod.Node.At("spec", "serviceAccountName")?.AsString() == query.Name),
            ("", "nodes") when query.Verb == "get" => query.Name == node,
            ("", "nodes") when query.Verb is "list" or "watch" => query.Name == node || query.FieldSelector == $"metadata.name={node}",
            ("", "pods") when query.Verb is "list" or "watch" => query.FieldSelector.Split(',').Contains($"spec.nodeName={node}"),
            ("coordination.k8s.io", "leases") => query.Namespace == "kube-node-lease" && (query.Verb == "create" || (query.Name == node && query.Verb is "get" or "update" or "patch" or "delete")),
            ("storage.k8s.io", "csinodes") => query.Verb == "create" || (query.Name == node && query.Verb is "get" or "update" or "patch" or "delete"),
            _ => null,
        };
        return allowed switch
        {
            true => new AccessDecision(true, string.Empty),
            false => new AccessDecision(false, $"no relationship found between node '{node}' and this object"),
            _ => Rules().Any(rule => RoleRules.Allow(rule, query)) ? new AccessDecision(true, string.Empty) : null,
        };
    }

    private static bool ReadsOne(AccessQuery query) => query.Name.Length > 0 && query.Verb is "get" or "list" or "watch" && query.Name.Length > 0;

    private IEnumerable<Node> Rules() => store.Get($"clusterroles.{Authorizer.Rbac}", string.Empty, "system:node")?.Node["rules"]?.AsList() ?? [];

    private IEnumerable<StoredObject> PodsOf(string node) =>
        store.Snapshot("pods").In(null).Where(pod => pod.Node.At("spec", "nodeName")?.AsString() == node);

    private static bool Uses(StoredObject pod, AccessQuery query) =>
        pod.Namespace == query.Namespace && pod.Node["spec"] is { } spec && References(spec, query.Resource).Contains(query.Name);

    private bool UsesVolume(StoredObject pod, string volume) => pod.Node["spec"] is { } spec
        && References(spec, "persistentvolumeclaims").Any(claim => store.Get("persistentvolumeclaims", pod.Namespace, claim)?.Node.At("spec", "volumeName")?.AsString() == volume);

    private static IEnumerable<string> References(Node spec, string resource)
    {
        IEnumerable<Node?> found = resource switch
        {
            "persistentvolumeclaims" => List(spec, "volumes").Select(volume => volume.At("persistentVolumeClaim", "claimName")),
            "secrets" => List(spec, "imagePullSecrets").Select(item => item["name"])
                .Concat(List(spec, "volumes").SelectMany(volume => (Node?[])[volume.At("secret", "secretName"), .. Projected(volume, "secret")]))
                .Concat(Environment(spec, "secretRef", "secretKeyRef")),
            _ => List(spec, "volumes").SelectMany(volume => (Node?[])[volume.At("configMap", "name"), .. Projected(volume, "configMap")])
                .Concat(Environment(spec, "configMapRef", "configMapKeyRef")),
        };
        return found.Select(node => node?.AsString()).OfType<string>();
    }

    private static IEnumerable<Node?> Projected(Node volume, string kind) =>
        (volume.At("projected", "sources")?.AsList() ?? []).Select(source => source.At(kind, "name"));

    private static IEnumerable<Node?> Environment(Node spec, string from, string key) =>
        ((string[])["initContainers", "containers", "ephemeralContainers"]).SelectMany(list => List(spec, list)).SelectMany(container =>
            List(container, "envFrom").Select(item => item.At(from, "name")).Concat(List(container, "env").Select(item => item.At("valueFrom", key, "name"))));

    private static IEnumerable<Node> List(Node node, string key) => node[key]?.AsList() ?? [];
}
