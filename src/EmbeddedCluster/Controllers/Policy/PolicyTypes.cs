using System.Collections.Concurrent;
using Bowline.EmbeddedCluster.Admission.Policies;
using Bowline.EmbeddedCluster.Definitions.Rules;
using Bowline.Languages.Cel.Types;
using Bowline.Resources.Model;
using Bowline.Resources.Schemas;

namespace Bowline.EmbeddedCluster.Controllers.Policy;

/// <summary>Checks each generation of a ValidatingAdmissionPolicy once against the types of what it is about, and writes the findings into its status.</summary>
internal sealed class PolicyTypes(ControlPlane plane) : Reconciler(plane)
{
    private static readonly ConcurrentDictionary<ResourceKind, CelType?> BuiltIn = new();
    private readonly ClusterWriter writer = new(plane.Cluster, "validatingadmissionpolicy-status");
    private readonly KindMirror policies = plane.Mirror("admissionregistration.k8s.io", "ValidatingAdmissionPolicy");
    private readonly KindMirror definitions = plane.Mirror("apiextensions.k8s.io", "CustomResourceDefinition");

    public override void Subscribe() => WatchOwn(policies);

    public override async Task<TimeSpan?> ReconcileAsync(ObjectName key, CancellationToken cancellationToken)
    {
        if (policies.Get(key) is not { } policy || policy["spec"] is not MapNode spec)
        {
            return null;
        }

        long generation = policy.At("metadata", "generation")?.AsInteger() ?? 0;
        if (generation <= (policy.At("status", "observedGeneration")?.AsInteger() ?? 0))
        {
            return null;
        }

        ListNode warnings = PolicyTypeChecks.Warnings(spec, KindOf, TypeOf);
        MapNode status = (policy["status"] as MapNode)?.DeepClone() as MapNode ?? [];
        status["observedGeneration"] = generation;
        status["typeChecking"] = warnings.Count == 0 ? [] : new MapNode { ["expressionWarnings"] = warnings };
        await writer.SetStatusAsync(policies, policy, status, cancellationToken).ConfigureAwait(false);
        return null;
    }

    private ResourceKind? KindOf(string group, string version, string plural)
    {
        if (KubernetesKinds.FindResource(group, version, plural) is { } builtIn)
        {
            return builtIn.Kind;
        }

        return definitions.All().FirstOrDefault(definition => definition.At("spec", "group")?.AsString() == group && definition.At("spec", "names", "plural")?.AsString() == plural && Version(definition, version) is not null) is { } found
            ? new ResourceKind(group, version, found.At("spec", "names", "kind")?.AsString() ?? string.Empty)
            : null;
    }

    private CelType? TypeOf(ResourceKind kind)
    {
        if (KubernetesKinds.Find(kind)?.Schema is { } schema)
        {
            return BuiltIn.GetOrAdd(kind, static (key, known) => KindType.Of(known, key.Kind), schema);
        }

        return definitions.All().FirstOrDefault(definition => definition.At("spec", "group")?.AsString() == kind.Group && definition.At("spec", "names", "kind")?.AsString() == kind.Kind) is { } found
            && Version(found, kind.Version)?.At("schema", "openAPIV3Schema") is MapNode own
            ? SchemaType.Of(own, isResource: true, kind.Kind)?.Type
            : null;
    }

    private static Node? Version(MapNode definition, string version) => (definition.At("spec", "versions")?.AsList() ?? []).FirstOrDefault(item => item["name"]?.AsString() == version);
}
