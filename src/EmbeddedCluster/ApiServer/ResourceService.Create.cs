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
    /// <summary>Creates an object from a decoded body, which is taken over.</summary>
    public async Task<ResourceResult> CreateAsync(ServedKind kind, string @namespace, MapNode node, WriteContext context)
    {
        PrepareBody(kind, @namespace, node, context);
        if (ObjectMeta.Text(node, "resourceVersion").Length > 0 && !(context.DryRun && kind.Custom is not null))
        {
            throw ApiErrors.Internal("resourceVersion should not be set on objects to be created");
        }

        bool generated = ObjectMeta.Name(node).Length == 0 && ObjectMeta.Text(node, "generateName").Length > 0;
        Admitted admitted = await AdmitNewAsync(kind, @namespace, node, context).ConfigureAwait(false);
        using (admitted.Held)
        {
            return await StoreNew(kind, @namespace, admitted.Node, context, generated).ConfigureAwait(false);
        }
    }

    private static string Generated(string prefix) => (prefix.Length > 58 ? prefix[..58] : prefix) + ObjectMeta.RandomSuffix();

    /// <summary>Namespace and defaults, as after decoding.</summary>
    private static void PrepareBody(ServedKind kind, string @namespace, MapNode node, WriteContext context)
    {
        OwnerReferences.Deduplicate(node, context);
        ObjectMeta.SettleNamespace(kind, node, @namespace);
        Defaults.Apply(kind, node);
    }

    /// <summary>Everything between decoding and storing: admission sees the object before the server's own fields, validation with them.</summary>
    /// <param name="appliedOwners">managedFields that a server-side apply computed; null has them made here.</param>
    private async Task<Admitted> AdmitNewAsync(ServedKind kind, string @namespace, MapNode node, WriteContext context, Node? appliedOwners = null)
    {
        AdmissionRequest request = Request("CREATE", kind, @namespace, node, null, string.Empty, context);
        Admission.CheckNamespace(request);
        foreach (string own in (string[])["creationTimestamp", "uid", "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink"])
        {
            // The server's own; whoever sends them owns nothing.
            ObjectMeta.Of(node).Remove(own);
        }

        ResetOnCreate.Apply(kind, node, Now());
        if (appliedOwners is null)
        {
            node = FieldOwnership.Created(kind, node, context, Time);
        }
        else
        {
            ObjectMeta.Of(node)["managedFields"] = appliedOwners;
        }

        MapNode admitted = await Admission.MutateAsync(request with { Object = node }, context.Cancellation).ConfigureAwait(false);
        if (!ReferenceEquals(admitted, node))
        {
            ObjectMeta.SettleNamespace(kind, admitted, @namespace);
            ResetOnCreate.Apply(kind, admitted, Now());
            node = admitted;
        }

        escalation.Check(kind, @namespace, node, null, context.User);
        SetCreationFields(kind, node);
        Preparation.OnCreate(Store, kind, node, context.User, Now());
        ThrowIfInvalid(kind, node, Checked(kind, node, null, context, Validator.OnCreate(kind, node)));
        Warn(kind, node, null, context);
        return new Admitted(node, await Admission.ValidateAsync(request with { Object = node, Name = ObjectMeta.Name(node) }, context.Cancellation).ConfigureAwait(false));
    }

    private void SetCreationFields(ServedKind kind, MapNode node)
    {
        MapNode metadata = ObjectMeta.Of(node);
        if (ObjectMeta.Name(node).Length == 0 && ObjectMeta.Text(node, "generateName") is { Length: > 0 } prefix)
        {
            metadata["name"] = Generated(prefix);
        }

        metadata["uid"] = Guid.NewGuid().ToString();
        metadata["creationTimestamp"] = Now();
        metadata.Remove("deletionTimestamp");
        metadata.Remove("deletionGracePeriodSeconds");
        metadata.Remove("selfLink");
        if (KindRules.HasGeneration(kind))
        {
            metadata["generation"] = 1;
        }
    }

    private async Task<ResourceResult> StoreNew(ServedKind kind, string @namespace, MapNode node, WriteContext context, bool generated)
    {
        for (int attempt = 0; ; attempt++)
        {
            string name = ObjectMeta.Name(node);
            StoredObject? existing = Find(kind, @namespace, name);
            if (existing is null)
            {
                using AllocationLease allocations = Allocate(kind, node, null, context);
                if (context.DryRun)
                {
                    return new ResourceResult(node, null, Created: true);
                }

                context.Cancellation.ThrowIfCancellationRequested();
                MapNode stored = VersionConversion.ToStorage(kind, node);
                if (Store.TryPut(kind.Collection, null, kind.Namespaced ? @namespace : string.Empty, name, stored) is { } committed)
                {
                    return await Finish(kind, committed, created: true).ConfigureAwait(false);
                }

                // Parts of it are frozen by now, and another attempt may write into them.
                node = (MapNode)node.DeepClone();
                continue;
            }

            if (!generated || attempt > 7)
            {
                throw ApiErrors.AlreadyExists(kind, name, ObjectMeta.IsDeleting(existing.Node));
            }

            ObjectMeta.Of(node)["name"] = Generated(ObjectMeta.Text(node, "generateName"));
        }
    }

    private static void Warn(ServedKind kind, MapNode node, MapNode? live, WriteContext context)
    {
        foreach (string warning in ObjectWarnings.Of(kind, node, live))
        {
            context.Warn(warning);
        }
    }

    private static void ThrowIfInvalid(ServedKind kind, MapNode node, List<FieldError> errors)
    {
        if (errors.Count > 0)
        {
            // Events of both groups are one kind to the reference.
            throw ApiErrors.Invalid(kind.Kind.Kind == "Event" ? string.Empty : kind.Kind.Group, kind.Kind.Kind, ObjectMeta.Name(node), errors);
        }
    }
}
