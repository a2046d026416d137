using Bowline.Applications.ArgoCd;
using Bowline.Applications.Model;
using Bowline.Applications.Reconciling;
using Bowline.Rendering.Detection;
using Bowline.Rendering.Requests;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;
using Bowline.Sources.Files;
using ApplicationException = Bowline.Applications.Model.ApplicationException;

namespace Bowline.Applications.Sourcing;

/// <summary>Renders every source of an application into one list of objects.</summary>
public sealed class ApplicationRenderer(SourceResolver sources, IRenderer renderer, InstallationSettings settings)
{
    /// <param name="lookup">Helm's <c>lookup</c> against the application's cluster; null where there is none yet.</param>
    /// <exception cref="ApplicationException">Anything that keeps it from being rendered, with file and line where known.</exception>
    public async Task<RenderedApplication> RenderAsync(ApplicationSpec spec, Func<string, string, string, string, Node?>? lookup, CancellationToken cancellationToken)
    {
        List<Resource> resources = [];
        List<string> warnings = [];
        List<RenderedSource> read = [];
        string revision = string.Empty;
        bool followsHome = false;
        Dictionary<string, ApplicationSource> references = spec.Sources.Where(source => source.Ref.Length > 0).ToDictionary(source => source.Ref, StringComparer.Ordinal);
        foreach (ApplicationSource source in spec.Sources)
        {
            if (source is { Ref.Length: > 0, Path.Length: 0, Chart.Length: 0 })
            {
                continue;
            }

            SourceSnapshot snapshot = await sources.ResolveAsync(source, spec.Project, cancellationToken).ConfigureAwait(false);
            RecordingTree recording = new(snapshot.Files);
            FileTree files = await MountAsync(recording, spec, source, references, read, cancellationToken).ConfigureAwait(false);
            FileTree rendered = source.Edits is { } edits ? EditedKustomization.Of(files, source.Path, edits) : files;
            RenderResult result = await RenderAsync(RequestFor(spec, source, rendered, references, new BuildEnvironment(spec, source, snapshot.Revision)) with { Lookup = lookup }, spec.Project, cancellationToken).ConfigureAwait(false);
            resources.AddRange(result.Unreadable is null ? result.Resources : throw result.Unreadable);
            warnings.AddRange(result.Warnings);
            read.Add(Read(spec, source, snapshot, recording));
            followsHome |= revision.Length == 0 && ReferenceEquals(snapshot, sources.Home.Snapshot);
            revision = revision.Length > 0 ? revision : snapshot.Revision.Short;
        }

        return new RenderedApplication(spec, revision, resources) { Warnings = warnings, Sources = read, FollowsHome = followsHome };
    }

    private RenderedSource Read(ApplicationSpec spec, ApplicationSource source, SourceSnapshot snapshot, RecordingTree recording)
    {
        GeneratePaths named = new(spec);
        return new RenderedSource(
            source.RepoUrl,
            source.TargetRevision,
            source.Chart,
            source.Chart.Length > 0 ? snapshot.Revision.Version : snapshot.Revision.Commit,
            sources.IsHome(source),
            path => recording.Depends(path) || named.Contain(path))
        {
            Tool = source.Chart.Length > 0 ? SourceTool.Helm : SourceDetector.Detect(snapshot.Files, source.Path),
        };
    }

    /// <summary>As Argo CD does: the dependencies of a chart are fetched when it does not bring them.</summary>
    private async Task<RenderResult> RenderAsync(RenderRequest request, string project, CancellationToken cancellationToken)
    {
        try
        {
            return Render(request, cancellationToken);
        }
        catch (ApplicationException incomplete) when (incomplete.InnerException is RenderException { LacksDependencies: true })
        {
            FileTree whole = await sources.WithDependenciesAsync(request.Files, request.Path, project, cancellationToken).ConfigureAwait(false);
            return Render(request with { Files = whole }, cancellationToken);
        }
    }

    private RenderResult Render(RenderRequest request, CancellationToken cancellationToken)
    {
        try
        {
            return renderer.Render(request, cancellationToken);
        }
        catch (Exception broken) when (broken is RenderException or YamlException or SourceException)
        {
            throw new ApplicationException(broken.Message, broken);
        }
        catch (Exception bug) when (bug is not OperationCanceledException)
        {
            // Whatever a repository can make go wrong here must not reach the other applications.
            throw new ApplicationException($"internal error while rendering, please report it: {bug.GetType().Name}: {bug.Message}", bug);
        }
    }

    private RenderRequest RequestFor(ApplicationSpec spec, ApplicationSource source, FileTree files, Dictionary<string, ApplicationSource> references, BuildEnvironment environment)
    {
        RenderRequest request = new()
        {
            Files = files,
            Path = source.Path,
            ReleaseName = source.ReleaseName.Length > 0 ? source.ReleaseName : spec.Title,
            Namespace = source.Namespace.Length > 0 ? source.Namespace : spec.Destination.Namespace.Length > 0 ? spec.Destination.Namespace : "default",
            Helm = source.Helm with
            {
                ValueFiles = [.. source.Helm.ValueFiles.Select(file => ResolveReference(file, source, references))],
                Set = [.. source.Helm.Set.Select(environment.Expand)],
                SetString = [.. source.Helm.SetString.Select(environment.Expand)],
            },
            Kustomize = source.Kustomize with
            {
                CommonAnnotations = !source.ExpandsAnnotations ? source.Kustomize.CommonAnnotations : [.. source.Kustomize.CommonAnnotations.Select(pair => KeyValuePair.Create(pair.Key, environment.Expand(pair.Value)))],
                AllowFilesOutsideRoot = settings.BuildOptionsOf(source.KustomizeVersion).AllowFilesOutsideRoot,
            },
            Plain = source.Plain,
            ApiVersions = source.ApiVersions,
        };
        return source.KubeVersion.Length > 0 ? request with { KubeVersion = source.KubeVersion } : request;
    }

    /// <summary><c>$values/path</c> of a multi-source application is a file from the root of the source called <c>values</c>.</summary>
    private string ResolveReference(string file, ApplicationSource source, Dictionary<string, ApplicationSource> references)
    {
        if (!file.StartsWith('$'))
        {
            return file;
        }

        int slash = file.IndexOf('/', StringComparison.Ordinal);
        string name = slash < 0 ? file[1..] : file[1..slash];
        if (slash < 0 || !references.TryGetValue(name, out ApplicationSource? referenced))
        {
            throw new ApplicationException($"value file {file}: no source of the application has ref: {name}");
        }

        return IsSameTree(referenced, source) ? file[slash..] : "/" + file;
    }

    private bool IsSameTree(ApplicationSource left, ApplicationSource right) =>
        left.Chart.Length + right.Chart.Length == 0 && ((left.RepoUrl == right.RepoUrl && left.TargetRevision == right.TargetRevision) || (sources.IsHome(left) && sources.IsHome(right)));

    /// <summary>The source's files with those repositories that its value files lie in, as folders <c>$name</c> of its root.</summary>
    private async Task<FileTree> MountAsync(RecordingTree own, ApplicationSpec spec, ApplicationSource source, Dictionary<string, ApplicationSource> references, List<RenderedSource> read, CancellationToken cancellationToken)
    {
        Dictionary<string, FileTree> mounts = new(StringComparer.Ordinal);
        foreach (string name in source.Helm.ValueFiles.Where(file => file.StartsWith('$')).Select(file => file[1..].Split('/')[0]).Distinct())
        {
            if (!references.TryGetValue(name, out ApplicationSource? referenced) || IsSameTree(referenced, source))
            {
                continue;
            }

            SourceSnapshot snapshot = await sources.ResolveAsync(referenced with { Path = string.Empty }, spec.Project, cancellationToken).ConfigureAwait(false);
            RecordingTree recording = new(snapshot.Files);
            mounts["$" + name] = recording;
            read.Add(Read(spec, referenced, snapshot, recording));
        }

        return mounts.Count == 0 ? own : new MountedTree(own, mounts);
    }
}
