using Bowline.EmbeddedCluster.Admission.Webhooks;
using Bowline.EmbeddedCluster.Kinds;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Admission.Policies;

/// <summary>The resources that a policy or a binding is about: matched as a webhook's rules are, names and exclusions besides.</summary>
internal sealed class PolicyMatch
{
    private readonly MapNode resources;
    private readonly string name;
    private readonly Webhook excluded;

    private PolicyMatch(string name, MapNode resources)
    {
        this.name = name;
        this.resources = resources;
        excluded = AsWebhook(resources["excludeResourceRules"] as ListNode ?? [], selects: false);
    }

    public static PolicyMatch Of(string name, Node? resources) => new(name, resources as MapNode ?? []);

    /// <summary>The version of the object to look at; null when the request is none of its business.</summary>
    /// <param name="any">Whether no rules at all mean every resource, as in a binding.</param>
    public ServedKind? WantedKind(WebhookMatching matching, AdmissionRequest request, bool any)
    {
        ListNode rules = resources["resourceRules"] as ListNode ?? [];
        if (any && rules.Count == 0)
        {
            rules = [];
            rules.Add(new MapNode { ["operations"] = Star(), ["apiGroups"] = Star(), ["apiVersions"] = Star(), ["resources"] = new ListNode((Node[])["*", "*/*"]), ["scope"] = "*" });
        }

        ListNode named = new(rules.Where(rule => Names(rule, request)));
        ServedKind? kind = matching.WantedKind(AsWebhook(named, selects: true), request);
        return kind is not null && excluded.Rules.Any(rule => Names(rule, request)) && matching.WantedKind(excluded, request) is not null ? null : kind;
    }

    private static ListNode Star() => new((Node[])["*"]);

    private static bool Names(Node rule, AdmissionRequest request) => rule["resourceNames"] is not ListNode { Count: > 0 } names || names.Any(item => item.AsString() == request.Name);

    private Webhook AsWebhook(ListNode rules, bool selects)
    {
        MapNode node = new() { ["rules"] = rules, ["matchPolicy"] = resources["matchPolicy"] ?? "Equivalent" };
        foreach (string selector in (ReadOnlySpan<string>)["namespaceSelector", "objectSelector"])
        {
            if (selects && resources[selector] is { } value)
            {
                node[selector] = value;
            }
        }

        return new Webhook(name, name, name, node);
    }
}
