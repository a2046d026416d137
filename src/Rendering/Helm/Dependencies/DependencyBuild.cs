using Bowline.Languages.GoTemplates.Parsing;
using Bowline.Languages.GoTemplates.Sprig;
using Bowline.Rendering.Helm.Charts;
using Bowline.Rendering.Requests;
using Bowline.Sources.Archives;
using Bowline.Sources.Downloads;
using Bowline.Sources.Files;

namespace Bowline.Rendering.Helm.Dependencies;

/// <summary>What a chart's charts/ folder is to hold; nothing is written by making it.</summary>
/// <param name="Charts">File names below charts/ and their content.</param>
/// <param name="Outdated">Archives below charts/ that are no longer wanted.</param>
/// <param name="LockFile">The lock's name, when a new one is to be written.</param>
public sealed record BuiltDependencies(IReadOnlyDictionary<string, byte[]> Charts, IReadOnlyList<string> Outdated, string? LockFile, string? LockText)
{
    /// <summary>What was done, a line each.</summary>
    public IReadOnlyList<string> Messages { get; init; } = [];
}

/// <summary><c>helm dependency build</c>: by the lock where there is one, else by resolving ranges as <c>helm dependency update</c> does.</summary>
public sealed class DependencyBuild(ChartRepositories repositories, RepositoryConfig config)
{
    /// <param name="chart">The chart's folder in the tree, which also bounds what <c>file://</c> may name.</param>
    /// <exception cref="RenderException">A chart or lock that is not in order, or a dependency that does not exist.</exception>
    /// <exception cref="SourceException">A repository that cannot be reached or is not to be trusted.</exception>
    public async Task<BuiltDependencies> BuildAsync(FileTree files, string chart, CancellationToken cancellationToken)
    {
        try
        {
            return await new Run(files, TreePath.Clean(chart), repositories, config).BuildAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (ChartException error)
        {
            throw new RenderException(error.Message, error.File, error.Line, error.Column, error) { SourceLine = error.SourceLine };
        }
    }

    private sealed class Run(FileTree files, string path, ChartRepositories repositories, RepositoryConfig config)
    {
        private const string LocalScheme = "file://";

        private readonly List<string> messages = [];
        private readonly Dictionary<string, byte[]> archives = new(StringComparer.Ordinal);

        public async Task<BuiltDependencies> BuildAsync(CancellationToken cancellationToken)
        {
            RefuseLink("Chart.lock");
            RefuseLink("requirements.lock");
            IReadOnlyList<ChartFile> own = ChartReader.ReadDirectory(files, path, cancellationToken);
            ChartMetadata metadata = ChartAssembler.ReadOwnMetadata(own);
            string lockFile = metadata.ApiVersion == "v1" ? "requirements.lock" : "Chart.lock";
            ChartLock? locked = own.LastOrDefault(file => file.Name == lockFile) is { } found ? ReadLock(found) : null;
            if (metadata.Dependencies is not { Count: > 0 } written)
            {
                return new BuiltDependencies(archives, [], null, null);
            }

            string oldDigest = ChartLock.OldDigestOf([.. written!]);
            List<ChartDependency> declared = [.. written.Select(one => WithAddress(one!))];
            if (locked is not null)
            {
                RequireInStep(locked, declared, oldDigest, metadata, lockFile);
                await FetchAllAsync(locked.Dependencies, declared, cancellationToken).ConfigureAwait(false);
                return new BuiltDependencies(archives, Outdated(declared), null, null) { Messages = messages };
            }

            List<ChartDependency> resolved = await ResolveAllAsync(declared, cancellationToken).ConfigureAwait(false);
            await FetchAllAsync(resolved, declared, cancellationToken).ConfigureAwait(false);
            string text = new ChartLock(resolved, ChartLock.DigestOf(declared, resolved)).Text(repositories.Time.GetUtcNow());
            return new BuiltDependencies(archives, Outdated(declared), lockFile, text) { Messages = messages };
        }

        /// <summary>A lock that is a link would let a chart have any file read, or written, in its place (CVE-2025-53547).</summary>
        private void RefuseLink(string lockFile)
        {
            string file = TreePath.Join(path, lockFile);
            if (files.Resolve(file) != TreePath.Join(files.Resolve(path), lockFile))
            {
                throw new ChartException($"the {lockFile} file is a symlink", file);
            }
        }

        private static ChartLock ReadLock(ChartFile file)
        {
            try
            {
                return ChartLock.Read(file.Data);
            }
            catch (ChartException error)
            {
                throw new ChartException($"cannot load {file.Name}: {error.Message}", file.Path, error.Line, error.Column, error);
            }
        }

        private ChartDependency WithAddress(ChartDependency one) => new()
        {
            Name = one.Name,
            Version = one.Version,
            Repository = config.AddressOf(one.Repository) ?? throw new ChartException($"no repository definition for {one.Repository}. Please add the missing repos via 'helm repo add'"),
            Condition = one.Condition,
            Tags = one.Tags,
            Alias = one.Alias,
            ImportValues = one.ImportValues,
            Enabled = one.Enabled,
        };

        private void RequireInStep(ChartLock locked, List<ChartDependency> declared, string oldDigest, ChartMetadata metadata, string lockFile)
        {
            bool old = metadata.ApiVersion == "v1";
            if (locked.Digest == ChartLock.DigestOf(declared, locked.Dependencies) || (old && locked.Digest == oldDigest))
            {
                return;
            }

            string declaredIn = old ? "requirements.yaml" : "Chart.yaml";
            throw new ChartException($"the lock file ({lockFile}) is out of sync with the dependencies file ({declaredIn}). Please update the dependencies", TreePath.Join(path, lockFile));
        }

        private async Task<List<ChartDependency>> ResolveAllAsync(List<ChartDependency> declared, CancellationToken cancellationToken)
        {
            List<ChartDependency> resolved = [];
            List<string> missing = [];
            foreach (ChartDependency one in declared)
            {
                string? version = one.Repository.Length == 0 ? one.Version
                    : one.Repository.StartsWith(LocalScheme, StringComparison.Ordinal) ? LocalVersion(one, cancellationToken)
                    : await repositories.ResolveAsync(one.Repository, one.Name, one.Version, cancellationToken).ConfigureAwait(false);
                if (version is null)
                {
                    missing.Add($"{GoText.Quote(one.Name)} (repository {GoText.Quote(Shown(one.Repository))}, version {GoText.Quote(one.Version)})");
                    continue;
                }

                resolved.Add(new ChartDependency { Name = one.Name, Repository = one.Repository, Version = version, Condition = string.Empty, Tags = [], Alias = string.Empty, ImportValues = [] });
            }

            return missing.Count == 0 ? resolved : throw new ChartException(
                $"can't get a valid version for {missing.Count} subchart(s): {string.Join(", ", missing)}. Make sure a matching chart version exists in the repo, or change the version constraint in Chart.yaml",
                TreePath.Join(path, "Chart.yaml"));
        }

        private async Task FetchAllAsync(IReadOnlyList<ChartDependency> wanted, List<ChartDependency> declared, CancellationToken cancellationToken)
        {
            messages.Add($"Saving {declared.Count} charts");
            HashSet<(string, string)> done = [];
            foreach (ChartDependency one in wanted)
            {
                cancellationToken.ThrowIfCancellationRequested();
                string repository = config.AddressOf(one.Repository) ?? one.Repository;
                if (repository.Length == 0)
                {
                    RequireVendored(one);
                }
                else if (repository.StartsWith(LocalScheme, StringComparison.Ordinal))
                {
                    Pack(one, cancellationToken);
                }
                else if (done.Add((one.Name, one.Version)))
                {
                    FetchedChart fetched = await repositories.DownloadAsync(repository, one.Name, one.Version, cancellationToken).ConfigureAwait(false);
                    archives[$"{fetched.Name}-{fetched.Version}.tgz"] = fetched.Archive;
                    messages.Add($"Downloading {one.Name} from repo {Shown(repository)} ({fetched.Digest})");
                }
            }
        }

        private void RequireVendored(ChartDependency one)
        {
            messages.Add($"Dependency {one.Name} did not declare a repository. Assuming it exists in the charts directory");
            string folder = TreePath.Join(TreePath.Join(path, "charts"), one.Name);
            if (!files.DirectoryExists(folder))
            {
                throw new ChartException($"directory {folder} not found", TreePath.Join(path, "Chart.yaml"));
            }

            (ChartMetadata metadata, _) = Load(folder, CancellationToken.None);
            if (!ChartVersions.IsCompatible(one.Version, metadata.Version))
            {
                throw new ChartException($"dependency {one.Name} at version {metadata.Version} does not satisfy the constraint {one.Version}", folder);
            }
        }

        private string? LocalVersion(ChartDependency one, CancellationToken cancellationToken)
        {
            (ChartMetadata metadata, _) = Load(LocalFolder(one), cancellationToken);
            return ChartVersions.IsCompatible(one.Version, metadata.Version) ? metadata.Version : null;
        }

        private void Pack(ChartDependency one, CancellationToken cancellationToken)
        {
            string folder = LocalFolder(one);
            (ChartMetadata metadata, IReadOnlyList<ChartFile> own) = Load(folder, cancellationToken);
            if (!ChartVersions.IsCompatible(one.Version, metadata.Version))
            {
                throw new ChartException($"can't get a valid version for dependency {one.Name}", folder);
            }

            archives[$"{metadata.Name}-{metadata.Version}.tgz"] = TarGz.WriteChart(metadata.Name, own.Select(file => new ArchiveFile(file.Name, file.Data)));
            messages.Add($"Packing {one.Name} from {one.Repository}");
        }

        private string LocalFolder(ChartDependency one)
        {
            string named = one.Repository[LocalScheme.Length..];
            string folder = named.StartsWith('/') ? TreePath.Clean(named.TrimStart('/')) : TreePath.Combine(path, named);
            return files.DirectoryExists(folder) ? folder : throw new ChartException($"directory {folder} not found", TreePath.Join(path, "Chart.yaml"));
        }

        private (ChartMetadata Metadata, IReadOnlyList<ChartFile> Files) Load(string folder, CancellationToken cancellationToken)
        {
            IReadOnlyList<ChartFile> own = ChartReader.ReadDirectory(files, folder, cancellationToken);
            return (ChartAssembler.ReadOwnMetadata(own), own);
        }

        /// <summary>Archives of charts that nothing names any more; folders and charts without a repository stay.</summary>
        private List<string> Outdated(List<ChartDependency> declared)
        {
            string folder = TreePath.Join(path, "charts");
            if (!files.DirectoryExists(folder))
            {
                return [];
            }

            HashSet<string> vendored = [.. declared.Where(one => one.Repository.Length == 0).Select(one => one.Name)];
            return [.. files.List(folder).Where(entry => !entry.IsDirectory && !archives.ContainsKey(entry.Name) && IsChart(TreePath.Join(folder, entry.Name), vendored)).Select(entry => entry.Name)];
        }

        private bool IsChart(string file, HashSet<string> vendored)
        {
            if (!file.EndsWith(".tgz", StringComparison.Ordinal))
            {
                return false;
            }

            try
            {
                return !vendored.Contains(ChartAssembler.AssembleArchive(files.Read(file), file, nesting: 0).Metadata.Name);
            }
            catch (Exception unreadable) when (unreadable is ChartException or SourceException)
            {
                messages.Add($"Could not verify {file} for deletion: {unreadable.Message} (Skipping)");
                return false;
            }
        }

        private static string Shown(string repository) => Uri.TryCreate(repository, UriKind.Absolute, out Uri? address) && WebAddress.IsWeb(address) ? WebAddress.Redact(address) : repository;
    }
}
