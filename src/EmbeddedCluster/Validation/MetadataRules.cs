using Bowline.EmbeddedCluster.Kinds;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Validation;

/// <summary>Rules for metadata that all kinds share.</summary>
internal static class MetadataRules
{
    private const int MaxAnnotations = 256 * 1024;

    public static void Check(ServedKind kind, MapNode node, List<FieldError> errors)
    {
        Node? metadata = node["metadata"];
        string name = metadata?["name"]?.AsString() ?? string.Empty;
        string generate = metadata?["generateName"]?.AsString() ?? string.Empty;
        if (generate.Length > 0)
        {
            CheckName(kind, "metadata.generateName", generate.TrimEnd('-'), errors, shown: generate);
        }

        if (name.Length == 0)
        {
            errors.Add(FieldError.Required("metadata.name", "name or generateName is required"));
        }
        else
        {
            CheckName(kind, "metadata.name", name, errors, name);
        }

        CheckLabels(metadata?["labels"], "metadata.labels", errors);
        CheckAnnotations(metadata?["annotations"], "metadata.annotations", errors);
        CheckFinalizers(kind, metadata?["finalizers"], errors);
        CheckOwners(metadata?["ownerReferences"], "metadata.ownerReferences", errors);
    }

    /// <summary>The metadata of an object that is part of another: it needs no name.</summary>
    public static void CheckEmbedded(MapNode metadata, string path, List<FieldError> errors)
    {
        foreach (string key in (ReadOnlySpan<string>)["generateName", "name"])
        {
            foreach (string wrong in metadata[key]?.AsString() is { Length: > 0 } name ? NameRules.PathSegment(name) : [])
            {
                errors.Add(FieldError.Invalid($"{path}.{key}", metadata[key], wrong));
            }
        }

        foreach (string wrong in metadata["namespace"]?.AsString() is { Length: > 0 } @namespace ? NameRules.Label(@namespace) : [])
        {
            errors.Add(FieldError.Invalid($"{path}.namespace", metadata["namespace"], wrong));
        }

        CheckLabels(metadata["labels"], $"{path}.labels", errors);
        CheckAnnotations(metadata["annotations"], $"{path}.annotations", errors);
        CheckOwners(metadata["ownerReferences"], $"{path}.ownerReferences", errors);
        foreach (string name in (metadata["finalizers"]?.AsList() ?? []).Select(item => item.AsString() ?? string.Empty))
        {
            errors.AddRange(NameRules.QualifiedName(name).Select(wrong => FieldError.Invalid($"{path}.finalizers", name, wrong)));
        }
    }

    public static void CheckUpdate(ServedKind kind, MapNode node, MapNode live, List<FieldError> errors)
    {
        Node? metadata = node["metadata"];
        CheckNewFinalizers(node, live, errors);
        CheckLabels(metadata?["labels"], "metadata.labels", errors);
        CheckAnnotations(metadata?["annotations"], "metadata.annotations", errors);
        CheckOwners(metadata?["ownerReferences"], "metadata.ownerReferences", errors);

        // The registry and the rules of the kind both look at the metadata, so all of this is said twice, and by custom resources once more; at names of
        // finalizers only the kind looks.
        FieldError[] found = [.. errors];
        for (int i = kind.Custom is null ? 1 : 2; i > 0; i--)
        {
            errors.AddRange(found);
        }

        CheckFinalizers(kind, metadata?["finalizers"], errors);
    }

    public static void CheckLabels(Node? labels, string path, List<FieldError> errors)
    {
        if (labels is not MapNode map)
        {
            return;
        }

        foreach ((string key, Node value) in map)
        {
            foreach (string wrong in NameRules.LabelKey(key))
            {
                errors.Add(FieldError.Invalid(path, key, wrong));
            }

            foreach (string wrong in NameRules.LabelValue(value.AsString() ?? string.Empty))
            {
                errors.Add(FieldError.Invalid(path, value, wrong));
            }
        }
    }

    private static void CheckName(ServedKind kind, string field, string name, List<FieldError> errors, string shown)
    {
        IEnumerable<string> wrongs = kind.QualifiedPlural switch
        {
            "services" or "namespaces" => NameRules.LabelName(name),
            "statefulsets.apps" => NameRules.Label(name),
            "ipaddresses.networking.k8s.io" => AddressRules.Address(name),
            "roles.rbac.authorization.k8s.io" or "rolebindings.rbac.authorization.k8s.io" or "clusterroles.rbac.authorization.k8s.io" or "clusterrolebindings.rbac.authorization.k8s.io"
                or "certificatesigningrequests.certificates.k8s.io" or "apiservices.apiregistration.k8s.io" => NameRules.PathSegment(name),
            _ => NameRules.Subdomain(name),
        };
        foreach (string wrong in wrongs)
        {
            errors.Add(FieldError.Invalid(field, shown, wrong));
        }
    }

    public static void CheckAnnotations(Node? annotations, string path, List<FieldError> errors)
    {
        if (annotations is not MapNode map)
        {
            return;
        }

        long size = 0;
        foreach ((string key, Node value) in map)
        {
            foreach (string wrong in NameRules.QualifiedName(key.ToLowerInvariant()))
            {
                errors.Add(FieldError.Invalid(path, key, wrong));
            }

            size += System.Text.Encoding.UTF8.GetByteCount(key) + System.Text.Encoding.UTF8.GetByteCount(value.AsString() ?? string.Empty);
        }

        if (size > MaxAnnotations)
        {
            errors.Add(FieldError.TooLong(path, MaxAnnotations));
        }
    }

    private static void CheckFinalizers(ServedKind kind, Node? finalizers, List<FieldError> errors)
    {
        // Definitions, API services and custom resources are not held to the list of standard names.
        bool free = kind.Custom is not null || kind.Kind.Group is "apiextensions.k8s.io" or "apiregistration.k8s.io";
        foreach ((Node item, string at) in Checks.Each(finalizers, "metadata.finalizers"))
        {
            string name = item.AsString() ?? string.Empty;
            foreach (string wrong in NameRules.QualifiedName(name))
            {
                errors.Add(FieldError.Invalid("metadata.finalizers", name, wrong));
            }

            if (!free && !name.Contains('/', StringComparison.Ordinal) && name is not ("foregroundDeletion" or "orphan" or "kubernetes"))
            {
                errors.Add(FieldError.Invalid(at, name, "name is neither a standard finalizer name nor is it fully qualified"));
            }
        }
    }

    private static void CheckNewFinalizers(MapNode node, MapNode live, List<FieldError> errors)
    {
        if (live["metadata"]?["deletionTimestamp"] is null)
        {
            return;
        }

        string[] before = [.. (live["metadata"]?["finalizers"]?.AsList() ?? []).Select(item => item.AsString()!)];
        string[] added = [.. (node["metadata"]?["finalizers"]?.AsList() ?? []).Select(item => item.AsString()!).Except(before)];
        if (added.Length > 0)
        {
            string list = string.Join(", ", added.Select(name => $"\"{name}\""));
            errors.Add(FieldError.Forbidden("metadata.finalizers", $"no new finalizers can be added if the object is being deleted, found new finalizers []string{{{list}}}"));
        }
    }

    private static void CheckOwners(Node? owners, string path, List<FieldError> errors)
    {
        ListNode list = owners?.AsList() ?? [];
        foreach (Node owner in list)
        {
            foreach (string key in (ReadOnlySpan<string>)["apiVersion", "kind", "name", "uid"])
            {
                if (owner[key]?.AsString() is null or "")
                {
                    // The reference names no index.
                    errors.Add(FieldError.Invalid($"{path}.{key}", string.Empty, key == "apiVersion" ? "version must not be empty" : "must not be empty"));
                }
            }
        }

        Node[] controllers = [.. list.Where(owner => owner["controller"]?.AsBool() == true)];
        if (controllers.Length > 1)
        {
            errors.Add(FieldError.Invalid(path, owners, "Only one reference can have Controller set to true. Found \"true\" in references for " + string.Join(" and ", controllers.Select(owner => $"{owner["kind"]?.AsString()}/{owner["name"]?.AsString()}"))));
        }
    }
}
