using Bowline.Languages.GoTemplates.Evaluating;
using Bowline.Languages.GoTemplates.Parsing;
using Bowline.Languages.GoTemplates.Values;
using Bowline.Rendering.Helm.Charts;
using Bowline.Resources.Model;

namespace Bowline.Rendering.Helm.Functions;

/// <summary>What <c>include</c>, <c>tpl</c> and <c>lookup</c> need to know about the render they run in.</summary>
internal sealed class RenderState(TemplateSet templates, Func<string, string, string, string, Node?>? lookup)
{
    private const int MaxNestedReferences = 1000;

    private readonly Dictionary<string, int> included = new(StringComparer.Ordinal);
    private TemplateSet current = templates;
    private int nestedTexts;

    public static RenderState Of(TemplateRun run) => (RenderState)run.State!;

    public string Include(string name, Node data, TemplateRun run)
    {
        included.TryGetValue(name, out int nested);
        if (nested > MaxNestedReferences)
        {
            throw new GoError($"rendering template has a nested reference name: {name}: unable to execute template");
        }

        included[name] = nested + 1;
        try
        {
            return current.Execute(name, data, run);
        }
        finally
        {
            included[name]--;
        }
    }

    /// <summary>Executes a text in a clone of the templates around it: what it defines is gone afterwards.</summary>
    public string Tpl(string text, Node data, TemplateRun run)
    {
        // Helm has no limit here: a text that gives itself to tpl exhausts its stack.
        if (nestedTexts >= MaxNestedReferences)
        {
            throw new GoError($"tpl nests deeper than {MaxNestedReferences} levels");
        }

        nestedTexts++;
        TemplateSet outer = current;
        current = outer.Clone();
        bool parsed = false;
        TemplateException? failure;
        try
        {
            return WithoutMissing(current.ExecuteText("gotpl", text, data, run, () => parsed = true));
        }
        catch (TemplateException error)
        {
            failure = error;
        }
        finally
        {
            current = outer;
            nestedTexts--;
        }

        // Not thrown from the handler: handlers that throw stay on the stack, and tpl nests deeply.
        string words = parsed ? "error during tpl function execution for" : "cannot parse template";
        throw new TemplateException($"{words} {GoText.Quote(text)}: {failure.Message}", failure.Reason, failure.Frames, failure.IsParseError, failure);
    }

    public Node Lookup(string apiVersion, string kind, string space, string name) => lookup?.Invoke(apiVersion, kind, space, name) ?? new MapNode();

    /// <summary>Helm takes out what Go prints for missing values.</summary>
    public static string WithoutMissing(string text) => text.Replace("<no value>", string.Empty, StringComparison.Ordinal);
}
