using Bowline.EmbeddedCluster.Kinds;
using Bowline.EmbeddedCluster.Validation;
using Bowline.Resources.Json;
using Bowline.Resources.Merging;
using Bowline.Resources.Model;
using Bowline.Resources.Schemas;

namespace Bowline.EmbeddedCluster.ApiServer;

/// <summary>Writes replica counts through the scale subresource, whose field managers are those of the count alone.</summary>
internal sealed class ScaleService(ResourceService service)
{
    private const string Version = "autoscaling/v1";
    private static readonly ResourceKind Kind = new("autoscaling", "v1", "Scale");
    private static readonly Schema? ScaleSchema = KubernetesKinds.SchemaOf("io.k8s.api.autoscaling.v1.Scale");

    /// <summary>The kind that tables of a Scale are printed as.</summary>
    public static ServedKind ServedAs { get; } = new(Kind, "scales", "scale", namespaced: true);

    public static MapNode Get(ServedKind kind, MapNode node) =>
        kind.Custom is null || node.At(ScaleView.ReplicasPath(kind)) is not null
            ? ScaleView.Of(kind, node)
            : throw ApiErrors.InternalError($"the spec replicas field \"{kind.Custom.Scale?["specReplicasPath"]?.AsString()}\" does not exist");

    public Task<MapNode> UpdateAsync(ServedKind kind, string @namespace, string name, MapNode body, WriteContext context) =>
        PatchAsync(kind, @namespace, name, _ => (MapNode)body.DeepClone(), context);

    /// <param name="patch">Makes the next Scale from the one of the live object.</param>
    public Task<MapNode> PatchAsync(ServedKind kind, string @namespace, string name, Func<MapNode, MapNode> patch, WriteContext context) =>
        ChangeAsync(kind, @namespace, name, context, scale =>
        {
            MapNode next = Decoded(kind, patch(scale));
            CheckName(next, name);
            ObjectMeta.Of(next)["managedFields"] = scale["metadata"]!["managedFields"] ?? new ListNode();
            return ServerSideApply.Update(scale, next, ScaleSchema, Writer(context));
        });

    public Task<MapNode> ApplyAsync(ServedKind kind, string @namespace, string name, MapNode body, WriteContext context) =>
        ChangeAsync(kind, @namespace, name, context, scale =>
        {
            CheckName(body, name);
            try
            {
                ApplyResult applied = ServerSideApply.Apply(scale, (MapNode)body.DeepClone(), ScaleSchema, Writer(context), context.Force);
                return applied.Conflicts.Count == 0 ? applied.Object : throw ResourceService.Conflicts(applied);
            }
            catch (MergeException e)
            {
                throw ApiErrors.Internal(e.Message);
            }
        });

    private async Task<MapNode> ChangeAsync(ServedKind kind, string @namespace, string name, WriteContext context, Func<MapNode, MapNode> change)
    {
        ScaleOwnership ownership = new(kind.Kind.ApiVersion, ScaleView.ReplicasPath(kind));
        ResourceResult result = await service.ChangeAsync(
            kind,
            @namespace,
            name,
            "scale",
            context,
            (live, _) =>
            {
                MapNode scale = ScaleView.Of(kind, live);
                ObjectMeta.Of(scale)["managedFields"] = ownership.ToScale(live);
                MapNode next = change(scale);
                long replicas = next.At("spec", "replicas")?.AsInteger() ?? 0;
                if (kind.Custom is null && replicas < 0)
                {
                    throw ApiErrors.Invalid("autoscaling", "Scale", name, [FieldError.Invalid("spec.replicas", replicas, "must be greater than or equal to 0")]);
                }

                MapNode scaled = ScaleView.Scaled(kind, live, replicas, next);
                ListNode managers = ownership.ToParent(live, next);
                if (managers.Count > 0)
                {
                    ObjectMeta.Of(scaled)["managedFields"] = managers;
                }
                else
                {
                    ObjectMeta.Of(scaled).Remove("managedFields");
                }

                return scaled;
            },
            tracksOwnership: false).ConfigureAwait(false);
        return ScaleView.Of(kind, result.Node);
    }

    private FieldWriter Writer(WriteContext context) => new(context.FieldManager, Version, "scale", service.Time.GetUtcNow());

    private static void CheckName(MapNode body, string name)
    {
        string sent = ObjectMeta.Name(body);
        if (sent.Length > 0 && sent != name)
        {
            throw ApiErrors.BadRequest($"the name of the object ({sent}) does not match the name on the URL ({name})");
        }
    }

    /// <summary>A Scale of the right kind and types; anything else must not be taken for a wish to scale to zero.</summary>
    private static MapNode Decoded(ServedKind kind, MapNode body)
    {
        string sent = body["kind"]?.AsString() ?? "Scale";
        if (sent != "Scale")
        {
            throw ApiErrors.BadRequest($"{sent} in version \"{kind.Kind.Version}\" cannot be handled as a Scale: converting ({kind.Kind.Version}.{sent}) to (autoscaling.Scale): unknown conversion");
        }

        try
        {
            return new ObjectDecoder().Decode(body, TypeTable.Instance.Find(Kind)!);
        }
        catch (DecodeException e)
        {
            throw ApiErrors.Invalid(string.Empty, string.Empty, string.Empty, [FieldError.Invalid("patch", JsonWriter.ToText(body), e.Message)]);
        }
    }
}
