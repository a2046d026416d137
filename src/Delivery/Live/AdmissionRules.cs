using Bowline.Cluster.Requests;
using Bowline.Resources.Model;

namespace Bowline.Delivery.Live;

/// <summary>Which kinds admission webhooks and policies of the cluster look at, so that it is known where a write may be refused or changed.</summary>
public sealed class AdmissionRules
{
    /// <summary>The kinds that configure admission.</summary>
    public static readonly IReadOnlyList<ResourceKind> Kinds =
    [
        .. new[] { "ValidatingWebhookConfiguration", "MutatingWebhookConfiguration", "ValidatingAdmissionPolicy", "MutatingAdmissionPolicy" }
            .Select(kind => new ResourceKind("admissionregistration.k8s.io", string.Empty, kind)),
    ];

    private readonly List<(string Group, string Resource)> watched = [];
    private readonly bool everything;

    private AdmissionRules(bool everything) => this.everything = everything;

    /// <summary>For a cluster that does not let its admission be read.</summary>
    public static AdmissionRules Unknown { get; } = new(everything: true);

    public static AdmissionRules Of(LiveState live)
    {
        AdmissionRules rules = new(everything: false);
        foreach (MapNode configuration in Kinds.SelectMany(kind => live.List(kind)))
        {
            foreach (Node webhook in configuration["webhooks"] as ListNode ?? [])
            {
                rules.Add(webhook["rules"]);
            }

            rules.Add(configuration.At("spec", "matchConstraints", "resourceRules"));
        }

        return rules;
    }

    public bool Concern(KindInfo kind) => everything || watched.Exists(rule =>
        (rule.Group == "*" || rule.Group == kind.Kind.Group) && (rule.Resource is "*" or "*/*" || rule.Resource == kind.Plural));

    private void Add(Node? rules)
    {
        foreach (Node rule in rules as ListNode ?? [])
        {
            foreach (Node group in rule["apiGroups"] as ListNode ?? [])
            {
                watched.AddRange((rule["resources"] as ListNode ?? []).Select(resource => (group.AsString() ?? string.Empty, resource.AsString() ?? string.Empty)));
            }
        }
    }
}
