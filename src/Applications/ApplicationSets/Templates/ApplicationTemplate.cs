using Bowline.Resources.Model;
using Bowline.Resources.Patching;
using Bowline.Resources.Yaml;
using ApplicationException = Bowline.Applications.Model.ApplicationException;

namespace Bowline.Applications.ApplicationSets.Templates;

/// <summary>Makes one Application of a set's template and one set of parameters.</summary>
/// <param name="patch">The set's <c>templatePatch</c>, a text in the set's language; null when it has none.</param>
/// <param name="cascades">Whether an application whose template names no finalizer takes its objects along when it is deleted.</param>
/// <param name="namespace">The set's own: an application never lives in another one.</param>
internal sealed class ApplicationTemplate(ITemplateLanguage language, string? patch, bool cascades, string @namespace)
{
    public const string ResourcesFinalizer = "resources-finalizer.argocd.argoproj.io";
    private static readonly string[] Members = ["labels", "annotations", "finalizers"];

    /// <exception cref="ApplicationException">A text cannot be rendered, or what it renders to is no application.</exception>
    public MapNode Render(MapNode template, MapNode parameters, CancellationToken cancellationToken)
    {
        Func<string, string> render = language.With(parameters, cancellationToken);
        MapNode rendered = parameters.Count == 0 ? template : (MapNode)TemplateTree.Render(template, render);
        MapNode application = Assemble(rendered);
        if (cascades && application.At("metadata", "finalizers") is not ListNode { Count: > 0 })
        {
            application.EnsureMap("metadata").Set("finalizers", new ListNode(StringNode.Of(ResourcesFinalizer)));
        }

        return patch is null ? application : Patch(application, render(patch));
    }

    /// <summary>Of a template's metadata only these count, whatever else is written there.</summary>
    private MapNode Assemble(MapNode rendered)
    {
        MapNode metadata = new() { ["name"] = rendered.At("metadata", "name") ?? StringNode.Empty, ["namespace"] = @namespace };
        foreach (string member in Members)
        {
            if (rendered.At("metadata", member) is { IsNull: false } value)
            {
                metadata.Set(member, value.DeepClone());
            }
        }

        return new MapNode
        {
            ["apiVersion"] = "argoproj.io/v1alpha1",
            ["kind"] = "Application",
            ["metadata"] = metadata,
            ["spec"] = (rendered["spec"] ?? new MapNode()).DeepClone(),
        };
    }

    private MapNode Patch(MapNode application, string text)
    {
        MapNode change = ReadPatch(text);
        MapNode patched;
        try
        {
            patched = StrategicMergePatch.Apply(application, change, schema: null);
        }
        catch (PatchException refused)
        {
            throw new ApplicationException($"error while applying templatePatch: {refused.Message}", refused);
        }

        // Lists are replaced, but for the finalizers, which the type of every object says are merged.
        if (application.At("metadata", "finalizers") is ListNode before && change.At("metadata", "finalizers") is ListNode added)
        {
            patched.EnsureMap("metadata").Set("finalizers", new ListNode(before.Concat(added).DistinctBy(name => name.AsString())));
        }

        MapNode assembled = Assemble(patched);
        if (application.At("spec", "project") is { } project)
        {
            // Whoever may write a patch's parameters must not move an application into a project with more rights.
            assembled.EnsureMap("spec").Set("project", project);
        }

        return assembled;
    }

    private static MapNode ReadPatch(string text)
    {
        try
        {
            return YamlReader.Read(text, YamlReadOptions.Kubernetes with { FileName = "templatePatch" }) switch
            {
                MapNode map => map,
                NullNode => new MapNode(),
                _ => throw new ApplicationException("invalid templatePatch: it renders to something that is no map"),
            };
        }
        catch (YamlException broken)
        {
            throw new ApplicationException($"invalid templatePatch: {broken.Message}", broken);
        }
    }
}
