using Bowline.Applications.ArgoCd;
using Bowline.Resources.Model;

namespace Bowline.Applications.Projects;

/// <summary>Which objects of a namespace that no application delivered are worth a warning (AppProject's <c>orphanedResources</c>).</summary>
public sealed class OrphanRules
{
    private readonly IReadOnlyList<KindRule> ignored;

    private OrphanRules(Node settings)
    {
        Warns = settings["warn"]?.AsBool() != false;
        ignored = KindRule.Read(settings["ignore"]);
    }

    /// <summary>Whether applications get a condition (<c>warn</c>, on unless it says false).</summary>
    public bool Warns { get; }

    /// <summary>Null where the project does not look for any.</summary>
    public static OrphanRules? Read(Node? settings) => settings is MapNode ? new OrphanRules(settings) : null;

    /// <summary>Whether an object is left out: every namespace has it by itself, or the project says so. A rule without a kind means all of its group.</summary>
    public bool Ignores(ResourceId id) => id switch
    {
        { Group: "", Kind: "ServiceAccount", Name: "default" } or { Group: "", Kind: "ConfigMap", Name: "kube-root-ca.crt" } => true,
        { Group: "", Kind: "Service", Namespace: "default", Name: "kubernetes" } => true,
        _ => ignored.Any(rule => (rule.Kind.Length == 0 ? rule with { Kind = "*" } : rule).Matches(id)),
    };
}
