using Bowline.Languages.GoTemplates.Evaluating;
using Bowline.Languages.GoTemplates.Parsing;
using Bowline.Languages.GoTemplates.Values;
using Bowline.Resources.Model;
using ApplicationException = Bowline.Applications.Model.ApplicationException;

namespace Bowline.Applications.ApplicationSets.Templates;

/// <summary>Go templates with Sprig, the language of sets with <c>goTemplate: true</c>. Each text is a template of its own.</summary>
internal sealed class GoTemplateLanguage : ITemplateLanguage
{
    private const int QuotedText = 200;

    /// <summary>A set is written by people who may not be the operators: what one application's texts may use up is little.</summary>
    private static readonly TemplateLimits Limits = new()
    {
        MaxAllocatedBytes = 64 * 1024 * 1024,
        MaxOutput = FastTemplate.LongestText,
        MaxDepth = 1000,
        MaxSteps = 5_000_000,
    };

    private readonly ParseCache cache;
    private readonly TimeProvider time;
    private readonly MissingKey missingKey;

    /// <param name="options">As <c>goTemplateOptions</c> lists them.</param>
    /// <exception cref="ApplicationException">An option that Go's templates do not have.</exception>
    public GoTemplateLanguage(IEnumerable<string> options, ParseCache cache, TimeProvider time)
    {
        this.cache = cache;
        this.time = time;
        foreach (string option in options)
        {
            missingKey = option switch
            {
                "missingkey=default" or "missingkey=invalid" => MissingKey.Default,
                "missingkey=zero" => MissingKey.Zero,
                "missingkey=error" => MissingKey.Error,
                _ => throw new ApplicationException($"goTemplateOptions: unrecognized option: {option}"),
            };
        }
    }

    public bool IsStructured => true;

    public Func<string, string> With(MapNode parameters, CancellationToken cancellationToken)
    {
        // Functions such as Sprig's set change what they are given.
        Node data = parameters.DeepClone();
        TemplateRun run = new(SetFunctions.Table, cancellationToken) { Limits = Limits, MissingKey = missingKey, Clock = time };
        return text => Render(text, data, run);
    }

    private string Render(string text, Node data, TemplateRun run)
    {
        if (!text.Contains("{{", StringComparison.Ordinal))
        {
            return text;
        }

        try
        {
            TemplateSet set = new(SetFunctions.Table, cache, string.Empty);
            set.Parse(string.Empty, text);
            return set.Execute(string.Empty, data, run);
        }
        catch (TemplateException broken)
        {
            throw new ApplicationException($"failed to {(broken.IsParseError ? "parse template" : "execute go template")} {Quote(text)}: {broken.Message}", broken);
        }
        catch (TemplateLimitException limit)
        {
            throw new ApplicationException($"failed to execute go template {Quote(text)}: {limit.Message}", limit);
        }
    }

    private static string Quote(string text) => text.Length <= QuotedText ? text : text[..QuotedText] + "…";
}
