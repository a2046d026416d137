using Bowline.Rendering.Kustomize.Declared;
using Bowline.Rendering.Kustomize.Files;
using Bowline.Rendering.Kustomize.Objects;
using Bowline.Rendering.Requests;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;
using Bowline.Sources.Files;

namespace Bowline.Rendering.Kustomize.Building;

/// <summary>Renders charts that lie in the source itself, as <c>helmCharts</c> asks; a build fetches none.</summary>
internal sealed class ChartInflator(BuildSession session, DirectoryLoader loader, HelmGlobalsSpec globals)
{
    /// <exception cref="RenderException">Helm is switched off, or the chart is not in the source.</exception>
    public IReadOnlyList<BuildObject> Inflate(HelmChartSpec chart)
    {
        if (!session.Request.Kustomize.EnableHelm)
        {
            throw new RenderException("must specify --enable-helm");
        }

        if (chart.Name.Length == 0)
        {
            throw new RenderException("chart name cannot be empty");
        }

        string directory = Locate(chart);
        if (session.Helm is null)
        {
            throw new RenderException($"chart '{chart.Name}' cannot be rendered: this renderer was given no chart renderer");
        }

        RenderResult result = session.Helm.Render(Request(chart, directory), session.Files.Cancellation);
        foreach (string file in result.FilesRead)
        {
            session.Files.Note(file);
        }

        return [.. result.Resources.Select(resource => new BuildObject((MapNode)resource.Node.DeepClone()))];
    }

    private string Locate(HelmChartSpec chart)
    {
        string home = TreePath.Combine(loader.Root, globals.ChartHome.Length == 0 ? "charts" : globals.ChartHome);
        string[] candidates = [$"{chart.Name}-{chart.Version}/{chart.Name}", chart.Name];
        foreach (string candidate in candidates)
        {
            string path = TreePath.Combine(home, candidate);
            if (loader.Tree.FileExists($"{path}/Chart.yaml"))
            {
                return path;
            }
        }

        string version = chart.Version.Length == 0 ? string.Empty : $" version {chart.Version}";
        string repository = chart.Repository.Length == 0 ? string.Empty : $" of {RemoteReference.WithoutSecrets(chart.Repository)}";
        throw new RenderException($"chart '{chart.Name}'{version}{repository} is not in '{home}', and a build fetches no charts");
    }

    private RenderRequest Request(HelmChartSpec chart, string directory)
    {
        RenderRequest request = session.Request;
        string file = chart.ValuesFile;
        List<string> files = [.. chart.AdditionalValuesFiles.Select(Rooted)];
        MapNode? inline = chart.ValuesInline;
        if (inline is not null && chart.ValuesMerge is "replace")
        {
            file = string.Empty;
        }
        else if (inline is not null && chart.ValuesMerge is "merge" && file.Length > 0)
        {
            inline = MergeBelow(inline, loader.Read(file, out string name), name);
        }

        if (file.Length > 0)
        {
            files.Insert(0, Rooted(file));
        }

        return request with
        {
            Files = loader.Tree,
            Path = directory,
            ReleaseName = chart.ReleaseName.Length == 0 ? "release-name" : chart.ReleaseName,
            Namespace = chart.Namespace.Length == 0 ? "default" : chart.Namespace,
            KubeVersion = chart.KubeVersion.Length == 0 ? request.KubeVersion : chart.KubeVersion,
            ApiVersions = chart.ApiVersions.Count == 0 ? request.ApiVersions : chart.ApiVersions,
            Helm = new HelmOptions
            {
                ValueFiles = files,
                Values = inline,
                IncludeCrds = chart.IncludeCrds,
                NoHooks = chart.SkipHooks,
                SkipTests = chart.SkipTests,
            },
        };
    }

    /// <summary>A path of the kustomization as one from the snapshot's root, after the kustomization's own checks.</summary>
    private string Rooted(string path)
    {
        loader.Read(path, out _);
        return $"/{TreePath.Combine(loader.Root, path)}";
    }

    /// <summary>With <c>valuesMerge: merge</c> the file's values win over inline ones.</summary>
    private static MapNode MergeBelow(MapNode inline, byte[] content, string file)
    {
        try
        {
            MapNode merged = (MapNode)inline.DeepClone();
            Overlay(merged, YamlReader.Read(content, YamlReadOptions.HelmValues with { FileName = file }) as MapNode ?? []);
            return merged;
        }
        catch (YamlException error)
        {
            throw new RenderException(error.Reason, file, error.Line, error.Column, error);
        }
    }

    private static void Overlay(MapNode into, MapNode from)
    {
        foreach ((string key, Node value) in from)
        {
            if (value is MapNode map && into[key] is MapNode below)
            {
                Overlay(below, map);
            }
            else
            {
                into[key] = value.DeepClone();
            }
        }
    }
}
