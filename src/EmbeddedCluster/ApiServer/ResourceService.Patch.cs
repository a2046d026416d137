using Bowline.Cluster.Requests;
using Bowline.EmbeddedCluster.ApiServer.Bodies;
using Bowline.EmbeddedCluster.ApiServer.Strategies;
using Bowline.EmbeddedCluster.Defaulting;
using Bowline.EmbeddedCluster.Kinds;
using Bowline.EmbeddedCluster.Storage;
using Bowline.EmbeddedCluster.Validation;
using Bowline.Resources.Json;
using Bowline.Resources.Merging;
using Bowline.Resources.Model;
using Bowline.Resources.Patching;

namespace Bowline.EmbeddedCluster.ApiServer;

internal sealed partial class ResourceService
{
    public Task<ResourceResult> PatchAsync(ServedKind kind, string @namespace, string name, string subresource, PatchKind patchKind, Node patch, WriteContext context)
    {
        if (patchKind == PatchKind.StrategicMerge && kind.Custom is not null)
        {
            throw ApiErrors.UnsupportedMediaType("application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml", string.Empty);
        }

        return ChangeAsync(kind, @namespace, name, subresource, context, (live, _) => Patched(kind, name, live, patchKind, patch, context));
    }

    /// <summary>Server-side apply of a body that was read but not decoded: what it leaves out stays out.</summary>
    public async Task<ResourceResult> ApplyAsync(ServedKind kind, string @namespace, string name, string subresource, MapNode body, WriteContext context)
    {
        CheckApplied(kind, name, body);
        CheckNamespaceOf(kind, body, @namespace);
        body = WithoutResetFields(kind, body, subresource);
        for (int attempt = 0; attempt < MaxAttempts; attempt++)
        {
            if (Find(kind, @namespace, name) is not null)
            {
                return await ChangeAsync(kind, @namespace, name, subresource, context, (live, _) => Applied(kind, name, live, body, subresource, context), tracksOwnership: false).ConfigureAwait(false);
            }

            if (subresource.Length > 0)
            {
                throw ApiErrors.NotFound(kind, name);
            }

            if (await TryCreateByApply(kind, @namespace, name, body, context).ConfigureAwait(false) is { } created)
            {
                return created;
            }
        }

        throw ApiErrors.Modified(kind, name);
    }

    /// <summary>An apply of the object says nothing about status, and one of status about nothing else.</summary>
    private static MapNode WithoutResetFields(ServedKind kind, MapNode body, string subresource)
    {
        MapNode kept = [];
        foreach ((string key, Node value) in body)
        {
            bool header = key is "apiVersion" or "kind";
            if (subresource != "status" ? key != "status" || !kind.HasStatus : header || key == "status")
            {
                kept[key] = value;
            }
            else if (key == "metadata")
            {
                MapNode metadata = [];
                foreach (string part in (ReadOnlySpan<string>)["name", "namespace", "uid", "resourceVersion"])
                {
                    if (value[part] is { } own)
                    {
                        metadata[part] = own;
                    }
                }

                kept[key] = metadata;
            }
        }

        return kept;
    }

    private async Task<ResourceResult?> TryCreateByApply(ServedKind kind, string @namespace, string name, MapNode body, WriteContext context)
    {
        if (ObjectMeta.Text(body, "uid") is { Length: > 0 } uid)
        {
            throw ApiErrors.Conflict(kind, name, $"uid mismatch: the provided object specified uid {uid}, and no existing object was found");
        }

        if (ObjectMeta.Text(body, "resourceVersion").Length > 0)
        {
            throw ApiErrors.NotFound(kind, name);
        }

        MapNode merged = Merge(kind, null, body, string.Empty, context);
        ObjectMeta.Of(merged)["name"] = name;
        MapNode node = BodyReader.Canonical(kind, merged, out _);
        PrepareBody(kind, @namespace, node, context);
        Node? owners = node["metadata"]?["managedFields"];
        Admitted admitted = await AdmitNewAsync(kind, @namespace, node, context, owners ?? new ListNode()).ConfigureAwait(false);
        using IDisposable? held = admitted.Held;
        MapNode ready = admitted.Node;
        if (Find(kind, @namespace, name) is not null)
        {
            return null;
        }

        using AllocationLease allocations = Allocate(kind, ready, null, context);
        if (context.DryRun)
        {
            return new ResourceResult(ready, null, Created: true);
        }

        Committed? committed = Store.TryPut(kind.Collection, null, kind.Namespaced ? @namespace : string.Empty, name, VersionConversion.ToStorage(kind, ready));
        if (committed is null)
        {
            return null;
        }

        return await Finish(kind, committed.Value, created: true).ConfigureAwait(false);
    }

    private MapNode Applied(ServedKind kind, string name, MapNode live, MapNode body, string subresource, WriteContext context)
    {
        MapNode merged = Merge(kind, live, body, subresource, context);
        string uid = ObjectMeta.Text(body, "uid");
        if (uid.Length > 0 && uid != ObjectMeta.Text(live, "uid"))
        {
            throw ApiErrors.Invalid(kind, name, Uid(kind, uid));
        }

        Node? owners = merged["metadata"]?["managedFields"];
        MapNode next = BodyReader.Canonical(kind, merged, out _);
        Defaults.Apply(kind, next);
        if (owners is not null)
        {
            ObjectMeta.Of(next)["managedFields"] = owners;
        }

        if (ObjectMeta.Text(body, "resourceVersion") is { Length: > 0 } version)
        {
            ObjectMeta.Of(next)["resourceVersion"] = version;
        }

        return next;
    }

    private MapNode Merge(ServedKind kind, MapNode? live, MapNode body, string subresource, WriteContext context)
    {
        MapNode applied = (MapNode)body.DeepClone();
        ApplyResult result;
        try
        {
            result = ServerSideApply.Apply(live, applied, kind.Schema, FieldOwnership.Writer(kind, context, subresource, Time), context.Force);
        }
        catch (MergeException e)
        {
            throw ApiErrors.Internal(e.Message);
        }

        return result.Conflicts.Count == 0 ? result.Object : throw Conflicts(result);
    }

    internal static ApiException Conflicts(ApplyResult applied)
    {
        MapNode details = new()
        {
            ["causes"] = new ListNode(applied.Conflicts.Select(conflict => (Node)new MapNode
            {
                ["reason"] = "FieldManagerConflict",
                ["message"] = $"conflict with {conflict.Manager}",
                ["field"] = conflict.Path,
            })),
        };
        return new ApiException(409, "Conflict", applied.ConflictMessage, details);
    }

    private static void CheckApplied(ServedKind kind, string name, MapNode body)
    {
        if (body["metadata"]?["managedFields"] is ListNode { Count: > 0 })
        {
            throw ApiErrors.BadRequest("metadata.managedFields must be nil");
        }

        CheckName(body, name);
        string apiVersion = body["apiVersion"]?.AsString() ?? string.Empty;
        string kindName = body["kind"]?.AsString() ?? string.Empty;
        if (kindName.Length == 0 || apiVersion.Length == 0)
        {
            throw ApiErrors.BadRequest($"invalid object type: /, Kind={kindName}");
        }

        if (apiVersion != kind.Kind.ApiVersion || kindName != kind.Kind.Kind)
        {
            ResourceKind other = ResourceKind.Of(apiVersion, kindName);
            throw ApiErrors.BadRequest($"invalid object type: {other.Group}/{other.Version}, Kind={other.Kind}");
        }
    }

    private static MapNode Patched(ServedKind kind, string name, MapNode live, PatchKind patchKind, Node patch, WriteContext context)
    {
        Node patched;
        try
        {
            patched = patchKind switch
            {
                PatchKind.Json => JsonPatch.Apply(live, patch as ListNode ?? throw ApiErrors.BadRequest("json: cannot unmarshal object into Go value of type jsonpatch.Patch")),
                PatchKind.Merge => MergePatch.Apply(live, patch),
                _ => StrategicMergePatch.Apply(live, patch as MapNode ?? throw ApiErrors.BadRequest("json: cannot unmarshal array into Go value of type map[string]interface {}"), kind.Schema),
            };
        }
        catch (PatchException e)
        {
            throw PatchErrors.Of(patchKind, e);
        }

        MapNode node = patched as MapNode ?? throw ApiErrors.BadRequest("the patched object is no object");
        return Settle(kind, name, live, node, patchKind, patch, context);
    }

    /// <summary>A patched object is decoded like a body, so unknown fields and wrong types show.</summary>
    private static MapNode Settle(ServedKind kind, string name, MapNode live, MapNode node, PatchKind patchKind, Node patch, WriteContext context)
    {
        MapNode decoded;
        IReadOnlyList<string> unknown;
        try
        {
            decoded = BodyReader.Canonical(kind, node, out unknown, structured: patchKind == PatchKind.StrategicMerge);
        }
        catch (ApiException e) when (e.Code == 400)
        {
            string why = e.Message[(e.Message.IndexOf(": ", StringComparison.Ordinal) + 2)..];
            throw ApiErrors.Invalid(string.Empty, string.Empty, string.Empty, [FieldError.Invalid("patch", patchKind == PatchKind.StrategicMerge ? GoNotation.Plain(patch) : JsonWriter.ToText(node), why)]);
        }

        CheckIdentity(kind, name, live, node);
        CheckKind(kind, name, node);
        Report(unknown, () => patchKind == PatchKind.StrategicMerge ? GoNotation.Plain(patch) : JsonWriter.ToText(node), context);
        Defaults.Apply(kind, decoded);
        return decoded;
    }

    /// <summary>A patch may not turn an object into another kind.</summary>
    private static void CheckKind(ServedKind kind, string name, MapNode node)
    {
        if (kind.Custom is not null)
        {
            CheckCustomKind(kind, name, node);
            return;
        }

        if (node["kind"]?.AsString() != kind.Kind.Kind || node["apiVersion"]?.AsString() != kind.Kind.ApiVersion)
        {
            throw ApiErrors.Invalid(string.Empty, string.Empty, string.Empty, [FieldError.Invalid("patch", JsonWriter.ToText(node), $"no kind \"{node["kind"]?.AsString()}\" is registered for version \"{node["apiVersion"]?.AsString()}\" in scheme \"pkg/api/legacyscheme/scheme.go:30\"")]);
        }
    }

    // A custom resource is a map, which takes any kind; its rules find out.
    private static void CheckCustomKind(ServedKind kind, string name, MapNode node)
    {
        ResourceKind sent = ResourceKind.Of(node["apiVersion"]?.AsString() ?? string.Empty, node["kind"]?.AsString() ?? string.Empty);
        List<FieldError> errors = [];
        if (sent.Kind != kind.Kind.Kind)
        {
            errors.Add(FieldError.Invalid("kind", sent.Kind, $"must be {kind.Kind.Kind}"));
        }

        if (sent.ApiVersion != kind.Kind.ApiVersion)
        {
            errors.Add(FieldError.Invalid("apiVersion", sent.ApiVersion, $"must be {kind.Kind.ApiVersion}"));
        }

        if (errors.Count > 0)
        {
            throw ApiErrors.Invalid(sent.Group, sent.Kind, name, errors);
        }
    }

    /// <summary>An applied body keeps what it left out left out; it only may not name another namespace.</summary>
    private static void CheckNamespaceOf(ServedKind kind, MapNode body, string @namespace)
    {
        string sent = ObjectMeta.Text(body, "namespace");
        if (kind.Namespaced && sent.Length > 0 && sent != @namespace)
        {
            throw ApiErrors.BadRequest("the namespace of the provided object does not match the namespace sent on the request");
        }
    }

    /// <summary>An object that is sent to a path has the name that stands in the path.</summary>
    private static void CheckName(MapNode node, string name)
    {
        string sent = ObjectMeta.Name(node);
        if (sent.Length == 0)
        {
            throw ApiErrors.BadRequest($"the name of the object ({name} based on URL) was undeterminable: name must be provided");
        }

        if (sent != name)
        {
            throw ApiErrors.BadRequest($"the name of the object ({sent}) does not match the name on the URL ({name})");
        }
    }

    private static void CheckIdentity(ServedKind kind, string name, MapNode live, MapNode node)
    {
        CheckName(node, name);
        string uid = ObjectMeta.Text(node, "uid");
        if (uid.Length > 0 && uid != ObjectMeta.Text(live, "uid"))
        {
            throw ApiErrors.Invalid(kind, name, Uid(kind, uid));
        }
    }

    // The registry and the rules of a custom resource both say it.
    private static FieldError[] Uid(ServedKind kind, string uid)
    {
        FieldError error = FieldError.Invalid("metadata.uid", uid, "field is immutable");
        return kind.Custom is null ? [error] : [error, error];
    }

    private static void Report(IReadOnlyList<string> unknown, Func<string> shown, WriteContext context)
    {
        if (unknown.Count == 0 || context.FieldValidation == FieldValidation.Ignore)
        {
            return;
        }

        string[] problems = [.. unknown.Select(path => $"unknown field \"{path}\"")];
        if (context.FieldValidation == FieldValidation.Strict)
        {
            throw ApiErrors.Invalid(string.Empty, string.Empty, string.Empty, [FieldError.Invalid("patch", shown(), $"strict decoding error: {string.Join(", ", problems)}")]);
        }

        foreach (string problem in problems)
        {
            context.Warn(problem);
        }
    }
}
