using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Validation;

/// <summary>Leases, runtimes, certificates, events and aggregated APIs.</summary>
internal static class OtherRules
{
    private static readonly string[] Usages =
    [
        "any", "cert sign", "client auth", "code signing", "content commitment", "crl sign", "data encipherment", "decipher only", "digital signature", "email protection", "encipher only", "ipsec end system",
        "ipsec tunnel", "ipsec user", "key agreement", "key encipherment", "microsoft sgc", "netscape sgc", "ocsp signing", "s/mime", "server auth", "signing", "timestamping",
    ];

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
        PodRules.Tolerations(check, node["scheduling"], "scheduling.tolerations");
        List<Node> seen = [];
        foreach ((Node toleration, string at) in Checks.Each(node.At("scheduling", "tolerations"), "scheduling.tolerations"))
        {
            if (seen.Any(other => ((string[])["key", "operator", "value", "effect"]).All(key => Checks.Text(other[key]) == Checks.Text(toleration[key]))))
            {
                check.Add(FieldError.Duplicate(at, toleration));
            }

            seen.Add(toleration);
        }
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
            if (!Usages.Contains(Checks.Text(usage)))
            {
                check.Add(FieldError.NotSupported(at, usage, Usages));
            }

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

    /// <summary>Events of the core API: what the newer one asks for counts once they have an eventTime.</summary>
    public static void Event(Checks check, MapNode node) => Event(check, node, "involvedObject", "reportingComponent", "message");

    /// <summary>The newer API asks for what the older one leaves open.</summary>
    public static void NewEvent(Checks check, MapNode node)
    {
        Event(check, node, "regarding", "reportingController", "note");
        Series(check, node["series"]);
        check.Require(node["eventTime"], "eventTime");
        if (node["type"]?.AsString() is not ("Normal" or "Warning"))
        {
            check.Add(FieldError.Invalid("type", string.Empty, $"has invalid value: {node["type"]?.AsString()}"));
        }

        foreach ((string member, string shown) in ((string, string)[])[("deprecatedFirstTimestamp", "firstTimestamp"), ("deprecatedLastTimestamp", "lastTimestamp"), ("deprecatedCount", "count"), ("deprecatedSource", "source")])
        {
            if (node[member] is not (null or NullNode or MapNode { Count: 0 }) && node[member]?.AsInteger() != 0)
            {
                check.Add(FieldError.Invalid(shown, string.Empty, "needs to be unset"));
            }
        }
    }

    /// <summary>Of an event of the newer API only the series may change.</summary>
    private static void NewEventUpdate(Checks check, MapNode node, MapNode live)
    {
        Event(check, node, "regarding", "reportingController", "note");
        if (!Node.DeepEquals(node["series"], live["series"]))
        {
            Series(check, node["series"]);
        }

        foreach ((string member, string shown) in ((string, string)[])
            [("regarding", "involvedObject"), ("reason", "reason"), ("note", "message"), ("deprecatedSource", "source"), ("deprecatedFirstTimestamp", "firstTimestamp"), ("deprecatedLastTimestamp", "lastTimestamp"), ("deprecatedCount", "count"), ("reason", "reason"), ("type", "type"), ("eventTime", "eventTime"), ("action", "action"), ("related", "related"), ("reportingController", "reportingController"), ("reportingInstance", "reportingInstance")])
        {
            check.Immutable(node[member], live[member], shown, StringNode.Empty);
        }
    }

    private static void Series(Checks check, Node? node)
    {
        if (node is MapNode series)
        {
            if ((series["count"]?.AsInteger() ?? 0) < 2)
            {
                check.Add(FieldError.Invalid("series.count", string.Empty, "should be at least 2"));
            }

            check.Require(series["lastObservedTime"], "series.lastObservedTime");
        }
    }

    private static void Event(Checks check, MapNode node, string about, string reporter, string note)
    {
        string @namespace = Checks.Text(node.At("metadata", "namespace"));
        string other = Checks.Text(node.At(about, "namespace"));
        bool timed = !Checks.IsEmpty(node["eventTime"]);
        bool fits = timed ? other.Length > 0 || @namespace is "default" or "kube-system" : other.Length == 0 ? @namespace is "default" or "" : other == @namespace;
        if (!fits)
        {
            check.Add(FieldError.Invalid("involvedObject.namespace", other, "does not match event.namespace"));
        }

        if (!timed)
        {
            return;
        }

        check.Require(node[reporter], reporter);
        check.Name(node[reporter], reporter, NameRules.QualifiedName);
        foreach (string member in (ReadOnlySpan<string>)["reportingInstance", "action", "reason"])
        {
            check.Require(node[member], member);
            if (Checks.Text(node[member]).Length > 128)
            {
                check.Add(FieldError.Invalid(member, string.Empty, "can have at most 128 characters"));
            }
        }

        if (Checks.Text(node[note]).Length > 1024)
        {
            check.Add(FieldError.Invalid("message", string.Empty, "can have at most 1024 characters"));
        }
    }

    public static void ApiService(Checks check, MapNode node)
    {
        Node? spec = node["spec"];
        string group = spec?["group"]?.AsString() ?? string.Empty;
        string version = spec?["version"]?.AsString() ?? string.Empty;
        string name = node.At("metadata", "name")?.AsString() ?? string.Empty;
        string expected = $"{version}.{group}";
        if (name.Length > 0 && name != expected)
        {
            check.Add(FieldError.Invalid("metadata.name", name, $"must be `spec.version+\".\"+spec.group`: \"{expected}\""));
        }

        if (group.Length == 0 && version != "v1")
        {
            check.Add(FieldError.Required("spec.group", "only v1 may have an empty group and it better be legacy kube"));
        }

        check.NameIfSet(spec?["group"], "spec.group", NameRules.Subdomain);
        check.Name(spec?["version"], "spec.version", NameRules.Label1035);
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
            check.Between(service["port"], "spec.service.port", 1, 65535, "port is not valid: must be between 1 and 65535, inclusive");
            if (spec["insecureSkipTLSVerify"]?.AsBool() == true && spec["caBundle"] is StringNode { Value.Length: > 0 })
            {
                check.Add(FieldError.Invalid("spec.insecureSkipTLSVerify", true, "may not be true if caBundle is present"));
            }

            return;
        }

        if (spec?["caBundle"] is StringNode { Value.Length: > 0 } bundle)
        {
            check.Add(FieldError.Invalid("spec.caBundle", $"{Convert.FromBase64String(bundle.Value).Length} bytes", "local APIServices may not have a caBundle"));
        }

        if (spec?["insecureSkipTLSVerify"]?.AsBool() == true)
        {
            check.Add(FieldError.Invalid("spec.insecureSkipTLSVerify", true, "local APIServices may not have insecureSkipTLSVerify"));
        }
    }

    public static void OnUpdate(Checks check, string kind, MapNode node, MapNode live)
    {
        switch (kind)
        {
            case "ingressclasses.networking.k8s.io":
                check.Immutable(node.At("spec", "controller"), live.At("spec", "controller"), "spec.controller", StringNode.Empty);
                break;
            case "runtimeclasses.node.k8s.io":
                check.Immutable(node["handler"], live["handler"], "handler", StringNode.Empty);
                break;
            case "endpointslices.discovery.k8s.io":
                check.Immutable(node["addressType"], live["addressType"], "addressType", StringNode.Empty);
                break;
            case "volumeattachments.storage.k8s.io" when !Node.DeepEquals(node["spec"], live["spec"]):
                check.Add(FieldError.Invalid("spec", node["spec"], "field is immutable"));
                break;
            case "events.events.k8s.io":
                NewEventUpdate(check, node, live);
                break;
            case "csinodes.storage.k8s.io":
                StorageRules.CsiNodeUpdate(check, node, live);
                break;
            case "csidrivers.storage.k8s.io":
                foreach (string key in (ReadOnlySpan<string>)["attachRequired", "fsGroupPolicy", "volumeLifecycleModes"])
                {
                    check.Immutable(node.At("spec", key), live.At("spec", key), $"spec.{(key == "attachRequired" ? "attachedRequired" : key)}", key == "volumeLifecycleModes" ? Node.Null : null);
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
