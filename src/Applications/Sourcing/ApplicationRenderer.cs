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
/// <param name="fetch">Brings a value file by its address; throws a <see cref="SourceException"/> when it cannot be had.</param>
public sealed class ApplicationRenderer(SourceResolver sources, IRenderer renderer, InstallationSettings settings, Func<Uri, CancellationToken, Task<byte[]>> fetch)
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
        foreach (ApplicationSource declared in spec.Sources)
        {
            if (declared is { Ref.Length: > 0, Path.Length: 0, Chart.Length: 0 })
            {
                continue;
            }

            SourceSnapshot snapshot = await sources.ResolveAsync(declared, spec.Project, cancellationToken).ConfigureAwait(false);
            RecordingTree recording = new(snapshot.Files);
            ApplicationSource source = SourceOverrides.Apply(recording, spec, declared);
            BuildEnvironment environment = new(spec, source, snapshot.Revision);
            ValueFiles values = new(source, environment, settings.ValueFileSchemes)
            {
                IsReference = references.ContainsKey,
                OpenReferenceAsync = name => OpenAsync(spec, source, references[name], read, cancellationToken),
                FetchAsync = address => fetch(address, cancellationToken),
            };
            (FileTree files, HelmOptions helm) = await values.ResolveAsync(recording).ConfigureAwait(false);
            FileTree rendered = source.Edits is { } edits ? EditedKustomization.Of(files, source.Path, edits) : files;
            RenderResult result = await RenderAsync(RequestFor(spec, source with { Helm = helm }, rendered, environment) with { Lookup = lookup }, spec.Project, cancellationToken).ConfigureAwait(false);
            resources.AddRange(result.Unreadable is null ? result.Resources : throw result.Unreadable);
            warnings.AddRange(result.Warnings);
            // Where an application names the paths that count, no others do, as in Argo CD.
            read.Add(Read(spec, source, snapshot, recording) with { SaysRevision = environment.SaidRevision && spec.GeneratePaths.Count == 0 });
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
            Tool = source.Tool ?? (source.Chart.Length > 0 ? SourceTool.Helm : SourceDetector.Detect(snapshot.Files, source.Path)),
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

    private RenderRequest RequestFor(ApplicationSpec spec, ApplicationSource source, FileTree files, BuildEnvironment environment)
    {
        RenderRequest request = new()
        {
            Files = files,
            Path = source.Path,
            Tool = source.Tool,
            ReleaseName = source.ReleaseName.Length > 0 ? source.ReleaseName : spec.Title,
            Namespace = source.Namespace.Length > 0 ? source.Namespace : spec.Destination.Namespace.Length > 0 ? spec.Destination.Namespace : "default",
            Helm = source.Helm with
            {
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

    private bool IsSameTree(ApplicationSource left, ApplicationSource right) =>
        left.Chart.Length + right.Chart.Length == 0 && ((left.RepoUrl == right.RepoUrl && left.TargetRevision == right.TargetRevision) || (sources.IsHome(left) && sources.IsHome(right)));

    /// <summary>Another source that values are read from; null for one that is the same tree.</summary>
    private async Task<FileTree?> OpenAsync(ApplicationSpec spec, ApplicationSource source, ApplicationSource referenced, List<RenderedSource> read, CancellationToken cancellationToken)
    {
        if (IsSameTree(referenced, source))
        {
            return null;
        }

        SourceSnapshot snapshot = await sources.ResolveAsync(referenced with { Path = string.Empty }, spec.Project, cancellationToken).ConfigureAwait(false);
        RecordingTree recording = new(snapshot.Files);
        read.Add(Read(spec, referenced, snapshot, recording));
        return recording;
    }
}
