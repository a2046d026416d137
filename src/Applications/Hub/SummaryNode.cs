using Bowline.Applications.Reconciling;
using Bowline.Resources.Model;

namespace Bowline.Applications.Hub;

/// <summary><c>status.summary</c>: the images that an application's objects name, and where it can be reached from outside.</summary>
internal static class SummaryNode
{
    private const string Link = "link.argocd.argoproj.io/";

    public static MapNode Of(ApplicationReport report, MapNode held)
    {
        SortedSet<string> images = new(StringComparer.Ordinal);
        SortedSet<string> addresses = new(StringComparer.Ordinal);
        AddLinks(addresses, held);
        foreach (Resource resource in report.Application.Resources)
        {
            AddLinks(addresses, resource.Node);
            images.UnionWith(ImagesOf(resource.Node));
            if (resource.Kind is { Group: "networking.k8s.io", Kind: "Ingress" })
            {
                AddIngress(addresses, resource.Node["spec"]);
            }
        }

        MapNode summary = new();
        Set(summary, "images", images);
        Set(summary, "externalURLs", addresses);
        return summary;
    }

    /// <summary>The images that an object's containers run.</summary>
    public static IEnumerable<string> ImagesOf(MapNode body)
    {
        Node? pod = PodSpecOf(new Resource(body));
        return ((string[])["initContainers", "containers"])
            .SelectMany(list => pod?[list] as ListNode ?? [])
            .Select(container => container["image"]?.AsString() ?? string.Empty)
            .Where(image => image.Length > 0);
    }

    private static Node? PodSpecOf(Resource resource) => resource.Kind switch
    {
        { Group: "", Kind: "Pod" } => resource.Node["spec"],
        { Group: "batch", Kind: "CronJob" } => resource.Node.At("spec", "jobTemplate", "spec", "template", "spec"),
        _ => resource.Node.At("spec", "template", "spec"),
    };

    private static void AddLinks(SortedSet<string> addresses, MapNode item)
    {
        foreach ((_, Node value) in (item.At("metadata", "annotations") as MapNode ?? []).Where(annotation => annotation.Key.StartsWith(Link, StringComparison.Ordinal)))
        {
            AddAddress(addresses, value.AsString() ?? string.Empty);
        }
    }

    private static void AddIngress(SortedSet<string> addresses, Node? spec)
    {
        HashSet<string> secure = [.. (spec?["tls"] as ListNode ?? []).SelectMany(tls => tls["hosts"] as ListNode ?? []).Select(host => host.AsString() ?? string.Empty)];
        foreach (Node rule in spec?["rules"] as ListNode ?? [])
        {
            if (rule["host"]?.AsString() is { Length: > 0 } host && !host.Contains('*', StringComparison.Ordinal))
            {
                foreach (Node path in rule.At("http", "paths") as ListNode ?? [])
                {
                    string suffix = path["path"]?.AsString()?.TrimEnd('*') ?? "/";
                    AddAddress(addresses, $"{(secure.Contains(host) ? "https" : "http")}://{host}{(suffix == "/" ? string.Empty : suffix)}");
                }
            }
        }
    }

    /// <summary>Links that a browser would run instead of opening are left out.</summary>
    private static void AddAddress(SortedSet<string> addresses, string text)
    {
        // "title|https://..." is how a link gets a title.
        string address = text[(text.IndexOf('|', StringComparison.Ordinal) + 1)..].Trim();
        if (Uri.TryCreate(address, UriKind.Absolute, out Uri? uri) && uri.Scheme is "http" or "https")
        {
            addresses.Add(address);
        }
    }

    private static void Set(MapNode summary, string key, SortedSet<string> texts)
    {
        if (texts.Count > 0)
        {
            summary[key] = new ListNode(texts.Select(Node (text) => text));
        }
    }
}
