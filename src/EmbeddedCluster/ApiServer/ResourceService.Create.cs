using Bowline.EmbeddedCluster.Admission;
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
        PrepareBody(kind, @namespace, node);
        if (ObjectMeta.Text(node, "resourceVersion").Length > 0)
        {
            throw ApiErrors.Internal("resourceVersion should not be set on objects to be created");
        }

        MapNode metadata = ObjectMeta.Of(node);
        bool generated = ObjectMeta.Name(node).Length == 0 && ObjectMeta.Text(node, "generateName").Length > 0;
        if (generated)
        {
            metadata["name"] = Generated(ObjectMeta.Text(node, "generateName"));
        }

        MapNode ready = AdmitNew(kind, @namespace, node, context);
        return await StoreNew(kind, @namespace, ready, context, generated).ConfigureAwait(false);
    }

    private static string Generated(string prefix) => (prefix.Length > 58 ? prefix[..58] : prefix) + ObjectMeta.RandomSuffix();

    /// <summary>Namespace and defaults, as after decoding.</summary>
    private static void PrepareBody(ServedKind kind, string @namespace, MapNode node)
    {
        ObjectMeta.SettleNamespace(kind, node, @namespace);
        Defaults.Apply(kind, node);
    }

    private MapNode AdmitNew(ServedKind kind, string @namespace, MapNode node, WriteContext context)
    {
        AdmissionRequest request = Request("CREATE", kind, @namespace, node, null, string.Empty, context);
        Admission.CheckNamespace(request);
        SetCreationFields(kind, node);
        ResetOnCreate.Apply(kind, node);
        node = FieldOwnership.Created(kind, node, context, Time);
        request = request with { Object = node };
        Admission.Mutate(request);
        Preparation.OnCreate(Store, kind, node, request.User, Now());
        ThrowIfInvalid(kind, node, Checked(kind, node, Validator.OnCreate(kind, node)));
        Admission.Validate(request);
        return node;
    }

    private void SetCreationFields(ServedKind kind, MapNode node)
    {
        MapNode metadata = ObjectMeta.Of(node);
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
                using AllocationLease allocations = Allocate(kind, node, null);
                if (context.DryRun)
                {
                    return new ResourceResult(node, null, Created: true);
                }

                MapNode stored = VersionConversion.ToStorage(kind, node);
                if (Store.TryPut(kind.Collection, null, kind.Namespaced ? @namespace : string.Empty, name, stored) is { } committed)
                {
                    return await Finish(kind, committed, created: true).ConfigureAwait(false);
                }

                continue;
            }

            if (!generated || attempt > 7)
            {
                throw ApiErrors.AlreadyExists(kind, name, ObjectMeta.IsDeleting(existing.Node));
            }

            ObjectMeta.Of(node)["name"] = Generated(ObjectMeta.Text(node, "generateName"));
        }
    }

    private static AdmissionRequest Request(string operation, ServedKind kind, string @namespace, MapNode node, MapNode? old, string subresource, WriteContext context) =>
        new(operation, kind, @namespace, ObjectMeta.Name(node), node, old, subresource, context.User, context.Warn);

    private static void ThrowIfInvalid(ServedKind kind, MapNode node, List<FieldError> errors)
    {
        if (errors.Count > 0)
        {
            throw ApiErrors.Invalid(kind, ObjectMeta.Name(node), errors);
        }
    }
}
