using Bowline.EmbeddedCluster.Admission;
using Bowline.EmbeddedCluster.ApiServer.Strategies;
using Bowline.EmbeddedCluster.Kinds;
using Bowline.EmbeddedCluster.Storage;
using Bowline.EmbeddedCluster.Validation;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.ApiServer;

/// <param name="Gone">The object left the store with this request.</param>
/// <param name="Durable">Done when what was written outlives a crash.</param>
internal sealed record DeleteResult(MapNode Object, bool Gone, Task Durable);

internal sealed partial class ResourceService
{
    private const string Orphan = "orphan";
    private const string Foreground = "foregroundDeletion";

    public async Task<DeleteResult> DeleteAsync(ServedKind kind, string @namespace, string name, DeleteRequest options, WriteContext context)
    {
        CheckDeleteOptions(options);
        DeleteResult result = await BeginDeleteAsync(kind, @namespace, name, options, context).ConfigureAwait(false);
        await result.Durable.ConfigureAwait(false);
        return result;
    }

    /// <summary>
    /// Deletes what was listed, in its order, up to the first that is refused; what others delete meanwhile is none of it. The writes are
    /// made durable together: one by one, each would wait for the disk.
    /// </summary>
    public async Task DeleteManyAsync(ServedKind kind, IReadOnlyList<StoredObject> items, DeleteRequest options, WriteContext context)
    {
        CheckDeleteOptions(options);
        List<Task> durable = new(items.Count);
        try
        {
            foreach (StoredObject item in items)
            {
                context.Cancellation.ThrowIfCancellationRequested();
                durable.Add(await DurableAsync(kind, item, options, context).ConfigureAwait(false));
            }
        }
        finally
        {
            await Task.WhenAll(durable).ConfigureAwait(false);
        }
    }

    private async Task<Task> DurableAsync(ServedKind kind, StoredObject item, DeleteRequest options, WriteContext context)
    {
        try
        {
            return (await BeginDeleteAsync(kind, item.Namespace, item.Name, options with { IsOfMany = true }, context).ConfigureAwait(false)).Durable;
        }
        catch (ApiException e) when (e.Code == 404)
        {
            return Task.CompletedTask;
        }
    }

    private async Task<DeleteResult> BeginDeleteAsync(ServedKind kind, string @namespace, string name, DeleteRequest options, WriteContext context)
    {
        for (int attempt = 0; attempt < MaxAttempts; attempt++)
        {
            StoredObject stored = Find(kind, @namespace, name) ?? throw ApiErrors.NotFound(kind, name);
            MapNode live = Present(kind, stored).Node;
            AdmissionRequest request = Request("DELETE", kind, @namespace, live, live, string.Empty, context) with { Options = options.ToNode(context.DryRun) };
            request = options.IsOfMany ? request with { Name = string.Empty } : request;
            Admission.CheckNamespace(request);
            CheckDeletePreconditions(kind, name, live, options);
            await Admission.MutateAsync(request, context.Cancellation).ConfigureAwait(false);
            using IDisposable? held = await Admission.ValidateAsync(request, context.Cancellation).ConfigureAwait(false);
            MapNode next = kind.Kind == kind.StorageKind ? Draft.Beginning(live) : (MapNode)live.DeepClone();
            bool gone = MarkDeleted(kind, live, next, options, context);
            if (context.DryRun || (!gone && FieldOwnership.SameApartFromTimes(live, next)))
            {
                return new DeleteResult(next, gone, Task.CompletedTask);
            }

            context.Cancellation.ThrowIfCancellationRequested();
            if (gone && WasMarked(live, next) && kind.QualifiedPlural == "pods")
            {
                // A kind that is deleted gracefully is marked by one write and removed by the next, however short its grace.
                if (Store.TryPut(kind.Collection, stored, stored.Namespace, stored.Name, next) is not { } marked)
                {
                    continue;
                }

                stored = marked.Object;
                next = Draft.Beginning(stored.Node);
            }

            if (gone)
            {
                MapNode last = Draft.Beginning(next);
                if (Store.TryRemove(kind.Collection, stored, VersionConversion.ToStorage(kind, next)) is { } removed)
                {
                    ObjectMeta.Of(last)["resourceVersion"] = KindRules.AnswersObject(kind) && kind.Plural == "pods" ? removed.Object.Revision.ToString() : ObjectMeta.Text(live, "resourceVersion");
                    Removed(kind, removed, last);
                    return new DeleteResult(last, true, removed.Durable);
                }
            }
            else if (Store.TryPut(kind.Collection, stored, stored.Namespace, stored.Name, VersionConversion.ToStorage(kind, next)) is { } committed)
            {
                Changed(kind);
                return new DeleteResult(Present(kind, committed.Object).Node, false, committed.Durable);
            }
        }

        throw ApiErrors.Modified(kind, name);
    }

    /// <summary>Deletes an instance of a kind that goes away; one with finalizers stays, marked.</summary>
    public void DeleteInstance(ServedKind kind, StoredObject instance)
    {
        MapNode next = Draft.Beginning(instance.Node);
        if (ObjectMeta.Finalizers(next).Count == 0)
        {
            Store.TryRemove(kind.Collection, instance, next);
        }
        else if (!ObjectMeta.IsDeleting(next))
        {
            SetDeletion(kind, ObjectMeta.Of(next), 0);
            Store.TryPut(kind.Collection, instance, instance.Namespace, instance.Name, next);
        }
    }

    /// <summary>The kind's plural, for a Status that tells of a deletion.</summary>
    public static MapNode DeletedStatus(ServedKind kind, string name, MapNode deleted)
    {
        MapNode details = ApiErrors.Details(kind.Kind.Group, kind.Plural, name);
        details["uid"] = ObjectMeta.Text(deleted, "uid");
        return new MapNode { ["kind"] = "Status", ["apiVersion"] = "v1", ["metadata"] = new MapNode(), ["status"] = "Success", ["details"] = details };
    }

    /// <summary>Sets what a deletion sets; true when nothing holds the object back.</summary>
    private bool MarkDeleted(ServedKind kind, MapNode live, MapNode next, DeleteRequest options, WriteContext context)
    {
        List<string> finalizers = NextFinalizers(kind, live, options, context);
        if (kind.QualifiedPlural == "customresourcedefinitions.apiextensions.k8s.io" && !ObjectMeta.IsDeleting(live) && !finalizers.Contains(Definitions.DefinitionWatcher.Finalizer))
        {
            // Its objects have to go first.
            finalizers.Add(Definitions.DefinitionWatcher.Finalizer);
        }

        ObjectMeta.SetFinalizers(next, finalizers);
        long grace = GracePeriod(kind, live, options);
        bool deleting = ObjectMeta.IsDeleting(live);
        MapNode metadata = ObjectMeta.Of(next);
        bool held = grace > 0 || finalizers.Count > 0 || (kind.Plural == "namespaces" && (live.At("spec", "finalizers")?.AsList()?.Count ?? 0) > 0);
        bool graceful = kind.QualifiedPlural == "pods";
        if (!deleting && (held || graceful))
        {
            SetDeletion(kind, metadata, grace);
        }
        else if (deleting && graceful && grace < (metadata["deletionGracePeriodSeconds"]?.AsInteger() ?? 0))
        {
            metadata["deletionTimestamp"] = After(grace);
            metadata["deletionGracePeriodSeconds"] = grace;
        }

        if (held && kind.QualifiedPlural == "namespaces")
        {
            next["status"] = live["status"]?.DeepClone() ?? new MapNode();
            next.EnsureMap("status")["phase"] = "Terminating";
        }

        if (kind.QualifiedPlural == "customresourcedefinitions.apiextensions.k8s.io" && held)
        {
            next["status"] = live["status"]?.DeepClone() ?? new MapNode();
            Definitions.DefinitionStatus.MarkTerminating(next, Now());
        }

        return !held;
    }

    private static bool WasMarked(MapNode live, MapNode next) =>
        !Node.DeepEquals(live.At("metadata", "deletionTimestamp"), next.At("metadata", "deletionTimestamp"))
        || !Node.DeepEquals(live.At("metadata", "deletionGracePeriodSeconds"), next.At("metadata", "deletionGracePeriodSeconds"));

    private void SetDeletion(ServedKind kind, MapNode metadata, long grace)
    {
        metadata["deletionTimestamp"] = After(grace);
        if (kind.QualifiedPlural is "namespaces" or "customresourcedefinitions.apiextensions.k8s.io")
        {
            return;
        }

        metadata["deletionGracePeriodSeconds"] = grace;
        if (metadata["generation"]?.AsInteger() is { } generation and > 0 && KindRules.HasGeneration(kind))
        {
            metadata["generation"] = generation + 1;
        }
    }

    private string After(long seconds) => Timestamp.Text(Time.GetUtcNow().AddSeconds(seconds));

    private static long GracePeriod(ServedKind kind, MapNode live, DeleteRequest options)
    {
        if (kind.QualifiedPlural != "pods")
        {
            return 0;
        }

        long grace = options.GracePeriodSeconds ?? live.At("spec", "terminationGracePeriodSeconds")?.AsInteger() ?? 30;
        string phase = live.At("status", "phase")?.AsString() ?? string.Empty;
        bool scheduled = live.At("spec", "nodeName")?.AsString() is { Length: > 0 };
        grace = Math.Max(0, !scheduled || phase is "Succeeded" or "Failed" ? 0 : grace < 0 ? 1 : grace);
        return ObjectMeta.IsDeleting(live) ? Math.Min(grace, live.At("metadata", "deletionGracePeriodSeconds")?.AsInteger() ?? grace) : grace;
    }

    private static List<string> NextFinalizers(ServedKind kind, MapNode live, DeleteRequest options, WriteContext context)
    {
        List<string> finalizers = [.. ObjectMeta.Finalizers(live)];
        string policy = options.PropagationPolicy
            ?? (options.OrphanDependents is { } orphan ? (orphan ? "Orphan" : "Background") : string.Empty);
        if (policy.Length == 0)
        {
            if (KindRules.OrphansByDefault(kind) && !finalizers.Contains(Orphan) && !finalizers.Contains(Foreground))
            {
                finalizers.Add(Orphan);
                if (kind.Plural == "jobs")
                {
                    context.Warn("child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning");
                }
            }

            return finalizers;
        }

        finalizers.RemoveAll(name => name is Orphan or Foreground);
        if (policy != "Background")
        {
            finalizers.Add(policy == "Orphan" ? Orphan : Foreground);
        }

        return finalizers;
    }

    private static void CheckDeleteOptions(DeleteRequest options)
    {
        if (options.PropagationPolicy is { } policy && policy is not ("Background" or "Foreground" or "Orphan"))
        {
            FieldError error = new("FieldValueNotSupported", "propagationPolicy", $"Unsupported value: \"{policy}\": supported values: \"Foreground\", \"Background\", \"Orphan\", \"nil\"");
            throw ApiErrors.Invalid("meta.k8s.io", "DeleteOptions", string.Empty, [error]);
        }

        if (options.PropagationPolicy is not null && options.OrphanDependents is not null)
        {
            throw ApiErrors.Invalid("meta.k8s.io", "DeleteOptions", string.Empty, [FieldError.Invalid("propagationPolicy", options.PropagationPolicy, "orphanDependents and deletionPropagation cannot be both set")]);
        }
    }

    private static void CheckDeletePreconditions(ServedKind kind, string name, MapNode live, DeleteRequest options)
    {
        if (options.Uid is { } uid && uid != ObjectMeta.Text(live, "uid"))
        {
            throw Precondition(kind, name, $"the UID in the precondition ({uid}) does not match the UID in record ({ObjectMeta.Text(live, "uid")}). The object might have been deleted and then recreated");
        }

        if (options.ResourceVersion is { } version && version != ObjectMeta.Text(live, "resourceVersion"))
        {
            throw Precondition(kind, name, $"the ResourceVersion in the precondition ({version}) does not match the ResourceVersion in record ({ObjectMeta.Text(live, "resourceVersion")}). The object might have been modified");
        }
    }

    private static ApiException Precondition(ServedKind kind, string name, string why) => new(
        409,
        "Conflict",
        $"Operation cannot be fulfilled on {kind.QualifiedKind} \"{name}\": {why}",
        ApiErrors.Details(kind.Kind.Group, kind.Kind.Kind, name));
}
