using System.Net;
using Bowline.Applications.ArgoCd;
using Bowline.Sources.Downloads;
using Bowline.Sources.Files;

namespace Bowline.Applications.ApplicationSets;

/// <param name="Project">Whose repository credentials may be used; empty for those that belong to no project.</param>
public sealed record GitQuery(string Url, string Revision, string Project);

/// <summary>The outside world as generators see it.</summary>
/// <param name="OpenGitAsync">A repository's files at a revision. Throws a <see cref="SourceException"/> or an ApplicationException when they cannot be had.</param>
/// <param name="Objects">Secrets, ConfigMaps and whatever else lies beside the set.</param>
/// <param name="Web">Asks Git servers and plugins.</param>
/// <param name="Time">Waits, and dates what templates print.</param>
public sealed record GeneratorSources(Func<GitQuery, CancellationToken, Task<FileTree>> OpenGitAsync, IObjectSource Objects, HttpDownloads Web, TimeProvider Time)
{
    /// <summary>What the installation says of generators, asked at each expansion.</summary>
    public Func<SetSettings> Settings { get; init; } = static () => new SetSettings();

    /// <summary>Opens the connections to servers of which a generator names the certificates, as those of <see cref="Web"/> are opened; null for anywhere.</summary>
    public Func<string, DnsEndPoint, CancellationToken, ValueTask<Stream>>? Dial { get; init; }
}
