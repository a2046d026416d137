using Bowline.EmbeddedCluster.Admission.Policies;
using Bowline.EmbeddedCluster.Admission.PodSecurity;
using Bowline.EmbeddedCluster.Admission.Quotas;
using Bowline.EmbeddedCluster.Admission.Webhooks;
using Bowline.EmbeddedCluster.Kinds;
using Bowline.EmbeddedCluster.Storage;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Admission;

/// <summary>The admission plugins that kube-apiserver has on by default, in its order; policies and webhooks come after what is built in.</summary>
internal sealed class AdmissionChain(ObjectStore store, KindRegistry kinds, WebhookSettings webhooks, PolicySettings policySettings, SignerCheck signers, Func<StoredObject, MapNode, bool> bookQuota) : IDisposable
{
    private readonly NamespaceLifecycle namespaces = new(store);
    private readonly ServiceAccountAdmission accounts = new(store);
    private readonly PriorityAdmission priority = new(store);
    private readonly LimitRanger limits = new(store);
    private readonly RuntimeClassAdmission runtimes = new(store);
    private readonly CertificateAdmission certificates = new(signers);
    private readonly StorageDefaults storage = new(store);
    private readonly PodSecurityAdmission podSecurity = new(store);
    private readonly QuotaAdmission quota = new(store, bookQuota);
    private readonly PolicyChain policies = new(store, kinds, webhooks, policySettings);
    private readonly WebhookChain hooks = new(store, kinds, webhooks);

    public void CheckNamespace(AdmissionRequest request) => namespaces.Check(request);

    /// <summary>Lets every plugin change the object; what comes back is that object, or the one that webhooks made of it.</summary>
    public ValueTask<MapNode> MutateAsync(AdmissionRequest request, CancellationToken cancellationToken)
    {
        MutateBuiltIn(request);
        return hooks.MutateAsync(request, MutateBuiltIn, cancellationToken);
    }

    /// <returns>To be disposed once the object is stored or given up; null when nothing is held for it.</returns>
    public async ValueTask<IDisposable?> ValidateAsync(AdmissionRequest request, CancellationToken cancellationToken)
    {
        limits.Validate(request);
        podSecurity.Validate(request);
        storage.Validate(request);
        certificates.Validate(request);
        policies.Validate(request);
        await hooks.ValidateAsync(request, cancellationToken).ConfigureAwait(false);
        return quota.Validate(request);
    }

    public void Dispose() => hooks.Dispose();

    private void MutateBuiltIn(AdmissionRequest request)
    {
        limits.Mutate(request);
        accounts.Mutate(request);
        priority.Mutate(request);
        PodDefaults.Mutate(request);
        storage.Mutate(request);
        runtimes.Mutate(request);
        TopologyLabels.Mutate(request, store);
    }
}
