using System.Text;
using Bowline.Languages.GoTemplates.Evaluating;
using Bowline.Languages.GoTemplates.Parsing;
using Bowline.Languages.GoTemplates.Sprig;
using Bowline.Languages.GoTemplates.Values;
using Bowline.Rendering.Kustomize.Declared;
using Bowline.Rendering.Kustomize.Files;
using Bowline.Rendering.Kustomize.Objects;
using Bowline.Rendering.Requests;
using Bowline.Resources.Model;
using Bowline.Sources.Files;

namespace Bowline.Rendering.Kustomize.Building;

/// <summary>Renders charts as <c>helmCharts</c> asks: those that lie in the source itself, and those that it names in a repository.</summary>
internal sealed class ChartInflator(BuildSession session, DirectoryLoader loader, HelmGlobalsSpec globals)
{
    private static readonly FunctionTable NameFunctions = SprigFunctions.Table.Without("env", "expandenv");

    private string ChartHome => globals.ChartHome.Length == 0 ? "charts" : globals.ChartHome;

    /// <exception cref="RenderException">Helm is switched off, or there is no such chart.</exception>
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

        ChartValues values = new(chart, loader, session.Kinds);
        ChartPlace place = Locate(chart);
        if (session.Helm is null)
        {
            throw new RenderException($"chart '{chart.Name}' cannot be rendered: this renderer was given no chart renderer");
        }

        RenderResult result = session.Helm.Render(Request(chart, place, values.Read(place)), session.Files.Cancellation);
        session.Warnings.AddRange(result.Warnings);
        if (loader.Remote is null && !place.IsFetched)
        {
            foreach (string file in result.FilesRead)
            {
                session.Files.Note(file);
            }
        }

        return Objects(chart, place, result);
    }

    /// <summary>The output is read like any manifest: lists give way to their items, scalars keep their text until they are printed.</summary>
    private List<BuildObject> Objects(HelmChartSpec chart, ChartPlace place, RenderResult result)
    {
        List<BuildObject> read = ObjectReader.Read(Encoding.UTF8.GetBytes(result.Text()), $"output of chart {chart.Name}", session.Files.Parsed);
        List<BuildObject> objects = read.ConvertAll(static item => new BuildObject(item.Root) { IsOfChart = true });
        bool inStep = objects.Count == result.Resources.Count;
        for (int i = 0; i < objects.Count; i++)
        {
            Origin? origin = inStep ? result.Resources[i].Origin : null;
            objects[i].Source = new Provenance { File = place.Shown(origin?.File ?? string.Empty), Line = origin?.Line ?? 0 };
        }

        return objects;
    }

    private ChartPlace Locate(HelmChartSpec chart)
    {
        bool isPinned = chart.Version.Length > 0 && chart.Repository.Length > 0;
        string pinned = $"{ChartHome}/{chart.Name}-{chart.Version}/{chart.Name}";
        string plain = $"{ChartHome}/{chart.Name}";
        if (isPinned && IsChart(pinned))
        {
            return Local(pinned);
        }

        if (IsChart(plain) && (!isPinned || VersionOf(plain) == chart.Version))
        {
            return Local(plain);
        }

        if (chart.Repository.Length == 0)
        {
            string home = TreePath.Combine(loader.Root, ChartHome);
            throw new RenderException($"chart '{chart.Name}' is not in '{home}', and no repo says where it could be fetched from");
        }

        RemoteChart remote = new(chart.Repository, chart.Name, chart.Version.Length == 0 && chart.Devel ? ">0.0.0-0" : chart.Version);
        return new ChartPlace(session.Files.Fetch(remote), string.Empty, string.Empty)
        {
            FetchedFrom = $"{RemoteReference.WithoutSecrets(chart.Repository)}//{chart.Name}",
        };
    }

    private ChartPlace Local(string found) => new(loader.Tree, TreePath.Combine(loader.Root, found), found);

    private bool IsChart(string directory) => loader.IsFile($"{directory}/Chart.yaml");

    private string VersionOf(string directory)
    {
        string file = TreePath.Combine(loader.Root, $"{directory}/Chart.yaml");
        return session.Files.Parsed.Parse(loader.Tree.Read(file), file, isPatch: false) is [{ Root: MapNode metadata }, ..] ? ScalarText.Of(metadata["version"]) : string.Empty;
    }

    private RenderRequest Request(HelmChartSpec chart, ChartPlace place, MapNode values)
    {
        RenderRequest request = session.Request;
        return request with
        {
            Files = place.Files,
            Path = place.Directory,
            ReleaseName = ReleaseName(chart),
            Namespace = chart.Namespace.Length == 0 ? "default" : chart.Namespace,
            KubeVersion = chart.KubeVersion.Length == 0 ? request.KubeVersion : chart.KubeVersion,
            ApiVersions = chart.ApiVersions.Count == 0 ? request.ApiVersions : chart.ApiVersions,
            Helm = new HelmOptions
            {
                Values = values,
                IncludeCrds = chart.IncludeCrds,
                NoHooks = chart.SkipHooks,
                SkipTests = chart.SkipTests,
            },
        };
    }

    private string ReleaseName(HelmChartSpec chart)
    {
        if (chart.NameTemplate.Length == 0)
        {
            return chart.ReleaseName.Length == 0 ? "release-name" : chart.ReleaseName;
        }

        if (chart.ReleaseName.Length > 0)
        {
            throw new RenderException($"chart '{chart.Name}': cannot set nameTemplate and also releaseName");
        }

        try
        {
            TemplateSet set = new(NameFunctions);
            StringBuilder name = new();
            set.Parse("name-template", chart.NameTemplate);
            set.Execute("name-template", Node.Null, name, new TemplateRun(NameFunctions, session.Files.Cancellation));
            return name.ToString();
        }
        catch (TemplateException error)
        {
            throw new RenderException($"nameTemplate of chart '{chart.Name}': {error.Message}", inner: error);
        }
    }
}
