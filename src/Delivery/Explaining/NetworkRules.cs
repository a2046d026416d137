using Bowline.Resources.Model;

namespace Bowline.Delivery.Explaining;

/// <summary>Why traffic reaches nobody. Services and Ingresses are healthy all the same: that says only that they are there.</summary>
internal static class NetworkRules
{
    private const string DefaultClass = "ingressclass.kubernetes.io/is-default-class";

    /// <summary>A Service that selects no pod, or none that is ready, or a port that none of them has.</summary>
    public static IEnumerable<Cause> Unreached(CauseQuestion question)
    {
        if (question.Live.At("spec", "selector") is not MapNode { Count: > 0 } selector || question.Live.At("spec", "type")?.AsString() == "ExternalName")
        {
            yield break;
        }

        Origin origin = question.View.OriginOf(question.Id);
        (ResourceId Id, MapNode Node)[] pods = [.. question.View.All(string.Empty, "Pod").Where(pod => pod.Id.Namespace == question.Id.Namespace)];
        LabelSelector wanted = LabelSelector.OfLabels(selector);
        (ResourceId Id, MapNode Node)[] selected = [.. pods.Where(pod => wanted.Matches(pod.Node.At("metadata", "labels")))];
        if (selected.Length == 0)
        {
            string[] keys = [.. selector.Keys];
            string[] others = [.. pods.Select(pod => Show(keys.Select(key => (key, Label(pod.Node, key))))).Where(labels => labels.Length > 0).Distinct().Order(StringComparer.Ordinal).Take(3)];
            yield return new Cause(null, $"its selector {Show(selector.Select(label => (label.Key, label.Value.AsString())))} matches no pod{(others.Length > 0 ? $" (pods of its namespace have {string.Join("; ", others)})" : string.Empty)}")
            {
                Origin = origin,
                Fix = "correct spec.selector, or the labels of the pod template that it is meant for",
            };
            yield break;
        }

        if (selected.All(pod => question.IsUnhealthy(pod.Id)))
        {
            foreach (Cause cause in selected.Select(pod => question.Follow(pod.Id)).OfType<Cause>().Take(1))
            {
                yield return cause;
            }
        }

        string[] named = [.. selected.SelectMany(pod => pod.Node.At("spec", "containers") as ListNode ?? []).SelectMany(container => container["ports"] as ListNode ?? []).Select(port => port["name"]?.AsString()).OfType<string>().Distinct().Order(StringComparer.Ordinal)];
        foreach (string port in (question.Live.At("spec", "ports") as ListNode ?? []).Select(port => port["targetPort"]?.AsString()).OfType<string>().Where(port => !named.Contains(port)))
        {
            yield return new Cause(null, $"no pod that it selects has a port named {port} ({(named.Length > 0 ? $"there are: {string.Join(", ", named)}" : "there is no named port")})") { Origin = origin, Fix = "correct targetPort, or name the container's port" };
        }
    }

    /// <summary>An Ingress that nobody serves, or whose backends or certificates are not there.</summary>
    public static IEnumerable<Cause> Unserved(CauseQuestion question)
    {
        Origin origin = question.View.OriginOf(question.Id);
        foreach (Cause cause in OfClass(question, origin))
        {
            yield return cause;
        }

        IEnumerable<Node> paths = (question.Live.At("spec", "rules") as ListNode ?? []).SelectMany(rule => rule.At("http", "paths") as ListNode ?? []).Select(path => path["backend"]).OfType<Node>();
        foreach (IGrouping<string, Node> backends in paths.Append(question.Live.At("spec", "defaultBackend")).OfType<Node>().Select(backend => backend["service"]).OfType<Node>().GroupBy(service => service["name"]?.AsString() ?? string.Empty))
        {
            ResourceId service = new(string.Empty, "Service", question.Id.Namespace, backends.Key);
            if (question.View.IsMissing(service))
            {
                yield return new Cause(service, "is where it leads, and is not in the cluster") { Origin = origin, Fix = $"add the Service {service.Name} to the repository (namespace {service.Namespace}), or name another" };
            }
            else if (question.View.Get(service) is { } live)
            {
                foreach (Node port in backends.Select(backend => backend["port"]).OfType<Node>().Where(port => !HasPort(live, port)).Take(1))
                {
                    yield return new Cause(service, $"has no port {port["name"] ?? port["number"]}") { Origin = origin, Fix = "correct the backend's port, or the Service's ports" };
                }

                if (question.Follow(service) is { } unreached)
                {
                    yield return unreached;
                }
            }
        }

        foreach (string secret in (question.Live.At("spec", "tls") as ListNode ?? []).Select(entry => entry["secretName"]?.AsString()).OfType<string>())
        {
            ResourceId id = new(string.Empty, "Secret", question.Id.Namespace, secret);
            if (question.View.IsMissing(id))
            {
                yield return new Cause(id, "holds its certificate, and does not exist") { Origin = origin, Fix = $"add Secret {secret} to the repository (namespace {id.Namespace}), or have the issuer that makes it look why it does not" };
            }
        }
    }

    private static IEnumerable<Cause> OfClass(CauseQuestion question, Origin origin)
    {
        (ResourceId Id, MapNode Node)[] classes = [.. question.View.All("networking.k8s.io", "IngressClass")];
        string offered = classes.Length == 0 ? "there is none at all" : $"there are: {string.Join(", ", classes.Select(item => item.Id.Name))}";
        string? wanted = question.Live.At("spec", "ingressClassName")?.AsString() ?? Annotation(question.Live, "kubernetes.io/ingress.class");
        ResourceId id = new("networking.k8s.io", "IngressClass", string.Empty, wanted ?? string.Empty);
        // The annotation of old may be obeyed by a controller that has no class of the name.
        if (question.Live.At("spec", "ingressClassName") is not null && question.View.IsMissing(id))
        {
            yield return new Cause(null, $"there is no IngressClass \"{wanted}\" ({offered})") { Origin = origin, Fix = $"install the ingress controller that brings the class {wanted}, or name another in spec.ingressClassName" };
        }
        else if (wanted is null && question.View.IsKnown(id) && !classes.Any(item => Annotation(item.Node, DefaultClass) == "true"))
        {
            yield return new Cause(null, $"it names no IngressClass and none is the default ({offered})") { Origin = origin, Fix = "name one in spec.ingressClassName, or mark one as the default" };
        }
    }

    private static bool HasPort(MapNode service, Node port) => (service.At("spec", "ports") as ListNode ?? [])
        .Any(offered => port["name"]?.AsString() is { } name ? offered["name"]?.AsString() == name : offered["port"]?.AsInteger() == port["number"]?.AsInteger());

    private static string? Label(MapNode node, string key) => node.At("metadata", "labels", key)?.AsString();

    private static string? Annotation(MapNode node, string key) => node.At("metadata", "annotations", key)?.AsString();

    private static string Show(IEnumerable<(string Key, string? Value)> labels) => string.Join(",", labels.Where(label => label.Value is not null).Select(label => $"{label.Key}={label.Value}"));
}
