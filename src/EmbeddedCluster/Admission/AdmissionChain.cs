using Bowline.EmbeddedCluster.Admission.Policies;
using Bowline.EmbeddedCluster.Admission.PodSecurity;
using Bowline.EmbeddedCluster.Admission.Quotas;
using Bowline.EmbeddedCluster.Admission.Webhooks;
using Bowline.EmbeddedCluster.Kinds;
using Bowline.EmbeddedCluster.Storage;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Admission;

/// <summary>The admission plugins that kube-apiserver has on by default, in its order; policies and webhooks come after what is built in.</summary>
internal sealed class AdmissionChain : IDisposable
{
    private const string Registration = "admissionregistration.k8s.io";
    private readonly ObjectStore store;
    private readonly NamespaceLifecycle namespaces;
    private readonly ServiceAccountAdmission accounts;
    private readonly PriorityAdmission priority;
    private readonly LimitRanger limits;
    private readonly RuntimeClassAdmission runtimes;
    private readonly CertificateAdmission certificates;
    private readonly StorageDefaults storage;
    private readonly PodSecurityAdmission podSecurity;
    private readonly QuotaAdmission quota;
    private readonly MutatingChain mutating;
    private readonly PolicyChain policies;
    private readonly WebhookChain hooks;

    public AdmissionChain(ObjectStore store, KindRegistry kinds, WebhookSettings webhooks, PolicySettings settings, SignerCheck signers, Func<StoredObject, MapNode, bool> bookQuota)
    {
        this.store = store;
        namespaces = new NamespaceLifecycle(store);
        accounts = new ServiceAccountAdmission(store);
        priority = new PriorityAdmission(store);
        limits = new LimitRanger(store);
        runtimes = new RuntimeClassAdmission(store);
        certificates = new CertificateAdmission(signers);
        storage = new StorageDefaults(store);
        podSecurity = new PodSecurityAdmission(store);
        quota = new QuotaAdmission(store, bookQuota);
        WebhookMatching matching = new(store, kinds, webhooks);
        hooks = new WebhookChain(store, matching, webhooks);
        mutating = new MutatingChain(
            new PolicyHooks<MutatingPolicy>(store, kinds, matching, $"mutatingadmissionpolicies.{Registration}", $"mutatingadmissionpolicybindings.{Registration}", static stored => new MutatingPolicy(stored)),
            matching,
            NamespaceOf,
            webhooks,
            settings);
        policies = new PolicyChain(
            new PolicyHooks<ValidatingPolicy>(store, kinds, matching, $"validatingadmissionpolicies.{Registration}", $"validatingadmissionpolicybindings.{Registration}", static stored => new ValidatingPolicy(stored)),
            matching,
            NamespaceOf,
            settings);
    }

    public void CheckNamespace(AdmissionRequest request) => namespaces.Check(request);

    /// <summary>Lets every plugin change the object; what comes back is that object, or the one that policies and webhooks made of it.</summary>
    public async ValueTask<MapNode> MutateAsync(AdmissionRequest request, CancellationToken cancellationToken)
    {
        PolicyRun policyRun = new();
        MutatingRun hookRun = new();
        request = await RoundAsync(request, policyRun, hookRun, cancellationToken).ConfigureAwait(false);
        if (policyRun.CallsForMore || hookRun.Changed)
        {
            // Once more, and no further: the built-in plugins, and of the others those that may be called again.
            policyRun.BeginSecondRound();
            hookRun.BeginSecondRound(request.Object);
            request = await RoundAsync(request, policyRun, hookRun, cancellationToken).ConfigureAwait(false);
        }

        return request.Object;
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

    private async ValueTask<AdmissionRequest> RoundAsync(AdmissionRequest request, PolicyRun policyRun, MutatingRun hookRun, CancellationToken cancellationToken)
    {
        MutateBuiltIn(request);
        request = request with { Object = mutating.Mutate(request, policyRun) };
        return await hooks.MutateAsync(request, hookRun, cancellationToken).ConfigureAwait(false);
    }

    private MapNode? NamespaceOf(AdmissionRequest request) =>
        request.Kind.QualifiedPlural == "namespaces" || request.Namespace.Length == 0 ? null : store.Get("namespaces", string.Empty, request.Namespace)?.Node;

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
