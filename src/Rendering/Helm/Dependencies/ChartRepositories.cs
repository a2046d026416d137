using System.Collections.Concurrent;
using Bowline.Languages.GoTemplates.Sprig;
using Bowline.Languages.GoTemplates.Parsing;
using Bowline.Rendering.Helm.Charts;
using Bowline.Rendering.Requests;
using Bowline.Sources.Downloads;
using Bowline.Sources.Files;
using Bowline.Sources.HelmRepositories;
using Bowline.Sources.Oci;

namespace Bowline.Rendering.Helm.Dependencies;

/// <summary>A chart as it was fetched.</summary>
/// <param name="Version">As the repository writes it.</param>
/// <param name="Digest">Of the archive, <c>sha256:…</c>.</param>
public sealed record FetchedChart(string Name, string Version, byte[] Archive, string Digest);

/// <summary>Charts by repository, name and version range, from HTTP repositories and OCI registries alike. Thread-safe.</summary>
public sealed class ChartRepositories(HelmRepositoryClient http, OciRegistryClient oci, TimeProvider time)
{
    /// <summary>Many applications name one repository; its index is not fetched anew for each.</summary>
    private static readonly TimeSpan IndexLifetime = TimeSpan.FromMinutes(3);

    internal TimeProvider Time => time;

    private readonly ConcurrentDictionary<string, (DateTimeOffset Read, RepositoryIndex Index)> indexes = new(StringComparer.Ordinal);

    /// <summary>The newest version that satisfies a range, in Masterminds' syntax; of a plain version that one.</summary>
    /// <param name="repository">An http(s) address, or <c>oci://host/path</c> to which the chart's name is added.</param>
    /// <exception cref="RenderException">No such chart or version, or a range that cannot be read.</exception>
    /// <exception cref="SourceException">The repository cannot be reached or is not to be trusted.</exception>
    public async Task<FetchedChart> FetchAsync(string repository, string name, string range, CancellationToken cancellationToken)
    {
        string version;
        try
        {
            version = await ResolveAsync(repository, name, range, cancellationToken).ConfigureAwait(false)
                ?? throw new ChartException($"chart {GoText.Quote(name)} version {GoText.Quote(range)} not found in {Shown(repository)} repository");
            return await DownloadAsync(repository, name, version, cancellationToken).ConfigureAwait(false);
        }
        catch (ChartException error)
        {
            throw new RenderException(error.Message, inner: error);
        }
    }

    /// <summary>The version that a range means now; null when there is none.</summary>
    /// <param name="repository">As for <see cref="FetchAsync"/>.</param>
    /// <exception cref="RenderException">A range or an index that cannot be read.</exception>
    /// <exception cref="SourceException">The repository cannot be reached.</exception>
    public async Task<string?> FindVersionAsync(string repository, string name, string range, CancellationToken cancellationToken)
    {
        try
        {
            return await ResolveAsync(repository, name, range, cancellationToken).ConfigureAwait(false);
        }
        catch (ChartException error)
        {
            throw new RenderException(error.Message, inner: error);
        }
    }

    /// <summary>The version that a range means now; null when there is none.</summary>
    /// <exception cref="ChartException">A range or an index that cannot be read.</exception>
    internal async Task<string?> ResolveAsync(string repository, string name, string range, CancellationToken cancellationToken)
    {
        string wanted = range.Length == 0 ? "*" : range;
        VersionConstraints constraints = VersionConstraints.Parse(wanted, out string error)
            ?? throw new ChartException($"dependency {GoText.Quote(name)} has an invalid version/constraint format: {error}");
        if (!OciReference.IsOci(repository))
        {
            RepositoryIndex index = await IndexAsync(repository, cancellationToken).ConfigureAwait(false);
            return index.VersionsOf(name).FirstOrDefault(one => constraints.Check(one.Version))?.Version.Original;
        }

        if (SemanticVersion.Parse(wanted, out _) is not null)
        {
            return wanted;
        }

        IReadOnlyList<string> tags = await oci.GetTagsAsync(OciReference.Parse(repository).Below(name), cancellationToken).ConfigureAwait(false);
        return tags.Select(tag => SemanticVersion.Parse(tag.Replace('_', '+'), out _)).OfType<SemanticVersion>()
            .OrderByDescending(version => version).FirstOrDefault(constraints.Check)?.Original;
    }

    /// <summary>Exactly one version.</summary>
    internal async Task<FetchedChart> DownloadAsync(string repository, string name, string version, CancellationToken cancellationToken)
    {
        if (SemanticVersion.Parse(version, out string error) is null)
        {
            throw new ChartException($"chart {GoText.Quote(name)} version {GoText.Quote(version)}: {error}");
        }

        if (OciReference.IsOci(repository))
        {
            return await DownloadOciAsync(OciReference.Parse(repository).Below(name) with { Tag = version.Replace('+', '_') }, name, version, cancellationToken).ConfigureAwait(false);
        }

        RepositoryIndex index = await IndexAsync(repository, cancellationToken).ConfigureAwait(false);
        IndexedChart chart = Pick(index.VersionsOf(name), version)
            ?? throw new ChartException($"chart {GoText.Quote(name)} version {GoText.Quote(version)} not found in {Shown(repository)} repository");
        if (OciReference.IsOci(chart.Address))
        {
            OciReference reference = OciReference.Parse(chart.Address);
            return await DownloadOciAsync(reference.Tag.Length + reference.Digest.Length > 0 ? reference : reference with { Tag = version.Replace('+', '_') }, name, version, cancellationToken).ConfigureAwait(false);
        }

        byte[] archive = await http.GetChartAsync(WebAddress.Parse(repository), chart.Address, chart.Digest, cancellationToken).ConfigureAwait(false);
        return Checked(new FetchedChart(name, chart.Version.Original, archive, ContentDigest.Of(archive).ToString()));
    }

    private async Task<FetchedChart> DownloadOciAsync(OciReference reference, string name, string version, CancellationToken cancellationToken)
    {
        OciChart chart = await oci.GetChartAsync(reference, cancellationToken).ConfigureAwait(false);
        return Checked(new FetchedChart(name, version, chart.Archive, chart.Content.ToString()));
    }

    /// <summary>An archive must hold the chart that it was fetched as; otherwise one chart could be had under another's name.</summary>
    private static FetchedChart Checked(FetchedChart fetched)
    {
        Chart chart = ChartAssembler.AssembleArchive(fetched.Archive, fetched.Name, nesting: 0);
        return chart.Metadata.Name == fetched.Name && SameVersion(chart.Metadata.Version, fetched.Version)
            ? fetched
            : throw new ChartException($"the archive fetched as {fetched.Name} {fetched.Version} holds {chart.Metadata.Name} {chart.Metadata.Version}");
    }

    private static IndexedChart? Pick(IReadOnlyList<IndexedChart> versions, string version) =>
        versions.FirstOrDefault(one => one.Version.Original == version) ?? versions.FirstOrDefault(one => SameVersion(one.Version.Original, version));

    private static bool SameVersion(string left, string right) =>
        left == right || (SemanticVersion.Parse(left, out _) is { } a && SemanticVersion.Parse(right, out _) is { } b && a.CompareTo(b) == 0 && a.Metadata == b.Metadata);

    private async Task<RepositoryIndex> IndexAsync(string repository, CancellationToken cancellationToken)
    {
        Uri address = WebAddress.Parse(repository);
        DateTimeOffset now = time.GetUtcNow();
        if (indexes.TryGetValue(repository, out (DateTimeOffset Read, RepositoryIndex Index) known) && now - known.Read < IndexLifetime)
        {
            return known.Index;
        }

        byte[] content = await http.GetIndexAsync(address, cancellationToken).ConfigureAwait(false);
        try
        {
            RepositoryIndex index = RepositoryIndex.Parse(content);
            indexes[repository] = (now, index);
            return index;
        }
        catch (ChartException error)
        {
            throw error.Within($"{WebAddress.Redact(address)}: index.yaml");
        }
    }

    private static string Shown(string repository) => OciReference.IsOci(repository) ? repository : WebAddress.Redact(WebAddress.Parse(repository));
}
