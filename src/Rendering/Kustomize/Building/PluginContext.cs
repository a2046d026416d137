using System.Text;
using Bowline.Rendering.Kustomize.Declared;
using Bowline.Rendering.Kustomize.Files;
using Bowline.Rendering.Kustomize.Objects;
using Bowline.Rendering.Requests;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;

namespace Bowline.Rendering.Kustomize.Building;

/// <summary>What configured generators and transformers need of the kustomization that lists them.</summary>
internal sealed record PluginContext(BuildSession Session, DirectoryLoader Loader, Kustomization Kustomization)
{
    private const string FunctionAnnotation = "config.kubernetes.io/function";
    private const string OldFunctionAnnotation = "config.k8s.io/function";

    /// <summary>An entry that is itself a manifest; null when it reads as a path.</summary>
    public static List<BuildObject>? TryInline(string entry, string file, BuildSession session)
    {
        if (!entry.Contains(':', StringComparison.Ordinal) || RemoteReference.Parse(entry) is not null)
        {
            return null;
        }

        try
        {
            return ObjectReader.Read(Encoding.UTF8.GetBytes(entry), file, session.Files.Parsed);
        }
        catch (RenderException)
        {
            return null;
        }
    }

    /// <exception cref="RenderException">The configuration asks for a program, a container or a Go plugin.</exception>
    public static DeclaredMap Builtin(BuildObject config, bool looseText = false)
    {
        if (config.Annotations.ContainsKey(FunctionAnnotation) || config.Annotations.ContainsKey(OldFunctionAnnotation))
        {
            throw Refused(config, "is a function, and running containers or programs while rendering would make the result depend on more than the source");
        }

        if (config.ApiVersion != "builtin")
        {
            throw Refused(config, "external plugins disabled; unable to load external plugin, since rendering runs no programs");
        }

        return new DeclaredMap((MapNode)ScalarText.Plain(config.Root.DeepClone()), config.Source?.File ?? string.Empty, strict: false, looseText: looseText);
    }

    public static RenderException Refused(BuildObject config, string reason) =>
        new($"plugin '{config.KindName}' ({config.Id}): {reason}", config.Source?.File ?? string.Empty, config.Source?.Line ?? 0);

    /// <summary>Replacements with those that lie in files of their own put in place.</summary>
    public IReadOnlyList<ReplacementSpec> Replacements(IReadOnlyList<ReplacementSpec> declared)
    {
        List<ReplacementSpec> all = [];
        foreach (ReplacementSpec spec in declared)
        {
            if (spec.Path.Length == 0)
            {
                all.Add(spec);
                continue;
            }

            if (spec.Source is not null || spec.Targets is not null)
            {
                throw new RenderException("cannot specify both path and inline replacement", Kustomization.File);
            }

            all.AddRange(FromFile(spec.Path));
        }

        return all;
    }

    private IReadOnlyList<ReplacementSpec> FromFile(string path)
    {
        byte[] content = Loader.Read(path, out string file);
        try
        {
            Node root = YamlReader.Read(content, YamlReadOptions.Kubernetes with { FileName = file });
            MapNode holder = root switch
            {
                ListNode => new MapNode { ["replacements"] = root },
                MapNode map => new MapNode { ["replacements"] = new ListNode(map) },
                _ => throw new RenderException("unsupported replacement type encountered within replacement path", file),
            };
            return new DeclaredMap(holder, file, strict: false).Structs("replacements", SpecReader.Replacement);
        }
        catch (YamlException error)
        {
            throw new RenderException(error.Reason, file, error.Line, error.Column, error);
        }
    }
}
