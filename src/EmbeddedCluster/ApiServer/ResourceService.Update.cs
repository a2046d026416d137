using Bowline.EmbeddedCluster.Admission;
using Bowline.EmbeddedCluster.ApiServer.Strategies;
using Bowline.EmbeddedCluster.Defaulting;
using Bowline.EmbeddedCluster.Kinds;
using Bowline.EmbeddedCluster.Storage;
using Bowline.EmbeddedCluster.Validation;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.ApiServer;

internal sealed partial class ResourceService
{
    /// <summary>PUT of the object or of its status (or another subresource that is a view of the whole object).</summary>
    public async Task<ResourceResult> UpdateAsync(ServedKind kind, string @namespace, string name, MapNode body, string subresource, WriteContext context)
    {
        ObjectMeta.SettleNamespace(kind, body, @namespace);
        CheckName(body, name);
        if (subresource != "status")
        {
            // Of a status everything else comes from the live object.
            Defaults.Apply(kind, body);
        }

        if (Find(kind, @namespace, name) is null && KindRules.MayCreateByUpdate(kind) && subresource.Length == 0)
        {
            if (ObjectMeta.Text(body, "uid").Length > 0)
            {
                throw ApiErrors.Conflict(kind, name, $"Precondition failed: UID in precondition: {ObjectMeta.Text(body, "uid")}, UID in object meta: ");
            }

            return await CreateAsync(kind, @namespace, body, context).ConfigureAwait(false);
        }

        if (KindRules.RequiresResourceVersion(kind) && ObjectMeta.Text(body, "resourceVersion").Length == 0 && Find(kind, @namespace, name) is not null)
        {
            FieldError error = FieldError.Invalid("metadata.resourceVersion", IntegerNode.Of(0), "must be specified for an update");
            throw ApiErrors.Invalid(kind.Kind.Group, kind.Plural, name, [error]);
        }

        return await ChangeAsync(kind, @namespace, name, subresource, context, (_, _) => (MapNode)body.CloneUnfrozen()).ConfigureAwait(false);
    }

    /// <summary>
    /// Reads, lets <paramref name="change"/> make the next object from the live one, runs every rule, and writes; again from the
    /// start when another writer was faster, unless the body itself names a resourceVersion.
    /// </summary>
    /// <param name="change">Gets the live object in the asked version (frozen) and the attempt; returns a tree of its own.</param>
    internal async Task<ResourceResult> ChangeAsync(
        ServedKind kind,
        string @namespace,
        string name,
        string subresource,
        WriteContext context,
        Func<MapNode, int, MapNode> change,
        bool tracksOwnership = true)
    {
        for (int attempt = 0; attempt < MaxAttempts; attempt++)
        {
            StoredObject stored = Find(kind, @namespace, name) ?? throw ApiErrors.NotFound(kind, name);
            MapNode live = Present(kind, stored).Node;
            MapNode next = change(live, attempt);
            CheckPreconditions(kind, name, live, next);
            Admitted admitted = await AdmitChangeAsync(kind, @namespace, live, next, subresource, context, tracksOwnership).ConfigureAwait(false);
            using IDisposable? held = admitted.Held;
            next = admitted.Node;
            if (FieldOwnership.SameApartFromTimes(live, next))
            {
                return Present(kind, stored);
            }

            using AllocationLease allocations = subresource.Length == 0 ? Allocate(kind, next, live, context) : AllocationLease.None;
            if (context.DryRun)
            {
                ObjectMeta.Of(next)["resourceVersion"] = ObjectMeta.Text(live, "resourceVersion");
                return new ResourceResult(next, null);
            }

            context.Cancellation.ThrowIfCancellationRequested();
            if (Commit(kind, stored, next) is { } committed)
            {
                await committed.Committed.Durable.ConfigureAwait(false);
                return committed.Removed ? new ResourceResult(committed.Last!, null) : await Finish(kind, committed.Committed).ConfigureAwait(false);
            }
        }

        throw ApiErrors.Modified(kind, name);
    }

    private async Task<Admitted> AdmitChangeAsync(ServedKind kind, string @namespace, MapNode live, MapNode next, string subresource, WriteContext context, bool tracksOwnership)
    {
        ObjectMeta.SettleNamespace(kind, next, @namespace);
        OwnerReferences.Deduplicate(next, context);
        ObjectMeta.KeepSystemFields(next, live);
        Isolate(kind, live, next, subresource);
        if (tracksOwnership)
        {
            ObjectMeta.Of(next)["resourceVersion"] = ObjectMeta.Text(live, "resourceVersion");
            next = FieldOwnership.Updated(kind, live, next, context, subresource, Time);
        }

        AdmissionRequest request = ChangeRequest(kind, @namespace, live, next, subresource, context);
        next = await MutateChangeAsync(request, kind, live, next, context).ConfigureAwait(false);

        escalation.Check(kind, @namespace, next, live, context.User);
        Preparation.OnUpdate(kind, next, live, subresource, Now());
        SetGeneration(kind, live, next, subresource);
        ThrowIfInvalid(kind, next, Checked(kind, next, live, context, Validator.OnUpdate(kind, next, live, subresource), subresource));
        if (subresource.Length == 0)
        {
            Warn(kind, next, live, context);
        }

        IDisposable? held = subresource == Binding
            ? null
            : await Admission.ValidateAsync(request.View is null ? request with { Object = next } : request with { Object = ScaleView.Of(kind, next) }, context.Cancellation).ConfigureAwait(false);
        ObjectMeta.Of(next)["resourceVersion"] = ObjectMeta.Text(live, "resourceVersion");
        return new Admitted(next, held);
    }

    /// <summary>An update of the object leaves status alone, an update of status everything else.</summary>
    private static void Isolate(ServedKind kind, MapNode live, MapNode next, string subresource)
    {
        if (subresource.Length == 0)
        {
            if (kind.HasStatus)
            {
                ResetOnCreate.KeepStatus(next, live);
            }

            if (kind.QualifiedPlural == "namespaces" && live["spec"] is { } spec)
            {
                next["spec"] = spec;
            }

            return;
        }

        if (subresource == "status")
        {
            KeepAllButStatus(kind, live, next);
        }
    }

    private static void KeepAllButStatus(ServedKind kind, MapNode live, MapNode next)
    {
        foreach (string key in next.Keys.ToArray())
        {
            if (key is not ("status" or "metadata" or "kind" or "apiVersion") && !live.ContainsKey(key))
            {
                next.Remove(key);
            }
        }

        foreach ((string key, Node value) in live)
        {
            if (key is not ("status" or "metadata"))
            {
                next[key] = value;
            }
        }

        MapNode metadata = ObjectMeta.Of(next);
        foreach (string key in KindRules.MetadataKeptByStatus(kind))
        {
            if (live["metadata"]?[key] is { } kept)
            {
                metadata[key] = kept;
            }
            else
            {
                metadata.Remove(key);
            }
        }
    }

    private static void SetGeneration(ServedKind kind, MapNode live, MapNode next, string subresource)
    {
        MapNode metadata = ObjectMeta.Of(next);
        long generation = live.At("metadata", "generation")?.AsInteger() ?? 0;
        if (KindRules.HasGeneration(kind) && KindRules.SpecChanged(kind, live, next, subresource))
        {
            generation++;
        }

        if (generation > 0)
        {
            metadata["generation"] = generation;
        }
        else
        {
            metadata.Remove("generation");
        }
    }

    private static void CheckPreconditions(ServedKind kind, string name, MapNode live, MapNode next)
    {
        string uid = ObjectMeta.Text(next, "uid");
        if (uid.Length > 0 && uid != ObjectMeta.Text(live, "uid"))
        {
            throw ApiErrors.Conflict(kind, name, $"Precondition failed: UID in precondition: {uid}, UID in object meta: {ObjectMeta.Text(live, "uid")}");
        }

        string version = ObjectMeta.Text(next, "resourceVersion");
        if (version is not ("" or "0") && version != ObjectMeta.Text(live, "resourceVersion"))
        {
            throw ApiErrors.Modified(kind, name);
        }
    }

    /// <summary>Writes the object, or removes it when this write took the last thing that held a deletion back.</summary>
    private CommitOutcome? Commit(ServedKind kind, StoredObject stored, MapNode next)
    {
        if (MayGo(next))
        {
            MapNode last = (MapNode)next.DeepClone();
            // Watchers see the object as it was stored last.
            return Store.TryRemove(kind.Collection, stored) is { } removed ? Removed(kind, removed, last) : null;
        }

        return Store.TryPut(kind.Collection, stored, stored.Namespace, stored.Name, VersionConversion.ToStorage(kind, next)) is { } put ? new CommitOutcome(put, false, null) : null;
    }

    private CommitOutcome Removed(ServedKind kind, Committed committed, MapNode last)
    {
        Changed(kind);
        if (kind.Custom?.Terminating == true)
        {
            DefinitionsChanged?.Invoke();
        }

        return new CommitOutcome(committed, true, last);
    }

    private static bool MayGo(MapNode node) =>
        ObjectMeta.IsDeleting(node)
        && (node["metadata"]?["deletionGracePeriodSeconds"]?.AsInteger() ?? 0) == 0
        && ObjectMeta.Finalizers(node).Count == 0
        && (node["kind"]?.AsString() != "Namespace" || (node.At("spec", "finalizers")?.AsList()?.Count ?? 0) == 0);

    private sealed record CommitOutcome(Committed Committed, bool Removed, MapNode? Last);
}
