using Bowline.Applications.ArgoCd;
using Bowline.Sources.Downloads;
using Bowline.Sources.Files;

namespace Bowline.Applications.ApplicationSets;

/// <param name="Project">Whose repository credentials may be used; empty for those that belong to no project.</param>
public sealed record GitQuery(string Url, string Revision, string Project);

/// <summary>The outside world as generators see it.</summary>
/// <param name="OpenGitAsync">A repository's files at a revision. Throws a <see cref="SourceException"/> or an ApplicationException when they cannot be had.</param>
/// <param name="Objects">Secrets, ConfigMaps and whatever else lies in the controller's namespace: clusters, plugins, GitHub Apps.</param>
/// <param name="Web">Asks Git servers and plugins.</param>
/// <param name="Time">Waits, and dates what templates print.</param>
public sealed record GeneratorSources(Func<GitQuery, CancellationToken, Task<FileTree>> OpenGitAsync, IObjectSource Objects, HttpDownloads Web, TimeProvider Time)
{
    /// <summary>What the installation says of generators, asked at each expansion.</summary>
    public Func<SetSettings> Settings { get; init; } = static () => new SetSettings();

    /// <summary>The Secrets and ConfigMaps of another namespace that holds sets: what <c>tokenRef</c> and <c>caRef</c> name lies beside the set.</summary>
    public Func<string, IObjectSource>? ObjectsOf { get; init; }

    /// <summary>Whether sets of a namespace may use what belongs to a project.</summary>
    public Func<string, string, bool> Permits { get; init; } = static (_, _) => true;

    /// <summary>Opens the connections to servers of which a generator names the certificates, as those of <see cref="Web"/> are opened; null for anywhere.</summary>
    public Dial? Dial { get; init; }

    /// <summary>For the sets of one namespace.</summary>
    internal GeneratorSources Beside(string @namespace) => this with { Own = ObjectsOf?.Invoke(@namespace) ?? Objects };

    /// <summary>What lies beside the set.</summary>
    internal IObjectSource Own { get; private init; } = Objects;
}
