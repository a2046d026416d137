using Bowline.Applications.ArgoCd;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;

namespace Bowline.Applications.Projects;

/// <summary>
/// Argo CD's global projects (<c>globalProjects</c> of argocd-cm): what such a project allows and forbids, and its windows, count for every project
/// whose labels its selector matches (docs/user-guide/projects, "Configuring Global Projects").
/// </summary>
internal static class GlobalProjects
{
    private static readonly string[] Inherited =
        ["sourceRepos", "destinations", "clusterResourceWhitelist", "clusterResourceBlacklist", "namespaceResourceWhitelist", "namespaceResourceBlacklist", "syncWindows"];

    /// <summary>The project with what it inherits; the very same where that is nothing.</summary>
    public static MapNode Over(MapNode project, ArgoCdSettings settings)
    {
        string name = project.At("metadata", "name")?.AsString() ?? string.Empty;
        MapNode merged = project;
        foreach (Node entry in Declared(settings))
        {
            string globalName = ArgoCdDialect.Text(entry["projectName"]);
            if (globalName == name || settings.FindProject(globalName)?["spec"] is not MapNode global || !Selects(entry["labelSelector"], project.At("metadata", "labels")))
            {
                continue;
            }

            merged = ReferenceEquals(merged, project) ? (MapNode)project.DeepClone() : merged;
            MapNode spec = merged.EnsureMap("spec");
            foreach (string list in Inherited)
            {
                if (global[list] is ListNode { Count: > 0 } more)
                {
                    spec[list] = new ListNode([.. (spec[list] as ListNode ?? []).Concat(more).Select(item => item.DeepClone())]);
                }
            }
        }

        return merged;
    }

    private static ListNode Declared(ArgoCdSettings settings)
    {
        try
        {
            return settings.Config?.At("data", "globalProjects")?.AsString() is { Length: > 0 } text ? YamlReader.Read(text) as ListNode ?? [] : [];
        }
        catch (YamlException)
        {
            // Told of with the other settings; until it is mended nothing more is allowed by it.
            return [];
        }
    }

    /// <summary>A metav1.LabelSelector; one that cannot be understood selects nothing.</summary>
    private static bool Selects(Node? selector, Node? labels)
    {
        string? Value(string key) => labels?[key]?.AsString();
        foreach ((string key, Node value) in selector?["matchLabels"] as MapNode ?? [])
        {
            if (Value(key) != value.AsString())
            {
                return false;
            }
        }

        return (selector?["matchExpressions"] as ListNode ?? []).All(expression =>
        {
            string? held = Value(ArgoCdDialect.Text(expression["key"]));
            IReadOnlyList<string> values = ArgoCdDialect.Texts(expression["values"]);
            return ArgoCdDialect.Text(expression["operator"]) switch
            {
                "In" => held is not null && values.Contains(held),
                "NotIn" => held is null || !values.Contains(held),
                "Exists" => held is not null,
                "DoesNotExist" => held is null,
                _ => false,
            };
        });
    }
}
