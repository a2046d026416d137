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

/// <summary>Renders charts that lie in the source itself, as <c>helmCharts</c> asks; a build fetches none.</summary>
internal sealed class ChartInflator(BuildSession session, DirectoryLoader loader, HelmGlobalsSpec globals)
{
    private static readonly FunctionTable NameFunctions = SprigFunctions.Table.Without("env", "expandenv");

    private string ChartHome => globals.ChartHome.Length == 0 ? "charts" : globals.ChartHome;

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

        ChartValues values = new(chart, loader, session.Kinds);
        string found = Locate(chart);
        string directory = TreePath.Combine(loader.Root, found);
        if (session.Helm is null)
        {
            throw new RenderException($"chart '{chart.Name}' cannot be rendered: this renderer was given no chart renderer");
        }

        RenderResult result = session.Helm.Render(Request(chart, directory, values.Read(found)), session.Files.Cancellation);
        session.Warnings.AddRange(result.Warnings);
        if (loader.Remote is null)
        {
            foreach (string file in result.FilesRead)
            {
                session.Files.Note(file);
            }
        }

        return Objects(chart, result);
    }

    /// <summary>The output is read like any manifest: lists give way to their items, scalars keep their text until they are printed.</summary>
    private List<BuildObject> Objects(HelmChartSpec chart, RenderResult result)
    {
        List<BuildObject> objects = ObjectReader.Read(Encoding.UTF8.GetBytes(result.Text()), $"output of chart {chart.Name}", session.Files.Parsed);
        bool inStep = objects.Count == result.Resources.Count;
        for (int i = 0; i < objects.Count; i++)
        {
            Origin? origin = inStep ? result.Resources[i].Origin : null;
            objects[i].Source = new Provenance { File = origin?.File ?? string.Empty, Line = origin?.Line ?? 0 };
        }

        return objects;
    }

    /// <summary>The chart's directory, from the kustomization.</summary>
    private string Locate(HelmChartSpec chart)
    {
        bool isPinned = chart.Version.Length > 0 && chart.Repository.Length > 0;
        string pinned = $"{ChartHome}/{chart.Name}-{chart.Version}/{chart.Name}";
        string plain = $"{ChartHome}/{chart.Name}";
        if (isPinned && IsChart(pinned))
        {
            return pinned;
        }

        if (IsChart(plain) && (!isPinned || VersionOf(plain) == chart.Version))
        {
            return plain;
        }

        string home = TreePath.Combine(loader.Root, ChartHome);
        string version = chart.Version.Length == 0 ? string.Empty : $" version {chart.Version}";
        string repository = chart.Repository.Length == 0 ? string.Empty : $" of {RemoteReference.WithoutSecrets(chart.Repository)}";
        throw new RenderException($"chart '{chart.Name}'{version}{repository} is not in '{home}', and a build fetches no charts");
    }

    private bool IsChart(string directory) => loader.IsFile($"{directory}/Chart.yaml");

    private string VersionOf(string directory)
    {
        string file = TreePath.Combine(loader.Root, $"{directory}/Chart.yaml");
        return session.Files.Parsed.Parse(loader.Tree.Read(file), file, isPatch: false) is [{ Root: MapNode metadata }, ..] ? ScalarText.Of(metadata["version"]) : string.Empty;
    }

    private RenderRequest Request(HelmChartSpec chart, string directory, MapNode values)
    {
        RenderRequest request = session.Request;
        return request with
        {
            Files = loader.Tree,
            Path = directory,
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
