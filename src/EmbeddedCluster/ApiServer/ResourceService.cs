using Bowline.EmbeddedCluster.Admission;
using Bowline.EmbeddedCluster.ApiServer.Access;
using Bowline.EmbeddedCluster.ApiServer.Strategies;
using Bowline.EmbeddedCluster.Definitions;
using Bowline.EmbeddedCluster.Kinds;
using Bowline.EmbeddedCluster.Storage;
using Bowline.EmbeddedCluster.Validation;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.ApiServer;

/// <summary>An object as a request left or found it, in the version that was asked for.</summary>
/// <param name="Stored">The stored bytes when they say the same as <paramref name="Node"/>; null after a dry run or a conversion.</param>
internal sealed record ResourceResult(MapNode Node, StoredObject? Stored, bool Created = false);

/// <summary>
/// Every rule of reading and writing objects, shared by the HTTP front and the in-process cluster: decoding, defaulting,
/// admission, field ownership, validation, storage.
/// </summary>
internal sealed partial class ResourceService(ObjectStore store, KindRegistry kinds, AdmissionChain admission, TimeProvider time, System.Net.IPNetwork serviceSubnet)
{
    private const int MaxAttempts = 64;
    private readonly RoleEscalation escalation = new(new Authorizer(store));
    private readonly ServiceAllocator services = new(store, serviceSubnet);
    private readonly ServiceAddresses addresses = new(store, time);
    private readonly FlowSchemaStatus flowSchemas = new(store, time);

    private long firstRevision = store.Revision;

    public ObjectStore Store { get; } = store;

    public KindRegistry Kinds { get; } = kinds;

    public AdmissionChain Admission { get; } = admission;

    public TimeProvider Time { get; } = time;

    /// <summary>What is known of the simulated nodes, for what a kubelet would answer.</summary>
    public Kubelet.Simulation Simulation { get; } = new();

    /// <summary>Told of every write to a CRD, before the request is answered.</summary>
    public Action? DefinitionsChanged { get; set; }

    /// <summary>What was before now is compacted history, as it is for a server whose watch cache begins empty.</summary>
    public void ForgetHistory() => firstRevision = Store.Revision;

    public ResourceResult Get(ServedKind kind, string @namespace, string name)
    {
        StoredObject stored = Find(kind, @namespace, name) ?? throw ApiErrors.NotFound(kind, name);
        return Present(kind, stored);
    }

    internal StoredObject? Find(ServedKind kind, string @namespace, string name) => Store.Get(kind.Collection, kind.Namespaced ? @namespace : string.Empty, name);

    /// <summary>A stored object in the asked version.</summary>
    internal static ResourceResult Present(ServedKind kind, StoredObject stored, bool created = false) =>
        IsStoredAs(kind, stored)
            ? new ResourceResult(stored.Node, stored, created)
            : new ResourceResult(VersionConversion.FromStorage(kind, stored.Node), null, created);

    internal static bool IsStoredAs(ServedKind kind, StoredObject stored) =>
        kind.Kind == kind.StorageKind && (kind.Custom is null || stored.Node["apiVersion"]?.AsString() == kind.Kind.ApiVersion);

    private string Now() => Timestamp.Text(Time.GetUtcNow());

    /// <param name="live">The object before an update; null for a new one.</param>
    private static List<FieldError> Checked(ServedKind kind, MapNode node, MapNode? live, WriteContext context, List<FieldError> errors, string subresource = "")
    {
        if (kind.QualifiedPlural == DefinitionWatcher.Collection && subresource.Length == 0)
        {
            DefinitionRules.Check(new Checks(errors), node, live);
        }

        CustomObjects.Validate(kind, node, live, context.Warn, errors);
        return errors;
    }

    /// <summary>What the server itself makes of what is stored, at the start.</summary>
    public void SettleOwn()
    {
        addresses.Publish();
        flowSchemas.Settle();
    }

    private void Changed(ServedKind kind)
    {
        try
        {
            switch (kind.Collection)
            {
                case DefinitionWatcher.Collection:
                    DefinitionsChanged?.Invoke();
                    break;
                case "services":
                    addresses.Publish();
                    break;
                case ServiceAddresses.Collection:
                    addresses.Repair();
                    break;
                case FlowSchemaStatus.Schemas or FlowSchemaStatus.Levels:
                    flowSchemas.Settle();
                    break;
                default:
                    break;
            }
        }
        catch (StorageException)
        {
            // The write itself is stored; what follows from it comes with the next one that there is room for.
        }
    }

    private async Task<ResourceResult> Finish(ServedKind kind, Committed committed, bool created = false)
    {
        Changed(kind);
        await committed.Durable.ConfigureAwait(false);
        return Present(kind, committed.Object, created);
    }
}
