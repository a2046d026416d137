using System.Collections.Frozen;
using System.Text.RegularExpressions;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Validation;

/// <summary>Where volumes come from: the sources that pods and persistent volumes share, and those that only one of them has.</summary>
internal static partial class VolumeSources
{
    private const string IqnText = "must be valid format";
    private const string IqnStartText = "must be valid format starting with iqn, eui, or naa";
    private const string RegistryText = "must be a host:port pair or multiple pairs separated by commas";
    private static readonly string[] HostPathTypes = ["", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"];

    /// <summary>Members that have to be set, by source; the keys stand in the order in which the reference looks for sources.</summary>
    private static readonly (string Source, string[] Required)[] Sources =
    [
        ("emptyDir", []), ("hostPath", []), ("gitRepo", ["repository"]), ("gcePersistentDisk", ["pdName"]), ("awsElasticBlockStore", ["volumeID"]), ("secret", ["secretName"]),
        ("nfs", ["server", "path"]), ("iscsi", ["targetPortal", "iqn"]), ("glusterfs", ["endpoints", "path"]), ("flocker", []), ("persistentVolumeClaim", ["claimName"]),
        ("rbd", ["monitors", "image"]), ("cinder", ["volumeID"]), ("cephfs", ["monitors"]), ("quobyte", ["volume"]), ("downwardAPI", []), ("fc", []), ("flexVolume", ["driver"]),
        ("configMap", ["name"]), ("azureFile", ["secretName", "shareName"]), ("vsphereVolume", ["volumePath"]), ("photonPersistentDisk", ["pdID"]), ("portworxVolume", ["volumeID"]),
        ("azureDisk", ["diskName", "diskURI"]), ("storageos", ["volumeName"]), ("projected", []), ("scaleIO", ["gateway", "system", "volumeName"]), ("local", ["path"]), ("csi", []),
        ("ephemeral", ["volumeClaimTemplate"]), ("image", []),
    ];

    private static readonly FrozenDictionary<string, Action<Checks, Node, string, bool>> Rules = new Dictionary<string, Action<Checks, Node, string, bool>>
    {
        ["emptyDir"] = static (check, source, path, _) => EmptyDir(check, source, path),
        ["hostPath"] = static (check, source, path, _) => HostPath(check, source, path),
        ["gitRepo"] = static (check, source, path, _) => check.NameIfSet(source["directory"], $"{path}.directory", NameRules.LocalPath),
        ["gcePersistentDisk"] = static (check, source, path, _) => Partition(check, source, path),
        ["awsElasticBlockStore"] = static (check, source, path, _) => Partition(check, source, path),
        ["nfs"] = static (check, source, path, _) => AbsolutePath(check, source, path),
        ["iscsi"] = Iscsi,
        ["glusterfs"] = static (check, source, path, _) => check.NameIfSet(source["endpointsNamespace"], $"{path}.endpointsNamespace", NameRules.Label),
        ["flocker"] = static (check, source, path, _) => Flocker(check, source, path),
        ["cinder"] = SecretOwner,
        ["quobyte"] = static (check, source, path, _) => Quobyte(check, source, path),
        ["fc"] = static (check, source, path, _) => FibreChannel(check, source, path),
        ["flexVolume"] = static (check, source, path, _) => FlexOptions(check, source, path),
        ["azureDisk"] = static (check, source, path, _) => AzureDisk(check, source, path),
        ["storageos"] = StorageOs,
        ["local"] = static (check, source, path, _) => check.NameIfSet(source["path"], $"{path}.path", NameRules.NoBacksteps),
        ["csi"] = Csi,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>Exactly one source; rules of those that only pods have are the caller's.</summary>
    /// <param name="holder">The volume or the spec that the sources are members of.</param>
    /// <param name="persistent">Whether it is a PersistentVolume.</param>
    /// <returns>The source that counts, or null.</returns>
    public static string? Check(Checks check, Node? holder, string path, bool persistent)
    {
        string? first = null;
        foreach ((string source, string[] required) in Sources)
        {
            if (holder?[source] is not MapNode node)
            {
                continue;
            }

            if (first is not null)
            {
                check.Add(FieldError.Forbidden($"{path}.{(source switch { "cephfs" => "cephFS", "downwardAPI" => "downwarAPI", _ => source })}", "may not specify more than 1 volume type"));
                continue;
            }

            first = source;
            string at = $"{path}.{(source == "gcePersistentDisk" ? "persistentDisk" : source)}";
            foreach (string member in required)
            {
                check.Require(node[member], $"{at}.{member}");
            }

            if (Rules.TryGetValue(source, out Action<Checks, Node, string, bool>? rule))
            {
                rule(check, node, at, persistent);
            }
        }

        if (first is null)
        {
            check.Add(FieldError.Required(path, "must specify a volume type"));
        }

        return first;
    }

    /// <summary>Whether a member of a PersistentVolume's spec is its source.</summary>
    public static bool IsSource(string member) => Sources.Any(source => source.Source == member);

    private static void EmptyDir(Checks check, Node source, string path)
    {
        if (Resources.Schemas.Quantity.TryParse(Checks.Text(source["sizeLimit"]), out Resources.Schemas.Quantity limit) && limit.Sign < 0)
        {
            check.Add(FieldError.Forbidden($"{path}.sizeLimit", "SizeLimit field must be a valid resource quantity"));
        }
    }

    private static void HostPath(Checks check, Node source, string path)
    {
        check.RequireName(source["path"], $"{path}.path", NameRules.NoBacksteps);
        if (!Checks.IsEmpty(source["path"]))
        {
            check.OneOf(source["type"], $"{path}.type", HostPathTypes);
        }
    }

    private static void Partition(Checks check, Node source, string path) => check.Between(source["partition"], $"{path}.partition", 0, 255, "must be between 1 and 255, inclusive");

    private static void AbsolutePath(Checks check, Node source, string path)
    {
        if (!Checks.Text(source["path"]).StartsWith('/'))
        {
            check.Add(FieldError.Invalid($"{path}.path", source["path"] ?? StringNode.Empty, "must be an absolute path"));
        }
    }

    private static void Iscsi(Checks check, Node source, string path, bool persistent)
    {
        string name = Checks.Text(source["iqn"]);
        if (name.Length > 0 && IqnProblem(name, persistent) is { } wrong)
        {
            check.Add(FieldError.Invalid($"{path}.iqn", name, wrong));
        }

        check.Between(source["lun"], $"{path}.lun", 0, 255);
        if ((source["chapAuthDiscovery"]?.AsBool() == true || source["chapAuthSession"]?.AsBool() == true) && source["secretRef"] is not MapNode)
        {
            check.Add(FieldError.Required($"{path}.secretRef"));
        }

        if (persistent && source["secretRef"] is MapNode secret)
        {
            check.Require(secret["name"], $"{path}.secretRef.name");
        }

        if (source["initiatorName"] is StringNode initiator && IqnProblem(initiator.Value, persistent) is { } bad)
        {
            check.Add(FieldError.Invalid($"{path}.initiatorname", initiator, bad));
        }
    }

    private static string? IqnProblem(string name, bool persistent) => name switch
    {
        _ when name.StartsWith("iqn", StringComparison.Ordinal) => Iqn().IsMatch(name) ? null : IqnText,
        _ when name.StartsWith("eui", StringComparison.Ordinal) => Eui().IsMatch(name) ? null : IqnText,
        _ when name.StartsWith("naa", StringComparison.Ordinal) => Naa().IsMatch(name) ? null : IqnText,
        _ => persistent ? IqnText : IqnStartText,
    };

    private static void Flocker(Checks check, Node source, string path)
    {
        string name = Checks.Text(source["datasetName"]);
        bool byId = !Checks.IsEmpty(source["datasetUUID"]);
        if (name.Length == 0 && !byId)
        {
            check.Add(FieldError.Required(path, "one of datasetName and datasetUUID is required"));
        }
        else if (name.Length > 0 && byId)
        {
            check.Add(FieldError.Invalid(path, "resource", "datasetName and datasetUUID can not be specified simultaneously"));
        }

        if (name.Contains('/', StringComparison.Ordinal))
        {
            check.Add(FieldError.Invalid($"{path}.datasetName", name, "must not contain '/'"));
        }
    }

    private static void SecretOwner(Checks check, Node source, string path, bool persistent)
    {
        if (source["secretRef"] is MapNode secret)
        {
            check.Require(secret["name"], $"{path}.secretRef.name");
            if (persistent)
            {
                check.Require(secret["namespace"], $"{path}.secretRef.namespace");
            }
        }
    }

    private static void Quobyte(Checks check, Node source, string path)
    {
        string registry = Checks.Text(source["registry"]);
        if (registry.Length == 0)
        {
            check.Add(FieldError.Required($"{path}.registry", RegistryText));
        }
        else if (Checks.Text(source["tenant"]).Length >= 65)
        {
            check.Add(FieldError.Required($"{path}.tenant", "must be a UUID and may not exceed a length of 64 characters"));
        }
        else
        {
            foreach (string _ in registry.Split(',').Where(pair => pair.LastIndexOf(':') < 0))
            {
                check.Add(FieldError.Invalid($"{path}.registry", registry, RegistryText));
            }
        }
    }

    private static void FibreChannel(Checks check, Node source, string path)
    {
        bool targets = source["targetWWNs"] is ListNode { Count: > 0 };
        bool ids = source["wwids"] is ListNode { Count: > 0 };
        if (!targets && !ids)
        {
            check.Add(FieldError.Required($"{path}.targetWWNs", "must specify either targetWWNs or wwids, but not both"));
        }
        else if (targets && ids)
        {
            check.Add(FieldError.Invalid($"{path}.targetWWNs", source["targetWWNs"], "targetWWNs and wwids can not be specified simultaneously"));
        }

        if (targets && source["lun"] is null or NullNode)
        {
            check.Add(FieldError.Required($"{path}.lun", "lun is required if targetWWNs is specified"));
        }
        else if (targets)
        {
            check.Between(source["lun"], $"{path}.lun", 0, 255);
        }
    }

    private static void FlexOptions(Checks check, Node source, string path)
    {
        foreach ((string key, Node _, string at) in Checks.Members(source["options"], $"{path}.options"))
        {
            string domain = "." + key.Split('/')[0].ToLowerInvariant();
            if (domain.EndsWith(".kubernetes.io", StringComparison.Ordinal) || domain.EndsWith(".k8s.io", StringComparison.Ordinal))
            {
                check.Add(FieldError.Invalid(at, key, "kubernetes.io and k8s.io namespaces are reserved"));
            }
        }
    }

    private static void AzureDisk(Checks check, Node source, string path)
    {
        check.OneOf(source["cachingMode"], $"{path}.cachingMode", "None", "ReadOnly", "ReadWrite");
        check.OneOf(source["kind"], $"{path}.kind", "Dedicated", "Managed", "Shared");
        string uri = Checks.Text(source["diskURI"]);
        bool managed = Checks.Text(source["kind"]) == "Managed";
        if (managed && !uri.StartsWith("/subscriptions/", StringComparison.Ordinal))
        {
            check.Add(FieldError.NotSupported($"{path}.diskURI", uri, "/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}"));
        }
        else if (!managed && !uri.StartsWith("https://", StringComparison.Ordinal))
        {
            check.Add(FieldError.NotSupported($"{path}.diskURI", uri, "https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd"));
        }
    }

    private static void StorageOs(Checks check, Node source, string path, bool persistent)
    {
        check.NameIfSet(source["volumeName"], $"{path}.volumeName", NameRules.Label);
        check.NameIfSet(source["volumeNamespace"], $"{path}.volumeNamespace", NameRules.Label);
        SecretOwner(check, source, path, persistent);
    }

    private static void Csi(Checks check, Node source, string path, bool persistent)
    {
        Driver(check, source["driver"], $"{path}.driver");
        if (!persistent)
        {
            if (source["nodePublishSecretRef"] is MapNode secret)
            {
                check.Require(secret["name"], $"{path}.nodePublishSecretRef.name");
                check.NameIfSet(secret["name"], $"{path}.name", NameRules.Subdomain);
            }

            return;
        }

        check.Require(source["volumeHandle"], $"{path}.volumeHandle");
        foreach (string reference in (ReadOnlySpan<string>)["controllerPublishSecretRef", "controllerExpandSecretRef", "nodePublishSecretRef", "nodeExpandSecretRef"])
        {
            if (source[reference] is MapNode secret)
            {
                check.RequireName(secret["name"], $"{path}.{reference}.name", NameRules.Subdomain);
                check.RequireName(secret["namespace"], $"{path}.{reference}.namespace", NameRules.Label);
            }
        }
    }

    /// <summary>The name of a CSI driver: a short DNS name in any case.</summary>
    public static void Driver(Checks check, Node? name, string path)
    {
        string text = Checks.Text(name);
        check.Require(name, path);
        if (text.Length > 63)
        {
            check.Add(FieldError.TooLong(path, 63));
        }

        check.Name(name, path, static driver => NameRules.Subdomain(driver.ToLowerInvariant()));
    }

    [GeneratedRegex(@"^iqn\.\d{4}-\d{2}\.([A-Za-z0-9-.]+)(:[^,;*&$|\s]+)\z")]
    private static partial Regex Iqn();

    [GeneratedRegex(@"^eui.[A-Za-z0-9]{16}\z")]
    private static partial Regex Eui();

    [GeneratedRegex(@"^naa.[A-Za-z0-9]{32}\z")]
    private static partial Regex Naa();
}
