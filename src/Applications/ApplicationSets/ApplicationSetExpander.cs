using Bowline.Applications.ApplicationSets.Generators;
using Bowline.Applications.ApplicationSets.Templates;
using Bowline.Languages.GoTemplates.Evaluating;
using Bowline.Resources.Model;
using ApplicationException = Bowline.Applications.Model.ApplicationException;

namespace Bowline.Applications.ApplicationSets;

/// <summary>
/// Argo CD's <c>ApplicationSet</c> (argoproj.io/v1alpha1): generators give sets of parameters, a template makes an application of each.
/// A generator or an element that fails is told of and leaves the others.
/// </summary>
public sealed class ApplicationSetExpander(GeneratorSources sources)
{
    private readonly GeneratorRegistry generators = new();
    private readonly ParseCache parsed = new();

    /// <param name="set">The manifest.</param>
    public async Task<Expansion> ExpandAsync(MapNode set, CancellationToken cancellationToken)
    {
        string name = set.At("metadata", "name")?.AsString() ?? string.Empty;
        List<ExpansionProblem> problems = [];
        Dictionary<string, MapNode> applications = new(StringComparer.Ordinal);
        List<GitQuery> repositories = [];
        if (set["spec"] is not MapNode spec)
        {
            return new Expansion([], [new ExpansionProblem(ExpansionStage.Validating, $"ApplicationSet {name} has no spec")]);
        }

        try
        {
            MapNode template = spec["template"] as MapNode ?? new MapNode();
            string @namespace = set.At("metadata", "namespace")?.AsString() ?? string.Empty;
            GeneratorRun run = new(name, ProjectOf(template, @namespace), LanguageOf(spec), sources.Beside(@namespace) with { OpenGitAsync = (query, token) => OpenAsync(query, repositories, token) });
            ApplicationTemplate renderer = new(run.Language, spec["templatePatch"]?.AsString(), spec.At("syncPolicy", "preserveResourcesOnDeletion")?.AsBool() != true, @namespace);
            int elements = 0;
            foreach (Node entry in spec["generators"] as ListNode ?? [])
            {
                foreach ((MapNode? own, IReadOnlyList<MapNode> parameters) in await GenerateAsync(entry, run, problems, cancellationToken).ConfigureAwait(false))
                {
                    MapNode merged = TemplateTree.Overlay(own, template);
                    elements += parameters.Count;
                    GeneratorRun.CheckCount(elements);
                    foreach (MapNode element in parameters)
                    {
                        Add(name, merged, element, renderer, applications, problems, cancellationToken);
                    }
                }
            }
        }
        catch (ApplicationException unusable)
        {
            problems.Add(new ExpansionProblem(ExpansionStage.Rendering, unusable.Message));
        }
        catch (GeneratorException tooMany)
        {
            problems.Add(new ExpansionProblem(ExpansionStage.Generating, tooMany.Message));
        }

        return new Expansion([.. applications.Values], problems) { RequeueAfter = generators.RequeueAfter(spec["generators"]), Repositories = repositories };
    }

    private async Task<IReadOnlyList<(MapNode? Template, IReadOnlyList<MapNode> Parameters)>> GenerateAsync(Node entry, GeneratorRun run, List<ExpansionProblem> problems, CancellationToken cancellationToken)
    {
        try
        {
            return await generators.GenerateAsync(entry, run, cancellationToken).ConfigureAwait(false);
        }
        catch (GeneratorException failed)
        {
            problems.Add(new ExpansionProblem(ExpansionStage.Generating, failed.Message, failed.RetryAfter));
        }
        catch (ApplicationException failed)
        {
            // A template in the values of a generator.
            problems.Add(new ExpansionProblem(ExpansionStage.Generating, failed.Message));
        }

        return [];
    }

    private static void Add(string set, MapNode template, MapNode element, ApplicationTemplate renderer, Dictionary<string, MapNode> applications, List<ExpansionProblem> problems, CancellationToken cancellationToken)
    {
        MapNode application;
        try
        {
            application = renderer.Render(template, element, cancellationToken);
        }
        catch (ApplicationException broken)
        {
            problems.Add(new ExpansionProblem(ExpansionStage.Rendering, broken.Message));
            return;
        }

        string name = Parameters.Text(application.At("metadata", "name"));
        if (!Naming.IsName(name))
        {
            problems.Add(new ExpansionProblem(ExpansionStage.Validating, $"application name \"{(name.Length > Naming.LongestName ? name[..Naming.LongestName] + "…" : name)}\" is no DNS subdomain of at most {Naming.LongestName} lower-case letters, digits, dashes and dots"));
        }
        else if (!applications.TryAdd(name, application))
        {
            problems.Add(new ExpansionProblem(ExpansionStage.Validating, $"ApplicationSet {set} contains applications with duplicate name: {name}"));
        }
    }

    private ITemplateLanguage LanguageOf(MapNode spec) => spec["goTemplate"]?.AsBool() == true
        ? new GoTemplateLanguage((spec["goTemplateOptions"] as ListNode ?? []).Select(option => Parameters.Text(option)), parsed, sources.Time)
        : new FastTemplate();

    /// <summary>A project that is itself a template is not known before its parameters are, and one that does not permit the set's namespace is not the set's: then only credentials of no project may be used.</summary>
    private string ProjectOf(MapNode template, string @namespace) =>
        Parameters.Text(template.At("spec", "project")) is var project && (project.Contains("{{", StringComparison.Ordinal) || !sources.Permits(@namespace, project)) ? string.Empty : project;

    private async Task<Sources.Files.FileTree> OpenAsync(GitQuery query, List<GitQuery> repositories, CancellationToken cancellationToken)
    {
        repositories.Add(query);
        return await sources.OpenGitAsync(query, cancellationToken).ConfigureAwait(false);
    }
}
