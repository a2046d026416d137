using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Text;
using Bowline.Languages.GoTemplates.Parsing;
using Bowline.Languages.GoTemplates.Values;
using Bowline.Resources.Model;

namespace Bowline.Languages.GoTemplates.Evaluating;

/// <summary>
/// Templates that can call each other by name. Parsed trees are immutable and shared: a clone costs nothing and what is
/// parsed into it stays in it, as with Go's <c>Clone</c>. Executing does not change the set.
/// </summary>
public sealed class TemplateSet
{
    private static readonly ImmutableDictionary<string, TemplateTree> NoTemplates =
        ImmutableDictionary.Create<string, TemplateTree>(StringComparer.Ordinal);

    private readonly FrozenSet<string> functions;
    private readonly ParseCache? cache;
    private readonly string rootName;
    private ImmutableDictionary<string, TemplateTree> templates;

    /// <param name="functions">The names that templates may use, Go's builtins aside; the run brings the functions themselves.</param>
    /// <param name="rootName">What the error for a missing template calls the set (Helm: <c>gotpl</c>).</param>
    public TemplateSet(FunctionTable functions, ParseCache? cache = null, string rootName = "gotpl")
        : this(functions.Names, cache, rootName, NoTemplates)
    {
    }

    private TemplateSet(FrozenSet<string> functions, ParseCache? cache, string rootName, ImmutableDictionary<string, TemplateTree> templates)
    {
        this.functions = functions;
        this.cache = cache;
        this.rootName = rootName;
        this.templates = templates;
    }

    public IEnumerable<string> Names => templates.Keys;

    /// <summary>The delimiters of texts parsed from now on.</summary>
    public (string Left, string Right) Delimiters { get; init; } = ("{{", "}}");

    public bool Contains(string name) => templates.ContainsKey(name);

    /// <summary>Parses a text and adds it and everything it defines; a later definition replaces an earlier one unless it is empty.</summary>
    /// <exception cref="TemplateException">The text is not a template.</exception>
    public void Parse(string name, string text)
    {
        IReadOnlyCollection<TemplateTree> trees = cache is not null && Delimiters == ("{{", "}}")
            ? cache.Parse(name, text, functions)
            : Parser.Parse(name, text, functions, Delimiters.Left, Delimiters.Right);
        foreach (TemplateTree tree in trees)
        {
            if (!tree.Root.IsEmpty || !templates.ContainsKey(tree.Name))
            {
                templates = templates.SetItem(tree.Name, tree);
            }
        }
    }

    public TemplateSet Clone() => new(functions, cache, rootName, templates) { Delimiters = Delimiters };

    /// <exception cref="TemplateException">The template failed, reached a limit of the run, or none has this name.</exception>
    /// <exception cref="OperationCanceledException">The run was cancelled.</exception>
    public void Execute(string name, Node data, StringBuilder output, TemplateRun run)
    {
        run.Cancellation.ThrowIfCancellationRequested();
        if (Find(name) is not { } tree)
        {
            string reason = $"no template {GoText.Quote(name)} associated with template {GoText.Quote(rootName)}";
            throw new TemplateException($"template: {reason}", reason, [new TemplateFrame(name, 0, -1)], false);
        }

        new Evaluator(this, tree, run, output).Execute(data is NullNode ? Value.None : Value.Of(data));
    }

    public string Execute(string name, Node data, TemplateRun run)
    {
        StringBuilder output = new();
        Execute(name, data, output, run);
        return output.ToString();
    }

    /// <summary>Parses a text into this set and executes that very text, even where it is blank and so replaces nothing (Helm's <c>tpl</c>).</summary>
    /// <param name="parsed">Called between the two, for callers that tell their errors apart.</param>
    public string ExecuteText(string name, string text, Node data, TemplateRun run, Action? parsed = null)
    {
        TemplateTree? before = Find(name);
        templates = templates.Remove(name);
        Parse(name, text);
        parsed?.Invoke();
        StringBuilder output = new();
        try
        {
            Execute(name, data, output, run);
        }
        finally
        {
            if (before is not null && Find(name) is { Root.IsEmpty: true })
            {
                templates = templates.SetItem(name, before);
            }
        }

        return output.ToString();
    }

    internal TemplateTree? Find(string name) => templates.GetValueOrDefault(name);
}
