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
    private static readonly ImmutableDictionary<string, TemplateTree?> NoChanges =
        ImmutableDictionary.Create<string, TemplateTree?>(StringComparer.Ordinal);

    private readonly FrozenSet<string> functions;
    private readonly ParseCache? cache;
    private readonly string rootName;

    /// <summary>Written only while no clone shares it.</summary>
    private readonly Dictionary<string, TemplateTree> templates;

    /// <summary>What has been parsed since there are clones; null for what is gone.</summary>
    private ImmutableDictionary<string, TemplateTree?> changes;

    private bool isShared;

    /// <param name="functions">The names that templates may use, Go's builtins aside; the run brings the functions themselves.</param>
    /// <param name="rootName">What the error for a missing template calls the set (Helm: <c>gotpl</c>).</param>
    public TemplateSet(FunctionTable functions, ParseCache? cache = null, string rootName = "gotpl")
        : this(functions.Names, cache, rootName, new Dictionary<string, TemplateTree>(StringComparer.Ordinal), NoChanges)
    {
    }

    private TemplateSet(FrozenSet<string> functions, ParseCache? cache, string rootName, Dictionary<string, TemplateTree> templates, ImmutableDictionary<string, TemplateTree?> changes)
    {
        this.functions = functions;
        this.cache = cache;
        this.rootName = rootName;
        this.templates = templates;
        this.changes = changes;
    }

    public IEnumerable<string> Names => templates.Keys.Union(changes.Keys, StringComparer.Ordinal).Where(Contains);

    /// <summary>The delimiters of texts parsed from now on.</summary>
    public (string Left, string Right) Delimiters { get; init; } = ("{{", "}}");

    public bool Contains(string name) => Find(name) is not null;

    /// <summary>Parses a text and adds it and everything it defines; a later definition replaces an earlier one unless it is empty.</summary>
    /// <exception cref="TemplateException">The text is not a template.</exception>
    public void Parse(string name, string text)
    {
        IReadOnlyCollection<TemplateTree> trees = cache is not null && Delimiters == ("{{", "}}")
            ? cache.Parse(name, text, functions)
            : Parser.Parse(name, text, functions, Delimiters.Left, Delimiters.Right);
        foreach (TemplateTree tree in trees)
        {
            if (!tree.Root.IsEmpty || !Contains(tree.Name))
            {
                Put(tree.Name, tree);
            }
        }
    }

    public TemplateSet Clone()
    {
        isShared = true;
        return new TemplateSet(functions, cache, rootName, templates, changes) { Delimiters = Delimiters, isShared = true };
    }

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
        Forget(name);
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
                Put(name, before);
            }
        }

        return output.ToString();
    }

    internal TemplateTree? Find(string name) => changes.TryGetValue(name, out TemplateTree? changed) ? changed : templates.GetValueOrDefault(name);

    private void Forget(string name)
    {
        if (isShared)
        {
            changes = changes.SetItem(name, null);
        }
        else
        {
            templates.Remove(name);
        }
    }

    private void Put(string name, TemplateTree tree)
    {
        if (isShared)
        {
            changes = changes.SetItem(name, tree);
        }
        else
        {
            templates[name] = tree;
        }
    }
}
