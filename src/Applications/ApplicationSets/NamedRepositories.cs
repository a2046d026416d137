using Bowline.Applications.ApplicationSets.Generators;
using Bowline.Applications.Model;
using Bowline.Resources.Model;

namespace Bowline.Applications.ApplicationSets;

/// <summary>The repositories that the git generators of a set name, before anybody has asked them.</summary>
internal static class NamedRepositories
{
    /// <param name="exists">Whether there is such a folder in the repository that is being delivered.</param>
    /// <returns>One source for each generator, with a folder that its patterns lie in: one that exists if any does.</returns>
    public static IEnumerable<ApplicationSource> Of(MapNode set, Func<string, bool> exists) => Of(set.At("spec", "generators"), exists);

    private static IEnumerable<ApplicationSource> Of(Node? generators, Func<string, bool> exists)
    {
        foreach (MapNode entry in (generators as ListNode ?? []).OfType<MapNode>())
        {
            if (entry["git"] is MapNode git && Parameters.Text(git["repoURL"]) is { Length: > 0 } url && !url.Contains("{{", StringComparison.Ordinal))
            {
                string[] folders = [.. ((git["directories"] ?? git["files"]) as ListNode ?? []).Select(item => new PathspecGlob(Parameters.Text(item["path"]) + (git["directories"] is ListNode ? "/" : string.Empty)).Folder)];
                yield return new ApplicationSource { RepoUrl = url, Path = folders.FirstOrDefault(exists) ?? folders.FirstOrDefault() ?? string.Empty };
            }

            foreach (ApplicationSource inner in Of(entry.At("matrix", "generators"), exists).Concat(Of(entry.At("merge", "generators"), exists)))
            {
                yield return inner;
            }
        }
    }
}
