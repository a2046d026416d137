using Bowline.Resources.Model;
using Bowline.Resources.Schemas;

namespace Bowline.EmbeddedCluster.Validation;

/// <summary>Volumes, claims and the classes and drivers that provide them.</summary>
internal static class StorageRules
{
    private static readonly string[] AccessModes = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];

    public static void Claim(Checks check, MapNode node) => ClaimSpec(check, node["spec"], "spec");

    public static void ClaimSpec(Checks check, Node? spec, string path)
    {
        if (spec?["accessModes"] is not ListNode { Count: > 0 } modes)
        {
            check.Add(FieldError.Required($"{path}.accessModes", "at least 1 access mode is required"));
            modes = [];
        }

        check.Selector(spec?["selector"], $"{path}.selector");
        Modes(check, modes, $"{path}.accessModes");
        Node? asked = spec?.At("resources", "requests", "storage");
        if (asked is null)
        {
            check.Add(FieldError.Required($"{path}.resources[storage]"));
        }
        else
        {
            PositiveAmount(check, asked, $"{path}.resources[storage]");
        }

        check.NameIfSet(spec?["storageClassName"], $"{path}.storageClassName", NameRules.Subdomain);
        check.OneOf(spec?["volumeMode"], $"{path}.volumeMode", "Block", "Filesystem");
        DataSource(check, spec?["dataSource"], $"{path}.dataSource");
        DataSource(check, spec?["dataSourceRef"], $"{path}.dataSourceRef");
        check.NameIfSet(spec?["volumeAttributesClassName"], $"{path}.volumeAttributesClassName", NameRules.Subdomain);
        if (spec?["dataSource"] is MapNode old && spec["dataSourceRef"] is MapNode reference)
        {
            string? problem = !Checks.IsEmpty(reference["namespace"]) ? "may not be specified when dataSourceRef.namespace is specified"
                : ((string[])["apiGroup", "kind", "name"]).Any(key => Checks.Text(old[key]) != Checks.Text(reference[key])) ? "must match dataSourceRef" : null;
            if (problem is not null)
            {
                check.Add(FieldError.Invalid(path, $"{path}.dataSource", problem));
            }
        }
    }

    private static void DataSource(Checks check, Node? source, string path)
    {
        if (source is not MapNode)
        {
            return;
        }

        check.Require(source["name"], $"{path}.name");
        check.Require(source["kind"], $"{path}.kind");
        if (Checks.IsEmpty(source["apiGroup"]) && source["kind"]?.AsString() != "PersistentVolumeClaim")
        {
            check.Add(FieldError.Invalid(path, source["kind"], "must be 'PersistentVolumeClaim' when referencing the default apiGroup"));
        }

        check.NameIfSet(source["apiGroup"], $"{path}.apiGroup", NameRules.Subdomain);
        check.NameIfSet(source["namespace"], $"{path}.namespace", NameRules.Label);
    }

    public static void ClaimUpdate(Checks check, MapNode node, MapNode live)
    {
        const string Annotation = "volume.beta.kubernetes.io/storage-class";
        bool bound = Checks.Text(live.At("status", "phase")) == "Bound";
        bool named = Checks.Text(live.At("spec", "volumeName")).Length > 0;
        bool classed = live.At("spec", "storageClassName") is not null || live.At("metadata", "annotations", Annotation) is not null;
        check.Immutable(node.At("metadata", "annotations", Annotation), live.At("metadata", "annotations", Annotation), "metadata.annotations." + Annotation, StringNode.Empty);
        MapNode next = node["spec"]?.DeepClone() as MapNode ?? [];
        if (bound && next.At("resources", "requests") is MapNode requests && live.At("spec", "resources", "requests", "storage") is { } kept)
        {
            requests["storage"] = kept;
        }

        List<string> free = [];
        free.AddRange(named ? [] : ["volumeName"]);
        free.AddRange(named || classed ? [] : ["storageClassName"]);
        free.AddRange(bound && next["volumeAttributesClassName"] is not null ? ["volumeAttributesClassName"] : []);
        MapNode old = live["spec"] as MapNode ?? [];
        foreach (string key in free)
        {
            next[key] = old[key] ?? Node.Null;
        }

        if (!WorkloadRules.SameBut(next, old, free))
        {
            check.Add(FieldError.Forbidden("spec", "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims" + SpecText.Difference("v1.PersistentVolumeClaimSpec", old, next)));
        }

        Quantity before = Size(live.At("spec", "resources", "requests", "storage"));
        Quantity after = Size(node.At("spec", "resources", "requests", "storage"));
        if (after < before && after <= Size(live.At("status", "capacity", "storage")))
        {
            check.Add(FieldError.Forbidden("spec.resources.requests.storage", "field can not be less than status.capacity"));
        }

        check.Immutable(node.At("spec", "volumeMode"), live.At("spec", "volumeMode"), "volumeMode");
    }

    private static Quantity Size(Node? value) => Quantity.TryParse(value?.AsString(), out Quantity size) ? size : default;

    public static void Volume(Checks check, MapNode node)
    {
        Node? spec = node["spec"];
        if (spec?["accessModes"] is not ListNode { Count: > 0 } modes)
        {
            check.Add(FieldError.Required("spec.accessModes"));
            modes = [];
        }

        Modes(check, modes, "spec.accessModes");
        MapNode capacity = spec?["capacity"] as MapNode ?? [];
        if (capacity.Count == 0)
        {
            check.Add(FieldError.Required("spec.capacity"));
        }

        if (capacity["storage"] is null || capacity.Count > 1)
        {
            check.Add(FieldError.NotSupported("spec.capacity", capacity, "storage"));
        }

        foreach ((string _, Node amount, string at) in Checks.Members(capacity, "spec.capacity"))
        {
            PositiveAmount(check, amount, at);
        }

        check.OneOf(spec?["persistentVolumeReclaimPolicy"], "spec.persistentVolumeReclaimPolicy", "Delete", "Recycle", "Retain");
        if (VolumeSources.Check(check, spec, "spec", persistent: true) == "local" && spec!["nodeAffinity"] is not MapNode)
        {
            check.Add(FieldError.Required("spec.nodeAffinity", "Local volume requires node affinity"));
        }

        if (spec?.At("hostPath", "path")?.AsString() == "/" && spec["persistentVolumeReclaimPolicy"]?.AsString() == "Recycle")
        {
            check.Add(FieldError.Forbidden("spec.persistentVolumeReclaimPolicy", "may not be 'recycle' for a hostPath mount of '/'"));
        }

        check.NameIfSet(spec?["storageClassName"], "spec.storageClassName", NameRules.Subdomain);
        check.OneOf(spec?["volumeMode"], "spec.volumeMode", "Block", "Filesystem");
        if (spec?["nodeAffinity"] is MapNode affinity)
        {
            if (affinity["required"] is not MapNode required)
            {
                check.Add(FieldError.Required("spec.nodeAffinity.required", "must specify required node constraints"));
            }
            else
            {
                PodRules.NodeTerms(check, required["nodeSelectorTerms"], "spec.nodeAffinity.required.nodeSelectorTerms");
            }
        }
    }

    public static void VolumeUpdate(Checks check, MapNode node, MapNode live)
    {
        foreach (string source in (live["spec"] as MapNode ?? []).Keys.Union((node["spec"] as MapNode ?? []).Keys).Where(VolumeSources.IsSource))
        {
            if (!Node.DeepEquals(node.At("spec", source), live.At("spec", source)))
            {
                check.Add(FieldError.Forbidden("spec.persistentvolumesource", "spec.persistentvolumesource is immutable after creation"));
                break;
            }
        }

        check.Immutable(node.At("spec", "volumeMode"), live.At("spec", "volumeMode"), "volumeMode");
        Node? affinity = live.At("spec", "nodeAffinity");
        if (affinity is MapNode && !affinity.DeepEquals(node.At("spec", "nodeAffinity")))
        {
            check.Add(FieldError.Invalid("nodeAffinity", node.At("spec", "nodeAffinity") ?? StringNode.Of("null"), "field is immutable, except for updating from beta label to GA"));
        }
    }

    public static void Class(Checks check, MapNode node)
    {
        check.RequireName(node["provisioner"], "provisioner", static name => NameRules.QualifiedName(name.ToLowerInvariant()));
        Parameters(check, node);
        if (!Checks.IsEmpty(node["reclaimPolicy"]))
        {
            check.OneOf(node["reclaimPolicy"], "reclaimPolicy", "Delete", "Retain");
        }

        check.OneOf(node["volumeBindingMode"], "volumeBindingMode", "Immediate", "WaitForFirstConsumer");
        List<Node> terms = [];
        foreach ((Node term, string at) in Checks.Each(node["allowedTopologies"], "allowedTopologies"))
        {
            Topology(check, term, $"{at}.matchLabelExpressions");
            if (terms.Any(term.DeepEquals) || term["matchLabelExpressions"] is not ListNode { Count: > 0 })
            {
                check.Add(FieldError.Duplicate($"{at}.matchLabelExpressions", string.Empty));
            }

            terms.Add(term);
        }
    }

    private static void Topology(Checks check, Node term, string path)
    {
        HashSet<string> keys = new(StringComparer.Ordinal);
        foreach ((Node expression, string at) in Checks.Each(term["matchLabelExpressions"], path))
        {
            check.Require(expression["values"], $"{at}.values");
            HashSet<string> values = new(StringComparer.Ordinal);
            foreach ((Node value, string where) in Checks.Each(expression["values"], $"{at}.values").Where(pair => !values.Add(Checks.Text(pair.Item))))
            {
                check.Add(FieldError.Duplicate(where, value));
            }

            check.Name(expression["key"], $"{at}.key", NameRules.LabelKey);
            if (!keys.Add(Checks.Text(expression["key"])))
            {
                check.Add(FieldError.Duplicate($"{at}.key", expression["key"]));
            }
        }
    }

    public static void Attributes(Checks check, MapNode node)
    {
        check.RequireName(node["driverName"], "driverName", static name => NameRules.QualifiedName(name.ToLowerInvariant()));
        Parameters(check, node);
        if (node["parameters"] is not MapNode { Count: > 0 })
        {
            check.Add(FieldError.Required("parameters", "must contain at least one key/value pair"));
        }
    }

    public static void OnUpdate(Checks check, string kind, MapNode node, MapNode live)
    {
        switch (kind)
        {
            case "volumeattributesclasses.storage.k8s.io":
                check.Immutable(node["driverName"], live["driverName"], "driverName", StringNode.Empty);
                check.Immutable(node["parameters"], live["parameters"], "parameters");
                break;
            case "csistoragecapacities.storage.k8s.io":
                check.Immutable(node["nodeTopology"], live["nodeTopology"], "nodeTopology");
                check.Immutable(node["storageClassName"], live["storageClassName"], "storageClassName", StringNode.Empty);
                break;
            default:
                break;
        }
    }

    public static void Capacity(Checks check, MapNode node)
    {
        check.Name(node["storageClassName"], "storageClassName", NameRules.Subdomain);
        check.Selector(node["nodeTopology"], "nodeTopology");
        check.Amount(node["capacity"], "capacity");
        check.Amount(node["maximumVolumeSize"], "maximumVolumeSize");
    }

    private static void Parameters(Checks check, MapNode node)
    {
        foreach ((string key, Node _, string _) in Checks.Members(node["parameters"], "parameters").Where(pair => pair.Key.Length == 0))
        {
            check.Add(FieldError.Invalid("parameters", key, "field can not be empty."));
        }
    }

    public static void ClassUpdate(Checks check, MapNode node, MapNode live)
    {
        foreach (string key in (ReadOnlySpan<string>)["parameters", "provisioner", "reclaimPolicy", "volumeBindingMode"])
        {
            check.Immutable(node[key], live[key], key, key switch { "parameters" => Node.Null, "provisioner" => StringNode.Empty, _ => null });
        }
    }

    public static void Driver(Checks check, MapNode node)
    {
        check.OneOf(node.At("spec", "fsGroupPolicy"), "spec.fsGroupPolicy", "File", "None", "ReadWriteOnceWithFSType");
        foreach ((Node mode, string _) in Checks.Each(node.At("spec", "volumeLifecycleModes"), "spec.volumeLifecycleModes"))
        {
            check.OneOf(mode, "spec.volumeLifecycleModes", "Persistent", "Ephemeral");
        }

        HashSet<string> audiences = new(StringComparer.Ordinal);
        foreach ((Node request, string at) in Checks.Each(node.At("spec", "tokenRequests"), "spec.tokenRequests"))
        {
            string audience = request["audience"]?.AsString() ?? string.Empty;
            if (!audiences.Add(audience))
            {
                check.Add(FieldError.Duplicate($"{at}.audience", audience));
            }

            if (request["expirationSeconds"]?.AsInteger() < 600)
            {
                check.Add(FieldError.Invalid($"{at}.expirationSeconds", request["expirationSeconds"], "may not specify a duration less than 10 minutes"));
            }
        }
    }

    public static void Attachment(Checks check, MapNode node)
    {
        bool named = node.At("spec", "source", "persistentVolumeName") is StringNode { Value.Length: > 0 };
        bool inline = node.At("spec", "source", "inlineVolumeSpec") is MapNode;
        if (!named && !inline)
        {
            check.Add(FieldError.Required("spec.source", "must specify exactly one of inlineVolumeSpec and persistentVolumeName"));
        }
        else if (named && inline)
        {
            check.Add(FieldError.Forbidden("spec.source", "must specify exactly one of inlineVolumeSpec and persistentVolumeName"));
        }

        check.Name(node.At("spec", "nodeName"), "spec.nodeName", NameRules.Subdomain);
    }

    /// <summary>What only new attachments are asked.</summary>
    public static void NewAttachment(Checks check, MapNode node)
    {
        VolumeSources.Driver(check, node.At("spec", "attacher"), "spec.attacher");
        if (node.At("spec", "source", "persistentVolumeName") is StringNode { Value.Length: > 0 } name)
        {
            check.Name(name, "spec.source.persistentVolumeName", NameRules.Subdomain);
        }
    }

    /// <summary>A driver of a node can be added and removed, but not changed, except for how many volumes it takes.</summary>
    public static void CsiNodeUpdate(Checks check, MapNode node, MapNode live)
    {
        foreach (Node before in live.At("spec", "drivers")?.AsList() ?? [])
        {
            if ((node.At("spec", "drivers")?.AsList() ?? []).FirstOrDefault(after => Node.DeepEquals(after["name"], before["name"])) is { } next
                && !WorkloadRules.SameBut(next, before, ["allocatable"]))
            {
                check.Add(FieldError.Invalid("CSINodeDriver", next, "field is immutable"));
            }
        }
    }

    public static void CsiNode(Checks check, MapNode node)
    {
        HashSet<string> seen = new(StringComparer.Ordinal);
        foreach ((Node driver, string at) in Checks.Each(node.At("spec", "drivers"), "spec.drivers"))
        {
            VolumeSources.Driver(check, driver["name"], $"{at}.name");
            check.Require(driver["nodeID"], $"{at}.nodeID");
            if (Checks.Text(driver["nodeID"]).Length > 256)
            {
                check.Add(FieldError.Invalid($"{at}.nodeID", driver["nodeID"], "must be 256 characters or less"));
            }

            check.NotNegative(driver.At("allocatable", "count"), $"{at}.allocatable.count");
            TopologyKeys(check, driver["topologyKeys"], at);
            if (!seen.Add(driver["name"]?.AsString() ?? string.Empty))
            {
                check.Add(FieldError.Duplicate($"{at}.name", driver["name"] ?? StringNode.Empty));
            }
        }
    }

    private static void TopologyKeys(Checks check, Node? keys, string path)
    {
        HashSet<string> seen = new(StringComparer.Ordinal);
        foreach (Node key in keys?.AsList() ?? [])
        {
            check.Require(key, path);
            if (!seen.Add(Checks.Text(key)))
            {
                check.Add(FieldError.Duplicate(path, key));
            }

            foreach (string wrong in NameRules.QualifiedName(Checks.Text(key)))
            {
                check.Add(FieldError.Invalid(path, keys, wrong));
            }
        }
    }

    private static void Modes(Checks check, ListNode modes, string path)
    {
        foreach (Node mode in modes)
        {
            check.OneOf(mode, path, AccessModes);
        }

        if (modes.Count > 1 && modes.Any(mode => mode.AsString() == "ReadWriteOncePod"))
        {
            check.Add(FieldError.Forbidden(path, "may not use ReadWriteOncePod with other access modes"));
        }
    }

    private static void PositiveAmount(Checks check, Node amount, string path)
    {
        if (Quantity.TryParse(amount.AsString() ?? amount.ToString(), out Quantity quantity) && quantity.Sign <= 0)
        {
            check.Add(FieldError.Invalid(path, amount, Checks.AboveZeroText));
        }
    }
}
