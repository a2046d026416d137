using System.Globalization;
using System.Numerics;
using Bowline.EmbeddedCluster.Kinds;
using Bowline.EmbeddedCluster.Storage;
using Bowline.EmbeddedCluster.Validation;
using Bowline.Resources.Model;
using Bowline.Resources.Schemas;

namespace Bowline.EmbeddedCluster.Admission;

/// <summary>Defaults and bounds of a namespace's LimitRanges, for pods and claims.</summary>
internal sealed class LimitRanger(ObjectStore store)
{
    public void Mutate(AdmissionRequest request)
    {
        if (!request.IsCreate || !request.Is("pods") || request.Object["spec"] is not MapNode spec)
        {
            return;
        }

        List<string> notes = [];
        foreach (Node limit in Limits(request).Where(limit => limit["type"]?.AsString() == "Container"))
        {
            foreach ((string list, string word) in ((string, string)[])[("containers", "container"), ("initContainers", "init container")])
            {
                foreach (MapNode container in (spec[list]?.AsList() ?? []).OfType<MapNode>())
                {
                    Fill(container, limit, word, notes);
                }
            }
        }

        if (notes.Count > 0)
        {
            request.Object.EnsureMap("metadata").EnsureMap("annotations")["kubernetes.io/limit-ranger"] = "LimitRanger plugin set: " + string.Join("; ", notes);
        }
    }

    public void Validate(AdmissionRequest request)
    {
        if (request.Subresource.Length > 0 || !(request.IsCreate && request.Kind.QualifiedPlural is "pods" or "persistentvolumeclaims"))
        {
            return;
        }

        List<string> wrong = [];
        foreach (Node limit in Limits(request))
        {
            CheckLimit(request, limit, wrong);
        }

        if (wrong.Count > 0)
        {
            throw ApiErrors.Forbidden(request.Kind, request.Label, wrong.Count == 1 ? wrong[0] : $"[{string.Join(", ", wrong)}]");
        }
    }

    private static void CheckLimit(AdmissionRequest request, Node limit, List<string> wrong)
    {
        string type = limit["type"]?.AsString() ?? string.Empty;
        if (request.Is("persistentvolumeclaims"))
        {
            if (type == "PersistentVolumeClaim")
            {
                MapNode requests = request.Object.At("spec", "resources", "requests") as MapNode ?? [];
                Bounds(limit, type, requests, requests, wrong, claims: true);
            }

            return;
        }

        Node[] containers = [.. (request.Object.At("spec", "containers")?.AsList() ?? [])];
        Node[] initial = [.. (request.Object.At("spec", "initContainers")?.AsList() ?? [])];
        if (type == "Container")
        {
            foreach (Node container in containers.Concat(initial))
            {
                Bounds(limit, type, Part(container, "requests"), Part(container, "limits"), wrong, claims: false);
            }
        }
        else if (type == "Pod")
        {
            Bounds(limit, type, Total(request.Object, containers, initial, "requests"), Total(request.Object, containers, initial, "limits"), wrong, claims: false);
        }
    }

    private static MapNode Part(Node container, string part) => container.At("resources", part) as MapNode ?? [];

    private static MapNode Sum(Node[] containers, string part)
    {
        Dictionary<string, Quantity> totals = new(StringComparer.Ordinal);
        foreach ((string resource, Node amount) in containers.SelectMany(container => Part(container, part)))
        {
            if (Quantity.TryParse(amount.AsString(), out Quantity quantity))
            {
                totals[resource] = totals.TryGetValue(resource, out Quantity before) ? before + quantity : quantity;
            }
        }

        MapNode sum = [];
        foreach ((string resource, Quantity total) in totals)
        {
            sum[resource] = total.ToString();
        }

        return sum;
    }

    /// <summary>What the pod says for all, or what its containers add up to; an init container that needs more on its own counts instead.</summary>
    private static MapNode Total(MapNode pod, Node[] containers, Node[] initial, string part)
    {
        MapNode sum = Sum([.. containers, .. initial.Where(IsSidecar)], part);
        foreach ((string resource, Node amount) in initial.Where(container => !IsSidecar(container)).SelectMany(container => Part(container, part)))
        {
            if (sum[resource] is not { } together || Quantity.Of(amount) > Quantity.Of(together))
            {
                sum[resource] = amount;
            }
        }

        foreach ((string resource, Node amount) in pod.At("spec", "resources", part) as MapNode ?? [])
        {
            sum[resource] = amount;
        }

        return sum;
    }

    private static bool IsSidecar(Node container) => container["restartPolicy"]?.AsString() == "Always";

    private static void Bounds(Node limit, string type, MapNode requests, MapNode limits, List<string> wrong, bool claims)
    {
        foreach ((string resource, Node minimum) in limit["min"] as MapNode ?? [])
        {
            Minimum(resource, minimum, type, requests, limits, wrong);
        }

        foreach ((string resource, Node maximum) in limit["max"] as MapNode ?? [])
        {
            string? had = (claims ? requests : limits)[resource]?.AsString();
            string word = claims ? "request" : "limit";
            if (had is null)
            {
                wrong.Add($"maximum {resource} usage per {type} is {maximum.AsString()}.  No {word} is specified");
            }
            else if (Compare(had, maximum.AsString()) > 0)
            {
                wrong.Add($"maximum {resource} usage per {type} is {maximum.AsString()}, but {word} is {had}");
            }
            else if (!claims && requests[resource]?.AsString() is { } asked && Compare(asked, maximum.AsString()) > 0)
            {
                wrong.Add($"maximum {resource} usage per {type} is {maximum.AsString()}, but request is {asked}");
            }
        }

        foreach ((string resource, Node ratio) in limit["maxLimitRequestRatio"] as MapNode ?? [])
        {
            Ratio(resource, ratio, type, requests, limits, wrong);
        }
    }

    private static void Minimum(string resource, Node minimum, string type, MapNode requests, MapNode limits, List<string> wrong)
    {
        if (requests[resource]?.AsString() is not { } asked)
        {
            wrong.Add($"minimum {resource} usage per {type} is {minimum.AsString()}.  No request is specified");
        }
        else if (Compare(asked, minimum.AsString()) < 0)
        {
            wrong.Add($"minimum {resource} usage per {type} is {minimum.AsString()}, but request is {asked}");
        }
        else if (limits[resource]?.AsString() is { } most && Compare(most, minimum.AsString()) < 0)
        {
            wrong.Add($"minimum {resource} usage per {type} is {minimum.AsString()}, but limit is {most}");
        }
    }

    private static void Ratio(string resource, Node ratio, string type, MapNode requests, MapNode limits, List<string> wrong)
    {
        Quantity asked = Quantity.Of(requests[resource]);
        Quantity most = Quantity.Of(limits[resource]);
        if (asked.IsZero || most.IsZero)
        {
            string lacking = asked.IsZero ? "request" : "limit";
            wrong.Add($"{resource} max limit to request ratio per {type} is {ratio.AsString()}, but no {lacking} is specified or {lacking} is 0");
            return;
        }

        double had = Math.Exp(BigInteger.Log(most.Nano) - BigInteger.Log(asked.Nano));
        if (Quantity.TryParse(ratio.AsString(), out Quantity allowed) && most.Nano * 1_000_000_000 > asked.Nano * allowed.Nano)
        {
            wrong.Add(string.Create(CultureInfo.InvariantCulture, $"{resource} max limit to request ratio per {type} is {ratio.AsString()}, but provided ratio is {had:F6}"));
        }
    }

    private static int Compare(string? left, string? right) =>
        Quantity.TryParse(left, out Quantity a) && Quantity.TryParse(right, out Quantity b) ? a.CompareTo(b) : 0;

    private static void Fill(MapNode container, Node limit, string word, List<string> notes)
    {
        MapNode resources = container.EnsureMap("resources");
        string name = container["name"]?.AsString() ?? string.Empty;
        string[] requests = Missing(resources, "requests", limit["defaultRequest"]);
        string[] limits = Missing(resources, "limits", limit["default"]);
        if (requests.Length > 0)
        {
            notes.Add($"{string.Join(", ", requests.Order(StringComparer.Ordinal))} request for {word} {name}");
        }

        if (limits.Length > 0)
        {
            notes.Add($"{string.Join(", ", limits.Order(StringComparer.Ordinal))} limit for {word} {name}");
        }
    }

    private static string[] Missing(MapNode resources, string part, Node? defaults)
    {
        List<string> set = [];
        foreach ((string resource, Node amount) in defaults as MapNode ?? [])
        {
            if (resources[part]?[resource] is null)
            {
                resources.EnsureMap(part)[resource] = amount;
                set.Add(resource);
            }
        }

        return [.. set];
    }

    private IEnumerable<Node> Limits(AdmissionRequest request) =>
        store.Snapshot("limitranges").In(request.Namespace).SelectMany(item => item.Node.At("spec", "limits")?.AsList() ?? []);
}
