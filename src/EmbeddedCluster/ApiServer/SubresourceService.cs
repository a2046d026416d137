using Bowline.Cluster.Requests;
using Bowline.EmbeddedCluster.ApiServer.Access;
using Bowline.EmbeddedCluster.ApiServer.Bodies;
using Bowline.EmbeddedCluster.ApiServer.Pods;
using Bowline.EmbeddedCluster.ApiServer.Strategies;
using Bowline.EmbeddedCluster.Kinds;
using Bowline.EmbeddedCluster.Validation;
using Bowline.Resources.Json;
using Bowline.Resources.Model;
using Bowline.Resources.Patching;
using Bowline.Resources.Schemas;

namespace Bowline.EmbeddedCluster.ApiServer;

/// <summary>Subresources that are not simply the object: scale, binding, eviction, finalize, token.</summary>
internal sealed class SubresourceService(ResourceService service, TokenIssuer tokens)
{
    private readonly ScaleService scales = new(service);

    public MapNode Get(ServedKind kind, string @namespace, string name, string subresource) => subresource switch
    {
        "scale" => ScaleService.Get(kind, service.Get(kind, @namespace, name).Node),
        "finalize" or "approval" or "ephemeralcontainers" or "resize" => service.Get(kind, @namespace, name).Node,
        _ => throw ApiErrors.MethodNotAllowed(kind),
    };

    public async Task<MapNode> UpdateAsync(ServedKind kind, string @namespace, string name, string subresource, MapNode body, WriteContext context)
    {
        switch (subresource)
        {
            case "scale":
                return await scales.UpdateAsync(kind, @namespace, name, body, context).ConfigureAwait(false);
            case "finalize" or "approval" or "ephemeralcontainers" or "resize":
                MapNode decoded = BodyReader.Read(kind, body, context);
                Defaulting.Defaults.Apply(kind, decoded);
                if (subresource == "resize")
                {
                    CheckNode(kind, name, service.Get(kind, @namespace, name).Node);
                }

                string now = Timestamp.Text(service.Time.GetUtcNow());
                return (await service.ChangeAsync(kind, @namespace, name, subresource, context, (live, _) => View(subresource, live, decoded, now)).ConfigureAwait(false)).Node;
            default:
                throw ApiErrors.MethodNotAllowed(kind);
        }
    }

    public async Task<MapNode> PatchAsync(ServedKind kind, string @namespace, string name, string subresource, PatchKind patchKind, Node patch, WriteContext context)
    {
        if (subresource == "scale")
        {
            return await scales.PatchAsync(kind, @namespace, name, live => Patched(live, null, patchKind, patch), context).ConfigureAwait(false);
        }

        MapNode patched = Patched(Get(kind, @namespace, name, subresource), kind.Schema, patchKind, patch);
        return await UpdateAsync(kind, @namespace, name, subresource, patched, context).ConfigureAwait(false);
    }

    private static MapNode Patched(MapNode current, Schema? schema, PatchKind patchKind, Node patch)
    {
        try
        {
            Node patched = patchKind switch
            {
                PatchKind.Json => JsonPatch.Apply(current, patch as ListNode ?? []),
                PatchKind.Merge => MergePatch.Apply(current, patch),
                _ => StrategicMergePatch.Apply(current, patch as MapNode ?? [], schema),
            };
            return patched as MapNode ?? throw ApiErrors.BadRequest("the patched object is no object");
        }
        catch (PatchException e)
        {
            throw PatchErrors.Of(patchKind, e);
        }
    }

    public Task<MapNode> ApplyScaleAsync(ServedKind kind, string @namespace, string name, MapNode body, WriteContext context) => scales.ApplyAsync(kind, @namespace, name, body, context);

    public async Task<MapNode> PostAsync(ServedKind kind, string @namespace, string name, string subresource, MapNode body, WriteContext context)
    {
        CheckKind(kind, subresource, body);
        MapNode admitted = await service.AdmitActionAsync(kind, @namespace, name, subresource, body, context).ConfigureAwait(false);
        return await ((kind.Plural, subresource) switch
        {
            ("pods", "binding") => PodBinding.BindAsync(service, kind, @namespace, name, admitted, context),
            ("pods", "eviction") => PodEviction.EvictAsync(service, kind, @namespace, name, admitted, context),
            ("serviceaccounts", "token") => tokens.CreateAsync(service, @namespace, name, admitted, context),
            _ => throw ApiErrors.MethodNotAllowed(kind),
        }).ConfigureAwait(false);
    }

    private static void CheckKind(ServedKind kind, string subresource, MapNode body)
    {
        ResourceKind wanted = kind.Subresource(subresource)?.Kind ?? kind.Kind;
        string sent = body["kind"]?.AsString() ?? wanted.Kind;
        if (sent != wanted.Kind)
        {
            string version = body["apiVersion"]?.AsString() ?? kind.Kind.ApiVersion;
            string @short = version[(version.IndexOf('/', StringComparison.Ordinal) + 1)..];
            string package = wanted.Group.Length == 0 ? "core" : wanted.Group.Split('.')[0];
            throw ApiErrors.BadRequest($"{sent} in version \"{@short}\" cannot be handled as a {wanted.Kind}: converting ({@short}.{sent}) to ({package}.{wanted.Kind}): unknown conversion");
        }
    }

    private static void Take(MapNode next, MapNode body, string key)
    {
        if (body[key] is { } value)
        {
            next[key] = value.DeepClone();
        }
        else if (key is "ephemeralContainers" or "resources" or "resizePolicy")
        {
            next.Remove(key);
        }
    }

    /// <summary>A pod is resized on the node that it runs on.</summary>
    private void CheckNode(ServedKind kind, string name, MapNode live)
    {
        string node = live.At("spec", "nodeName")?.AsString() ?? string.Empty;
        if (node.Length > 0 && service.Store.Get("nodes", string.Empty, node) is null)
        {
            throw ApiErrors.Forbidden(kind, name, $"node \"{node}\" not found");
        }
    }

    private static MapNode View(string subresource, MapNode live, MapNode body, string now)
    {
        MapNode next = (MapNode)live.DeepClone();
        switch (subresource)
        {
            case "approval":
                Take(next, body, "status");
                Approval.Settle(next, live, now);
                break;
            case "ephemeralcontainers":
                Take(next.EnsureMap("spec"), body["spec"] as MapNode ?? [], "ephemeralContainers");
                break;
            case "resize":
                Resize(next, body["spec"] as MapNode ?? []);
                break;
            default:
                Take(next, body, "spec");
                break;
        }

        if (body["metadata"]?["resourceVersion"] is StringNode { Value.Length: > 0 } version)
        {
            ObjectMeta.Of(next)["resourceVersion"] = version;
        }

        return next;
    }

    /// <summary>Takes the amounts of each container and how it is resized; other containers than the pod has are taken as they are, for the rules to refuse.</summary>
    private static void Resize(MapNode next, MapNode sent)
    {
        MapNode spec = next.EnsureMap("spec");
        string[] lists = ["containers", "initContainers"];
        if (lists.Any(list => (spec[list]?.AsList()?.Count ?? 0) != (sent[list]?.AsList()?.Count ?? 0)))
        {
            next["spec"] = sent.DeepClone();
            return;
        }

        Take(spec, sent, "resources");
        foreach (string list in lists)
        {
            (Node Own, Node Sent)[] pairs = [.. (spec[list]?.AsList() ?? []).Zip(sent[list]?.AsList() ?? [])];
            if (pairs.Any(pair => !Node.DeepEquals(pair.Own["name"], pair.Sent["name"])))
            {
                spec[list] = sent[list]!.DeepClone();
                continue;
            }

            foreach ((MapNode own, Node given) in pairs.Select(pair => ((MapNode)pair.Own, pair.Sent)))
            {
                Take(own, given as MapNode ?? [], "resources");
                Take(own, given as MapNode ?? [], "resizePolicy");
            }
        }
    }
}
