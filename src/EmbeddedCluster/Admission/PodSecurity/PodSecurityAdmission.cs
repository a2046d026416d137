using Bowline.EmbeddedCluster.Storage;
using Bowline.EmbeddedCluster.Validation;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Admission.PodSecurity;

/// <summary>Enforces, warns and audits the Pod Security Standards that a namespace's labels name; pod templates are warned about only.</summary>
internal sealed class PodSecurityAdmission(ObjectStore store)
{
    private const string Annotation = "pod-security.kubernetes.io/";
    private const int MostPods = 3000;

    public void Validate(AdmissionRequest request)
    {
        if (request.Operation == "DELETE")
        {
            return;
        }

        if (request.Is("namespaces"))
        {
            ValidateNamespace(request);
        }
        else if (request.Kind.QualifiedPlural == "pods" && request.Subresource is "" or "ephemeralcontainers" or "resize")
        {
            ValidatePod(request);
        }
        else if (request.Subresource.Length == 0 && TemplateOf(request) is { } template)
        {
            Evaluate(request, PolicyOf(request.Namespace), template["metadata"], template["spec"]!, enforces: false);
        }
    }

    private void ValidatePod(AdmissionRequest request)
    {
        PodSecurityPolicy policy = PolicyOf(request.Namespace);
        if (request.Object["spec"] is { } spec && !(policy.IsPrivileged && policy.Errors.Count == 0) && IsSignificant(request))
        {
            Evaluate(request, policy, request.Object["metadata"], spec, enforces: true);
        }
    }

    private static void Evaluate(AdmissionRequest request, PodSecurityPolicy policy, Node? metadata, Node spec, bool enforces)
    {
        if (enforces)
        {
            request.Annotate(Annotation + "enforce-policy", policy.Enforce.ToString());
            if (PodSecurityChecks.Run(metadata, spec, policy.Enforce) is { Count: > 0 } wrong)
            {
                throw ApiErrors.Forbidden(request.Kind, request.Label, $"violates PodSecurity \"{policy.Enforce}\": {string.Join(", ", wrong)}");
            }
        }

        if (PodSecurityChecks.Run(metadata, spec, policy.Audit) is { Count: > 0 } audited)
        {
            request.Annotate(Annotation + "audit-violations", $"would violate PodSecurity \"{policy.Audit}\": {string.Join(", ", audited)}");
        }

        if (PodSecurityChecks.Run(metadata, spec, policy.Warn) is { Count: > 0 } warned)
        {
            request.Warn($"would violate PodSecurity \"{policy.Warn}\": {string.Join(", ", warned)}");
        }
    }

    private void ValidateNamespace(AdmissionRequest request)
    {
        PodSecurityPolicy next = PodSecurityPolicy.Of(request.Object["metadata"]?["labels"]);
        PodSecurityPolicy? before = request.Old is { } old ? PodSecurityPolicy.Of(old["metadata"]?["labels"]) : null;
        bool sameErrors = before is not null && next.Errors.Select(error => error.ToString()).SequenceEqual(before.Errors.Select(error => error.ToString()));
        if (next.Errors.Count > 0 && !sameErrors)
        {
            throw ApiErrors.Invalid(request.Kind, request.Name, next.Errors);
        }

        if (before is null || next.Enforce == before.Enforce || next.Enforce.Level == PodSecurityLevel.Privileged || (next.Enforce.Minor == before.Enforce.Minor && next.Enforce.Level <= before.Enforce.Level))
        {
            return;
        }

        WarnAboutPods(request, next.Enforce);
    }

    /// <summary>Existing pods stay; whoever tightens the level is told which of them it would refuse.</summary>
    private void WarnAboutPods(AdmissionRequest request, PodSecurityStandard standard)
    {
        StoredObject[] pods = [.. store.Snapshot("pods").In(request.Name)];
        SortedDictionary<string, List<string>> found = new(StringComparer.Ordinal);
        foreach (StoredObject pod in pods.Take(MostPods))
        {
            if (pod.Node["spec"] is { } spec && PodSecurityChecks.Run(pod.Node["metadata"], spec, standard) is { Count: > 0 } wrong)
            {
                string reasons = string.Join(", ", wrong.Select(finding => finding.Reason));
                if (!found.TryGetValue(reasons, out List<string>? names))
                {
                    found[reasons] = names = [];
                }

                names.Add(pod.Name);
            }
        }

        if (pods.Length > MostPods)
        {
            request.Warn($"new PodSecurity enforce level only checked against the first {MostPods} of {pods.Length} existing pods");
        }

        if (found.Count > 0)
        {
            request.Warn($"existing pods in namespace \"{request.Name}\" violate the new PodSecurity enforce level \"{standard}\"");
        }

        foreach (string warning in found.Select(pair => $"{pair.Value.Min(StringComparer.Ordinal)}{Others(pair.Value.Count)}: {pair.Key}").Order(StringComparer.Ordinal))
        {
            request.Warn(warning);
        }
    }

    private static string Others(int count) => count switch { 1 => string.Empty, 2 => " (and 1 other pod)", _ => $" (and {count - 1} other pods)" };

    private PodSecurityPolicy PolicyOf(string @namespace) => PodSecurityPolicy.Of(store.Get("namespaces", string.Empty, @namespace)?.Node["metadata"]?["labels"]);

    private static Node? TemplateOf(AdmissionRequest request)
    {
        Node? template = request.Kind.QualifiedPlural switch
        {
            "deployments.apps" or "replicasets.apps" or "statefulsets.apps" or "daemonsets.apps" or "jobs.batch" or "replicationcontrollers" => request.Object.At("spec", "template"),
            "cronjobs.batch" => request.Object.At("spec", "jobTemplate", "spec", "template"),
            "podtemplates" => request.Object["template"],
            _ => null,
        };
        return template?["spec"] is null ? null : template;
    }

    /// <summary>An update that changes no image, container or profile is not held up by a level that came after the pod.</summary>
    private static bool IsSignificant(AdmissionRequest request)
    {
        if (request.Old is not { } old)
        {
            return true;
        }

        Dictionary<string, Node> before = Containers(old).DistinctBy(Name).ToDictionary(Name, StringComparer.Ordinal);
        Node[] now = [.. Containers(request.Object)];
        return now.Length != Containers(old).Count() || now.Any(container => !before.TryGetValue(Name(container), out Node? known) || !Node.DeepEquals(known["image"], container["image"]));
    }

    private static IEnumerable<Node> Containers(MapNode pod) =>
        ((string[])["initContainers", "containers", "ephemeralContainers"]).SelectMany(list => pod.At("spec", list)?.AsList() ?? []);

    private static string Name(Node container) => container["name"]?.AsString() ?? string.Empty;
}
