using System.Text;
using Bowline.Languages.GoTemplates.Parsing;
using Bowline.Languages.GoTemplates.Values;
using Bowline.Resources.Model;

namespace Bowline.Languages.GoTemplates.Evaluating;

/// <summary>
/// Templates that can call each other by name. Parsed trees are immutable and shared: a clone costs nothing and what is
/// parsed into it stays in it, as with Go's <c>Clone</c>.
/// </summary>
public sealed class TemplateSet
{
    public TemplateSet(FunctionTable functions, ParseCache? cache = null)
    {
    }

    public IEnumerable<string> Names => throw new NotImplementedException();

    public bool Contains(string name) => throw new NotImplementedException();

    /// <summary>Parses a text and adds it and everything it defines; a later definition replaces an earlier one unless it is empty.</summary>
    /// <exception cref="TemplateException">The text is not a template.</exception>
    public void Parse(string name, string text) => throw new NotImplementedException();

    public TemplateSet Clone() => throw new NotImplementedException();

    /// <exception cref="TemplateException">The template failed, or none has this name.</exception>
    /// <exception cref="TemplateLimitException">The run used up one of its limits.</exception>
    /// <exception cref="OperationCanceledException">The run was cancelled.</exception>
    public void Execute(string name, Node data, StringBuilder output, TemplateRun run) => throw new NotImplementedException();

    public string Execute(string name, Node data, TemplateRun run)
    {
        StringBuilder output = new();
        Execute(name, data, output, run);
        return output.ToString();
    }
}
