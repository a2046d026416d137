using Bowline.Cluster.Requests;
using Bowline.EmbeddedCluster.Kinds;
using Bowline.EmbeddedCluster.Validation;
using Bowline.Resources.Json;
using Bowline.Resources.Model;
using Bowline.Resources.Patching;

namespace Bowline.EmbeddedCluster.ApiServer;

/// <summary>Subresources that are not simply the object: scale, binding, eviction, finalize, token.</summary>
internal sealed class SubresourceService(ResourceService service, TokenIssuer tokens)
{
    public MapNode Get(ServedKind kind, string @namespace, string name, string subresource) => subresource switch
    {
        "scale" => ScaleView.Of(kind, service.Get(kind, @namespace, name).Node),
        "finalize" or "approval" or "ephemeralcontainers" or "resize" => service.Get(kind, @namespace, name).Node,
        _ => throw ApiErrors.MethodNotAllowed(kind),
    };

    public async Task<MapNode> UpdateAsync(ServedKind kind, string @namespace, string name, string subresource, MapNode body, WriteContext context)
    {
        switch (subresource)
        {
            case "scale":
                return await ScaleAsync(kind, @namespace, name, body, context).ConfigureAwait(false);
            case "finalize" or "approval" or "ephemeralcontainers" or "resize":
                MapNode decoded = BodyReader.Read(kind, body, context);
                Defaulting.Defaults.Apply(kind, decoded);
                return (await service.ChangeAsync(kind, @namespace, name, subresource, context, (live, _) => View(subresource, live, decoded)).ConfigureAwait(false)).Node;
            default:
                throw ApiErrors.MethodNotAllowed(kind);
        }
    }

    public async Task<MapNode> PatchAsync(ServedKind kind, string @namespace, string name, string subresource, PatchKind patchKind, Node patch, WriteContext context)
    {
        MapNode current = Get(kind, @namespace, name, subresource);
        Node patched;
        try
        {
            patched = patchKind switch
            {
                PatchKind.Json => JsonPatch.Apply(current, patch as ListNode ?? []),
                PatchKind.Merge => MergePatch.Apply(current, patch),
                _ => StrategicMergePatch.Apply(current, patch as MapNode ?? [], subresource == "scale" ? null : kind.Schema),
            };
        }
        catch (PatchException e)
        {
            throw patchKind == PatchKind.Json ? new ApiException(422, "Invalid", "the server rejected our request due to an error in our request", []) : ApiErrors.BadRequest(e.Message);
        }

        return await UpdateAsync(kind, @namespace, name, subresource, (MapNode)patched, context).ConfigureAwait(false);
    }

    public async Task<MapNode> PostAsync(ServedKind kind, string @namespace, string name, string subresource, MapNode body, WriteContext context)
    {
        MapNode admitted = await service.AdmitActionAsync(kind, @namespace, name, subresource, body, context).ConfigureAwait(false);
        return await ((kind.Plural, subresource) switch
        {
            ("pods", "binding") => PodBinding.BindAsync(service, kind, @namespace, name, admitted, context),
            ("pods", "eviction") => PodEviction.EvictAsync(service, kind, @namespace, name, admitted, context),
            ("serviceaccounts", "token") => tokens.CreateAsync(service, @namespace, name, admitted, context),
            _ => throw ApiErrors.MethodNotAllowed(kind),
        }).ConfigureAwait(false);
    }

    private static MapNode View(string subresource, MapNode live, MapNode body)
    {
        MapNode next = (MapNode)live.DeepClone();
        string[] paths = subresource switch
        {
            "finalize" => ["spec"],
            "approval" => ["status"],
            _ => ["spec"],
        };
        foreach (string path in paths)
        {
            if (body[path] is { } value)
            {
                next[path] = value.DeepClone();
            }
        }

        if (body["metadata"]?["resourceVersion"] is StringNode { Value.Length: > 0 } version)
        {
            ObjectMeta.Of(next)["resourceVersion"] = version;
        }

        return next;
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
            return new ObjectDecoder().Decode(body, TypeTable.Instance.Find(new ResourceKind("autoscaling", "v1", "Scale"))!);
        }
        catch (DecodeException e)
        {
            throw ApiErrors.Invalid(string.Empty, string.Empty, string.Empty, [FieldError.Invalid("patch", JsonWriter.ToText(body), e.Message)]);
        }
    }

    private async Task<MapNode> ScaleAsync(ServedKind kind, string @namespace, string name, MapNode body, WriteContext context)
    {
        string sent = ObjectMeta.Name(body);
        if (sent.Length > 0 && sent != name)
        {
            throw ApiErrors.BadRequest($"the name of the object ({sent}) does not match the name on the URL ({name})");
        }

        long replicas = Decoded(kind, body).At("spec", "replicas")?.AsInteger() ?? 0;
        if (replicas < 0)
        {
            throw ApiErrors.Invalid("autoscaling", "Scale", name, [FieldError.Invalid("spec.replicas", replicas, "must be greater than or equal to 0")]);
        }

        ResourceResult result = await service.ChangeAsync(kind, @namespace, name, "scale", context, (live, _) => ScaleView.Scaled(kind, live, replicas, body)).ConfigureAwait(false);
        return ScaleView.Of(kind, result.Node);
    }
}

/// <summary>The Scale that stands for a workload's replica count.</summary>
internal static class ScaleView
{
    public static MapNode Of(ServedKind kind, MapNode node)
    {
        MapNode metadata = new();
        foreach (string key in (string[])["name", "namespace", "uid", "resourceVersion", "creationTimestamp"])
        {
            if (node["metadata"]?[key] is { } value)
            {
                metadata[key] = value;
            }
        }

        MapNode status = new() { ["replicas"] = At(node, Path(kind, "statusReplicasPath", ".status.replicas")) ?? IntegerNode.Of(0) };
        string selector = Selector(kind, node);
        if (selector.Length > 0)
        {
            status["selector"] = selector;
        }

        MapNode spec = [];
        long replicas = At(node, Path(kind, "specReplicasPath", ".spec.replicas"))?.AsInteger() ?? 0;
        if (replicas != 0 || kind.Custom is not null)
        {
            spec["replicas"] = replicas;
        }

        return new MapNode { ["kind"] = "Scale", ["apiVersion"] = "autoscaling/v1", ["metadata"] = metadata, ["spec"] = spec, ["status"] = status };
    }

    public static MapNode Scaled(ServedKind kind, MapNode live, long replicas, MapNode body)
    {
        MapNode next = (MapNode)live.DeepClone();
        string[] path = Path(kind, "specReplicasPath", ".spec.replicas");
        MapNode at = next;
        foreach (string key in path[..^1])
        {
            at = at.EnsureMap(key);
        }

        at[path[^1]] = replicas;
        if (body["metadata"]?["resourceVersion"] is StringNode { Value.Length: > 0 } version)
        {
            ObjectMeta.Of(next)["resourceVersion"] = version;
        }

        if (body["metadata"]?["uid"] is StringNode { Value.Length: > 0 } uid)
        {
            ObjectMeta.Of(next)["uid"] = uid;
        }

        return next;
    }

    private static string[] Path(ServedKind kind, string key, string otherwise) => (kind.Custom?.Scale?[key]?.AsString() ?? otherwise).TrimStart('.').Split('.');

    private static Node? At(MapNode node, string[] path) => node.At(path);

    private static string Selector(ServedKind kind, MapNode node)
    {
        if (kind.Custom is not null)
        {
            string path = kind.Custom.Scale?["labelSelectorPath"]?.AsString() ?? string.Empty;
            return path.Length == 0 ? string.Empty : At(node, path.TrimStart('.').Split('.'))?.AsString() ?? string.Empty;
        }

        return SelectorText.Of(node.At("spec", "selector"));
    }
}
