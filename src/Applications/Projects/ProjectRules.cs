using Bowline.Applications.ArgoCd;
using Bowline.Resources.Model;

namespace Bowline.Applications.Projects;

/// <summary>The projects of one set of settings.</summary>
/// <param name="assume">A project that is missing allows everything: for embedded clusters, which have what the repository brings and nothing else.</param>
public sealed class ProjectRules(ArgoCdSettings settings, bool assume)
{
    private readonly Dictionary<string, Project?> read = new(StringComparer.Ordinal);
    private readonly Lock gate = new();

    /// <summary>Null when there is no such project; <c>default</c> there always is.</summary>
    public Project? Find(string name)
    {
        lock (gate)
        {
            if (!read.TryGetValue(name, out Project? known))
            {
                ImpersonationMode impersonation = ActingUser.ModeOf(settings.Config);
                known = settings.FindProject(name) is { } declared ? Project.Read(GlobalProjects.Over(declared, settings), settings.Clusters, impersonation) : assume || name == "default" ? Project.Permissive(name, settings.Clusters, everywhere: assume, impersonation) : null;
                read[name] = known;
            }

            return known;
        }
    }

    /// <summary>Whether a project is only taken for granted.</summary>
    public bool IsAssumed(string name) => assume && name != "default" && settings.FindProject(name) is null;
}

/// <summary>Groups and kinds as globs, for cluster-scoped kinds with names.</summary>
internal sealed record KindRule(string Group, string Kind, string Name)
{
    public static IReadOnlyList<KindRule> Read(Node? list) =>
        [.. (list as ListNode ?? []).Select(item => new KindRule(ArgoCdDialect.Text(item["group"]), ArgoCdDialect.Text(item["kind"]), ArgoCdDialect.Text(item["name"])))];

    public bool Matches(ResourceId id) => Pattern.Matches(Group, id.Group) && Pattern.Matches(Kind, id.Kind) && (Name.Length == 0 || Pattern.Matches(Name, id.Name));
}

/// <summary>A destination of a project; parts that begin with <c>!</c> forbid.</summary>
internal sealed record DestinationRule(string Server, string Name, string Namespace)
{
    public static IReadOnlyList<DestinationRule> Read(Node? list) =>
        [.. (list as ListNode ?? []).Select(item => new DestinationRule(ArgoCdDialect.Text(item["server"]), ArgoCdDialect.Text(item["name"]), ArgoCdDialect.Text(item["namespace"])))];

    /// <summary>True when it allows, false when it forbids, null when it has nothing to say.</summary>
    public bool? Judge(string server, string name, string @namespace)
    {
        bool byServer = Server.Length > 0 && Accepts(Server, server);
        bool byName = Name.Length > 0 && Accepts(Name, name);
        bool home = Accepts(Namespace, @namespace);
        bool cluster = byServer || byName;
        if (cluster && home)
        {
            return true;
        }

        bool forbidsCluster = (!byServer && Server.StartsWith('!')) || (!byName && Name.StartsWith('!'));
        return (forbidsCluster && home) || (!home && Namespace.StartsWith('!') && cluster) ? false : null;
    }

    private static bool Accepts(string pattern, string text) => pattern.StartsWith('!') ? !Pattern.Matches(pattern[1..], text) : Pattern.Matches(pattern, text);
}
