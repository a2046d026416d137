using Bowline.Rendering.Kustomize.Files;
using Bowline.Rendering.Kustomize.Merging;
using Bowline.Rendering.Requests;

namespace Bowline.Rendering.Kustomize.Building;

/// <summary>What all kustomizations of one build share.</summary>
internal sealed class BuildSession(RenderRequest request, BuildFiles files, IRenderer? helm)
{
    private bool hasSchema;

    public RenderRequest Request { get; } = request;

    public BuildFiles Files { get; } = files;

    /// <summary>Renders charts; null where there is nothing that could.</summary>
    public IRenderer? Helm { get; } = helm;

    public KindTable Kinds { get; private set; } = KindTable.BuiltIn;

    public List<string> Warnings { get; } = [];

    /// <summary>Whether the kustomization that is built asks for metadata of its objects.</summary>
    public bool TracksOrigins { get; set; }

    /// <summary>
    /// Whether the build has looked into the schema, as it does for a kind that is not Kubernetes' own and for a merge: a schema
    /// that a base brings after that joins the built-in one, before it takes its place.
    /// </summary>
    public bool IsSchemaRead { get; set; }

    /// <summary>The first kustomization that brings a schema decides for the whole build.</summary>
    public void UseSchema(IReadOnlyList<KeyValuePair<string, string>> openApi, DirectoryLoader loader, string file)
    {
        string? path = openApi.FirstOrDefault(pair => pair.Key == "path").Value;
        string? version = openApi.FirstOrDefault(pair => pair.Key == "version").Value;
        byte[]? content = path is null ? null : loader.Read(path, out _);
        if (hasSchema)
        {
            return;
        }

        if (content is not null && version is not null)
        {
            throw new RenderException("builtin version and custom schema provided, cannot use both", file);
        }

        if (version is { Length: > 0 } && version != OpenApiSchema.BuiltInVersion)
        {
            throw new RenderException($"the specified OpenAPI version '{version}' is not built in", file);
        }

        if (content is not null)
        {
            KindTable own = OpenApiSchema.Read(content, path!);
            Kinds = IsSchemaRead ? own.Over(Kinds) : own;
        }

        hasSchema = content is not null || version is { Length: > 0 };
    }
}
