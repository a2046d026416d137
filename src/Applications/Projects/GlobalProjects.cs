using Bowline.Applications.ArgoCd;
using Bowline.Resources.Model;

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
        foreach (Node entry in settings.Installation.GlobalProjects)
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

    /// <summary>A metav1.LabelSelector; one that cannot be understood selects nothing.</summary>
    private static bool Selects(Node? selector, Node? labels)
    {
        LabelSelector read = LabelSelector.OfOptional(selector);
        return read.Requirements.All(requirement => requirement.Operator is not ("Gt" or "Lt")) && read.Matches(labels);
    }
}
