using Bowline.EmbeddedCluster.Kinds;
using Bowline.EmbeddedCluster.Storage;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Admission;

/// <summary>What is about to be written. <see cref="Object"/> may be changed by mutating steps.</summary>
/// <param name="Operation">CREATE, UPDATE or DELETE.</param>
/// <param name="Warn">Adds a warning to the answer.</param>
internal sealed record AdmissionRequest(string Operation, ServedKind Kind, string Namespace, string Name, MapNode Object, MapNode? Old, string Subresource, UserInfo User, Action<string> Warn)
{
    public bool IsCreate => Operation == "CREATE";

    public bool Is(string qualifiedPlural) => Kind.QualifiedPlural == qualifiedPlural && Subresource.Length == 0;
}

/// <summary>The admission plugins that kube-apiserver has on by default, in its order.</summary>
internal sealed class AdmissionChain(ObjectStore store)
{
    private readonly NamespaceLifecycle namespaces = new(store);
    private readonly ServiceAccountAdmission accounts = new(store);
    private readonly PriorityAdmission priority = new(store);
    private readonly LimitRanger limits = new(store);
    private readonly StorageDefaults storage = new(store);
    private readonly QuotaAdmission quota = new(store);

    public void CheckNamespace(AdmissionRequest request) => namespaces.Check(request);

    public void Mutate(AdmissionRequest request)
    {
        limits.Mutate(request);
        accounts.Mutate(request);
        priority.Mutate(request);
        PodDefaults.Mutate(request);
        storage.Mutate(request);
    }

    public void Validate(AdmissionRequest request)
    {
        limits.Validate(request);
        quota.Validate(request);
    }
}
