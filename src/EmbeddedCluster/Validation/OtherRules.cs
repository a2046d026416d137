using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Validation;

/// <summary>Rights, leases, runtimes, certificates, events and aggregated APIs.</summary>
internal static class OtherRules
{
    public static void Role(Checks check, MapNode node, bool namespaced)
    {
        foreach ((Node rule, string at) in Checks.Each(node["rules"], "rules"))
        {
            check.Require(rule["verbs"], $"{at}.verbs", "verbs must contain at least one value");
            if (rule["nonResourceURLs"] is ListNode { Count: > 0 } paths)
            {
                if (namespaced)
                {
                    check.Add(FieldError.Invalid($"{at}.nonResourceURLs", paths, "namespaced rules cannot apply to non-resource URLs"));
                }

                if (rule["apiGroups"] is ListNode { Count: > 0 } || rule["resources"] is ListNode { Count: > 0 } || rule["resourceNames"] is ListNode { Count: > 0 })
                {
                    check.Add(FieldError.Invalid($"{at}.nonResourceURLs", paths, "rules cannot apply to both regular resources and non-resource URLs"));
                }

                continue;
            }

            check.Require(rule["apiGroups"], $"{at}.apiGroups", "resource rules must supply at least one api group");
            check.Require(rule["resources"], $"{at}.resources", "resource rules must supply at least one resource");
        }
    }

    public static void Binding(Checks check, MapNode node, bool namespaced)
    {
        if (node.At("roleRef", "apiGroup")?.AsString() is { } group && group != "rbac.authorization.k8s.io")
        {
            check.Add(FieldError.NotSupported("roleRef.apiGroup", group, "rbac.authorization.k8s.io"));
        }

        string kind = node.At("roleRef", "kind")?.AsString() ?? string.Empty;
        string[] kinds = namespaced ? ["Role", "ClusterRole"] : ["ClusterRole"];
        if (!kinds.Contains(kind))
        {
            check.Add(FieldError.NotSupported("roleRef.kind", kind, kinds));
        }

        check.RequireName(node.At("roleRef", "name"), "roleRef.name", NameRules.PathSegment);
        foreach ((Node subject, string at) in Checks.Each(node["subjects"], "subjects"))
        {
            Subject(check, subject, at, namespaced);
        }
    }

    private static void Subject(Checks check, Node subject, string path, bool namespaced)
    {
        check.Require(subject["name"], $"{path}.name");
        string group = subject["apiGroup"]?.AsString() ?? string.Empty;
        switch (subject["kind"]?.AsString())
        {
            case "ServiceAccount":
                check.NameIfSet(subject["name"], $"{path}.name", NameRules.Subdomain);
                if (group.Length > 0)
                {
                    check.Add(FieldError.NotSupported($"{path}.apiGroup", group, string.Empty));
                }

                if (!namespaced)
                {
                    check.Require(subject["namespace"], $"{path}.namespace");
                }

                break;
            case "User" or "Group":
                if (group != "rbac.authorization.k8s.io")
                {
                    check.Add(FieldError.NotSupported($"{path}.apiGroup", group, "rbac.authorization.k8s.io"));
                }

                break;
            default:
                check.Add(FieldError.NotSupported($"{path}.kind", subject["kind"] ?? StringNode.Empty, "ServiceAccount", "User", "Group"));
                break;
        }
    }

    public static void Lease(Checks check, MapNode node)
    {
        Node? spec = node["spec"];
        check.Positive(spec?["leaseDurationSeconds"], "spec.leaseDurationSeconds");
        check.NotNegative(spec?["leaseTransitions"], "spec.leaseTransitions");
        if (spec?["strategy"]?.AsString() is { Length: > 0 } strategy && strategy != "OldestEmulationVersion" && !strategy.Contains('/', StringComparison.Ordinal))
        {
            check.Add(FieldError.NotSupported("spec.strategy", strategy, "OldestEmulationVersion"));
        }

        if (spec?["preferredHolder"]?.AsString() is { Length: > 0 } && spec["strategy"]?.AsString() is null or "")
        {
            if (spec?["preferredHolder"] is { } holder)
            {
                check.Add(FieldError.Forbidden("spec.preferredHolder", "may only be specified if `strategy` is defined"));
                _ = holder;
            }
        }
    }

    public static void RuntimeClass(Checks check, MapNode node)
    {
        foreach (string wrong in NameRules.Label(node["handler"]?.AsString() ?? string.Empty))
        {
            check.Add(FieldError.Invalid("handler", node["handler"] ?? StringNode.Empty, wrong));
        }

        foreach ((string name, Node amount, string at) in Checks.Members(node.At("overhead", "podFixed"), "overhead.podFixed"))
        {
            ResourceRules.ContainerName(check, name, at);
            check.Amount(amount, at);
        }

        MetadataRules.CheckLabels(node.At("scheduling", "nodeSelector"), "scheduling.nodeSelector", check.Errors);
    }

    public static void CertificateRequest(Checks check, MapNode node)
    {
        Node? spec = node["spec"];
        string request = spec?["request"]?.AsString() ?? string.Empty;
        if (PemProblem(request) is { } problem)
        {
            check.Add(FieldError.Invalid("spec.request", request, problem));
        }

        check.Require(spec?["usages"], "spec.usages");
        Signer(check, spec?["signerName"]);
        if (spec?["expirationSeconds"]?.AsInteger() is { } seconds and < 600)
        {
            check.Add(FieldError.Invalid("spec.expirationSeconds", seconds, "may not specify a duration less than 600 seconds (10 minutes)"));
        }

        HashSet<string> usages = new(StringComparer.Ordinal);
        foreach ((Node usage, string at) in Checks.Each(spec?["usages"], "spec.usages"))
        {
            if (!usages.Add(usage.AsString() ?? string.Empty))
            {
                check.Add(FieldError.Duplicate(at, usage));
            }
        }
    }

    private static string? PemProblem(string base64)
    {
        try
        {
            string pem = System.Text.Encoding.UTF8.GetString(Convert.FromBase64String(base64));
            if (!pem.Contains("-----BEGIN CERTIFICATE REQUEST-----", StringComparison.Ordinal))
            {
                return "PEM block type must be CERTIFICATE REQUEST";
            }

            System.Security.Cryptography.X509Certificates.CertificateRequest.LoadSigningRequestPem(pem, System.Security.Cryptography.HashAlgorithmName.SHA256, signerSignaturePadding: System.Security.Cryptography.RSASignaturePadding.Pkcs1);
            return null;
        }
        catch (Exception e) when (e is FormatException or ArgumentException)
        {
            return "PEM block type must be CERTIFICATE REQUEST";
        }
        catch (System.Security.Cryptography.CryptographicException e)
        {
            return e.Message;
        }
    }

    private static void Signer(Checks check, Node? value)
    {
        string signer = value?.AsString() ?? string.Empty;
        if (signer.Length == 0)
        {
            check.Add(FieldError.Required("spec.signerName"));
            return;
        }

        string[] parts = signer.Split('/');
        if (parts.Length != 2)
        {
            check.Add(FieldError.Invalid("spec.signerName", signer, "must be a fully qualified domain and path of the form 'example.com/signer-name'"));
            return;
        }

        foreach (string wrong in NameRules.Subdomain(parts[0]))
        {
            check.Add(FieldError.Invalid("spec.signerName", parts[0], $"validating label \"{parts[0]}\": {wrong}"));
        }

        if (!parts[0].Contains('.', StringComparison.Ordinal))
        {
            check.Add(FieldError.Invalid("spec.signerName", signer, "should be a domain with at least two segments separated by dots"));
        }

        foreach (string wrong in NameRules.Subdomain(parts[1]))
        {
            check.Add(FieldError.Invalid("spec.signerName", parts[1], $"validating label \"{parts[1]}\": {wrong}"));
        }
    }

    public static void Event(Checks check, MapNode node)
    {
        string @namespace = node.At("metadata", "namespace")?.AsString() ?? string.Empty;
        string about = node.At("involvedObject", "namespace")?.AsString() ?? string.Empty;
        bool fits = about.Length == 0 ? @namespace is "default" or "" or "kube-system" : about == @namespace;
        if (!fits)
        {
            check.Add(FieldError.Invalid("involvedObject.namespace", about, "does not match event.namespace"));
        }
    }

    /// <summary>The newer API asks for what the older one leaves open.</summary>
    public static void NewEvent(Checks check, MapNode node)
    {
        string @namespace = node.At("metadata", "namespace")?.AsString() ?? string.Empty;
        string about = node.At("regarding", "namespace")?.AsString() ?? string.Empty;
        if (about.Length > 0 ? about != @namespace : @namespace != "default")
        {
            check.Add(FieldError.Invalid("involvedObject.namespace", about, "does not match event.namespace"));
        }

        if (node["eventTime"] is null or NullNode)
        {
            check.Add(FieldError.Required("eventTime"));
            return;
        }

        check.RequireName(node["reportingController"], "reportingController", NameRules.QualifiedName);
        check.Require(node["reportingInstance"], "reportingInstance");
        check.Require(node["action"], "action");
        check.Require(node["reason"], "reason");
        if (node["type"]?.AsString() is not ("Normal" or "Warning"))
        {
            check.Add(FieldError.Invalid("type", string.Empty, $"has invalid value: {node["type"]?.AsString()}"));
        }
    }

    public static void ApiService(Checks check, MapNode node)
    {
        Node? spec = node["spec"];
        string group = spec?["group"]?.AsString() ?? string.Empty;
        string version = spec?["version"]?.AsString() ?? string.Empty;
        string name = node.At("metadata", "name")?.AsString() ?? string.Empty;
        string expected = $"{version}.{group}";
        if (name != expected)
        {
            check.Add(FieldError.Invalid("metadata.name", name, $"must be `spec.version+\".\"+spec.group`: \"{expected}\""));
        }

        check.RequireName(spec?["version"], "spec.version", NameRules.Label1035);
        if ((spec?["groupPriorityMinimum"]?.AsInteger() ?? 0) is <= 0 or > 20000)
        {
            check.Add(FieldError.Invalid("spec.groupPriorityMinimum", spec?["groupPriorityMinimum"] ?? IntegerNode.Of(0), "must be positive and less than 20000"));
        }

        if ((spec?["versionPriority"]?.AsInteger() ?? 0) is <= 0 or > 1000)
        {
            check.Add(FieldError.Invalid("spec.versionPriority", spec?["versionPriority"] ?? IntegerNode.Of(0), "must be positive and less than 1000"));
        }

        if (spec?["service"] is MapNode service)
        {
            check.Require(service["namespace"], "spec.service.namespace");
            check.Require(service["name"], "spec.service.name");
            check.Port(service["port"], "spec.service.port");
            if (spec["insecureSkipTLSVerify"]?.AsBool() == true && spec["caBundle"] is StringNode { Value.Length: > 0 })
            {
                check.Add(FieldError.Invalid("spec.insecureSkipTLSVerify", true, "may not be true if caBundle is present"));
            }
        }
    }

    public static void OnUpdate(Checks check, string kind, MapNode node, MapNode live)
    {
        switch (kind)
        {
            case "ingressclasses.networking.k8s.io":
                check.Immutable(node.At("spec", "controller"), live.At("spec", "controller"), "spec.controller");
                break;
            case "runtimeclasses.node.k8s.io":
                check.Immutable(node["handler"], live["handler"], "handler");
                break;
            case "endpointslices.discovery.k8s.io":
                check.Immutable(node["addressType"], live["addressType"], "addressType");
                break;
            case "volumeattachments.storage.k8s.io" when !Node.DeepEquals(node["spec"], live["spec"]):
                check.Add(FieldError.Invalid("spec", node["spec"], "field is immutable"));
                break;
            case "csidrivers.storage.k8s.io":
                foreach (string key in (ReadOnlySpan<string>)["attachRequired", "fsGroupPolicy", "volumeLifecycleModes"])
                {
                    check.Immutable(node.At("spec", key), live.At("spec", key), $"spec.{(key == "attachRequired" ? "attachedRequired" : key)}");
                }

                break;
            case "rolebindings.rbac.authorization.k8s.io" or "clusterrolebindings.rbac.authorization.k8s.io" when !Node.DeepEquals(node["roleRef"], live["roleRef"]):
                check.Add(FieldError.Invalid("roleRef", node["roleRef"], "cannot change roleRef"));
                break;
            case "resourcequotas":
                PolicyRules.QuotaUpdate(check, node, live);
                break;
            case "priorityclasses.scheduling.k8s.io":
                PolicyRules.PriorityClassUpdate(check, node, live);
                break;
            case "storageclasses.storage.k8s.io":
                StorageRules.ClassUpdate(check, node, live);
                break;
            case "persistentvolumes":
                StorageRules.VolumeUpdate(check, node, live);
                break;
            default:
                break;
        }
    }

}
