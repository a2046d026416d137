using System.Text.RegularExpressions;
using Bowline.Languages.GoTemplates.Evaluating;
using Bowline.Languages.GoTemplates.Parsing;
using Bowline.Languages.GoTemplates.Values;
using Bowline.Rendering.Helm.Charts;
using Bowline.Rendering.Helm.Functions;
using Bowline.Rendering.Helm.Manifests;
using Bowline.Rendering.Helm.Schemas;
using Bowline.Rendering.Helm.Values;
using Bowline.Rendering.Requests;
using Bowline.Resources.Model;
using Bowline.Sources.Files;

namespace Bowline.Rendering.Helm;

/// <summary>One render, step by step in the order in which Helm takes them, since the first error ends it.</summary>
internal sealed partial class HelmRun(RenderRequest request, ChartCache charts, ParseCache parsed, ValuesSchemas schemas, CancellationToken cancellationToken)
{
    private const int MaxNameLength = 53;

    /// <summary>A large chart takes a million steps; this many take seconds.</summary>
    private static readonly TemplateLimits Limits = TemplateLimits.Default with { MaxSteps = 40_000_000 };

    private readonly List<string> warnings = [];
    private readonly HashSet<string> filesRead = new(StringComparer.Ordinal);

    private string ChartYaml => TreePath.Join(TreePath.Clean(request.Path), "Chart.yaml");

    public RenderResult Render()
    {
        string kubeVersion = CapabilitiesObject.Normalize(request.KubeVersion);
        MapNode given = new GivenValues(request, new NotingTree(request.Files, filesRead)).Read();
        ChartInstance chart = ChartInstance.Of(Load());
        RequireInstallable(chart);
        if (chart.Metadata.Deprecated)
        {
            warnings.Add("This chart is deprecated");
        }

        RequireReleaseName();
        ValueMerging merging = new(warnings);
        new DependencyProcessing(merging, warnings).Process(chart, given);
        MapNode values = merging.Coalesce(chart, given);
        if (!request.Helm.SkipSchemaValidation)
        {
            schemas.Validate(chart, values);
        }

        if (chart.Metadata.KubeVersion.Length > 0 && !ChartVersions.IsCompatible(chart.Metadata.KubeVersion, kubeVersion))
        {
            throw new ChartException($"chart requires kubeVersion: {chart.Metadata.KubeVersion} which is incompatible with Kubernetes {kubeVersion}", ChartYaml);
        }

        IReadOnlyList<ChartTemplate> all = TemplateData.Templates(chart, values, Release(), CapabilitiesObject.Of(kubeVersion, request.ApiVersions));
        return Collect(chart, all, Execute(all));
    }

    private void RequireInstallable(ChartInstance chart)
    {
        if (chart.Metadata.Type is not ("" or "application"))
        {
            throw new ChartException($"{chart.Metadata.Type} charts are not installable", ChartYaml);
        }

        if (DependencyProcessing.Missing(chart) is { Length: > 0 } missing)
        {
            throw new ChartException(
                "An error occurred while checking for chart dependencies. You may need to run `helm dependency build` to fetch missing dependencies: "
                + $"found in Chart.yaml, but missing in charts/ directory: {string.Join(", ", missing)}",
                ChartYaml) { LacksDependencies = true };
        }
    }

    private Chart Load()
    {
        string path = TreePath.Clean(request.Path);
        if (path.EndsWith(".tgz", StringComparison.Ordinal) && request.Files.FileExists(path))
        {
            filesRead.Add(path);
            byte[] archive = request.Files.Read(path);
            return Remember([new ChartFile(string.Empty, path, archive)], () => ChartAssembler.AssembleArchive(archive, path, nesting: 0));
        }

        if (!request.Files.DirectoryExists(path))
        {
            throw new ChartException($"path {GoText.Quote(path)} not found", path);
        }

        IReadOnlyList<ChartFile> files = ChartReader.ReadDirectory(request.Files, path, cancellationToken);
        filesRead.UnionWith(files.Select(file => file.Path));
        return Remember(files, () => ChartAssembler.Assemble(files));
    }

    private Chart Remember(IReadOnlyList<ChartFile> files, Func<Chart> assemble)
    {
        Chart chart = charts.GetOrAdd(files, assemble);
        warnings.AddRange(chart.Warnings);
        return chart;
    }

    private void RequireReleaseName()
    {
        if (request.ReleaseName.Length == 0)
        {
            throw new ChartException("release name \"\": no name provided");
        }

        if (request.ReleaseName.Length > MaxNameLength || !NameFormat().IsMatch(request.ReleaseName))
        {
            throw new ChartException(
                $"release name {GoText.Quote(request.ReleaseName)}: invalid release name, must match regex "
                + @"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$ and the length must not be longer than 53");
        }
    }

    private MapNode Release() => new()
    {
        ["Name"] = request.ReleaseName,
        ["Namespace"] = request.Namespace,
        ["IsUpgrade"] = request.Helm.IsUpgrade,
        ["IsInstall"] = !request.Helm.IsUpgrade,
        ["Revision"] = GoInteger.Int(1),
        ["Service"] = "Helm",
    };

    private Dictionary<string, string> Execute(IReadOnlyList<ChartTemplate> all)
    {
        TemplateSet set = new(HelmFunctions.Table, parsed);
        TemplateErrors errors = new(all);
        foreach (ChartTemplate template in all)
        {
            try
            {
                set.Parse(template.Name, template.File.Text);
            }
            catch (TemplateException error)
            {
                throw errors.OfParsing(template, error);
            }
        }

        TemplateRun run = new(HelmFunctions.Table, cancellationToken)
        {
            MissingKey = MissingKey.Zero,
            State = new RenderState(set, request.Lookup),
            Limits = Limits,
        };
        Dictionary<string, string> rendered = new(StringComparer.Ordinal);
        foreach (ChartTemplate template in all.Where(template => !template.IsPartial))
        {
            template.Data["Template"] = ValuesObject.Of(new MapNode { ["Name"] = template.Name, ["BasePath"] = template.BasePath });
            try
            {
                rendered[template.Name] = RenderState.WithoutMissing(set.Execute(template.Name, ValuesObject.Of(template.Data), run));
            }
            catch (TemplateException error)
            {
                throw errors.OfExecution(template, error);
            }
        }

        return rendered;
    }

    private RenderResult Collect(ChartInstance chart, IReadOnlyList<ChartTemplate> all, Dictionary<string, string> rendered)
    {
        const string NotesName = "NOTES.txt";
        string? notes = rendered.GetValueOrDefault($"{chart.Name}/templates/{NotesName}");
        ManifestSet set = Sorted(all, rendered.Where(file => !file.Key.EndsWith(NotesName, StringComparison.Ordinal)));
        RenderedRelease release = new(chart, set, request.Helm, all.ToDictionary(template => template.Name, template => template.File, StringComparer.Ordinal));
        return new RenderResult(release.Resources(), filesRead)
        {
            Text = release.Text(),
            Unreadable = release.Unreadable,
            Hooks = release.Hooks(),
            Warnings = warnings,
            Notes = notes,
        };
    }

    private ManifestSet Sorted(IReadOnlyList<ChartTemplate> all, IEnumerable<KeyValuePair<string, string>> rendered)
    {
        try
        {
            return ManifestSet.Of(rendered, warnings);
        }
        catch (ChartException error) when (all.FirstOrDefault(template => error.Message.StartsWith($"YAML parse error on {template.Name}:", StringComparison.Ordinal)) is { } template)
        {
            // The line is one of the output, which the template does not have.
            throw new ChartException(error.Message, template.File.Path, inner: error) { SourceLine = error.SourceLine };
        }
    }

    [GeneratedRegex(@"\A[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\z", RegexOptions.CultureInvariant)]
    private static partial Regex NameFormat();
}
