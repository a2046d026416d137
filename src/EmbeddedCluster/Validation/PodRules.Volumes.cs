using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Validation;

internal static partial class PodRules
{
    private const string ModeText = "must be a number between 0 and 0777 (octal), both inclusive";
    private const string DuplicatePathsText = "conflicting duplicate paths";
    private static readonly string[] VolumeFields = ["metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid"];

    /// <summary>The volumes without a fault, by name: only those can be mounted.</summary>
    private static Dictionary<string, Node?> Volumes(Checks check, Node? list, string path, string pod)
    {
        Dictionary<string, Node?> names = new(StringComparer.Ordinal);
        HashSet<string> made = [.. (list?.AsList() ?? []).Where(volume => pod.Length > 0 && volume["ephemeral"] is MapNode).Select(volume => $"{pod}-{Checks.Text(volume["name"])}")];
        foreach ((Node volume, string at) in Checks.Each(list, path))
        {
            int before = check.Errors.Count;
            string name = Checks.Text(volume["name"]);
            if (VolumeSources.Check(check, volume, at, persistent: false) is { } source)
            {
                Source(check, source, volume[source]!, $"{at}.{source}", pod.Length > 0);
            }

            check.RequireName(volume["name"], $"{at}.name", NameRules.Label);
            if (names.ContainsKey(name))
            {
                check.Add(FieldError.Duplicate($"{at}.name", name));
            }

            if (check.Errors.Count == before)
            {
                names[name] = volume;
            }

            if (volume.At("persistentVolumeClaim", "claimName")?.AsString() is { } claim && made.Contains(claim))
            {
                check.Add(FieldError.Invalid($"{at}.persistentVolumeClaim.claimName", claim, "must not reference a PVC that gets created for an ephemeral volume"));
            }
        }

        return names;
    }

    /// <summary>The sources that only pods have.</summary>
    private static void Source(Checks check, string kind, Node source, string path, bool ofPod)
    {
        switch (kind)
        {
            case "secret" or "configMap":
                Files(check, source, path);
                break;
            case "downwardAPI":
                Mode(check, source["defaultMode"], $"{path}.defaultMode");
                DownwardItems(check, source["items"], path);
                break;
            case "projected":
                Projected(check, source, path);
                break;
            case "ephemeral" when source["volumeClaimTemplate"] is MapNode template:
                ClaimTemplateMetadata(check, template["metadata"], $"{path}.volumeClaimTemplate.metadata");
                StorageRules.ClaimSpec(check, template["spec"], $"{path}.volumeClaimTemplate.spec");
                break;
            case "image":
                if (ofPod)
                {
                    check.Require(source["reference"], $"{path}.reference");
                }

                check.Choice(source["pullPolicy"], $"{path}.pullPolicy", "Always", "IfNotPresent", "Never");
                break;
            default:
                break;
        }
    }

    /// <summary>Only labels and annotations go from the template of an ephemeral volume to its claim.</summary>
    private static void ClaimTemplateMetadata(Checks check, Node? metadata, string path)
    {
        MetadataRules.CheckAnnotations(metadata?["annotations"], $"{path}.annotations", check.Errors);
        MetadataRules.CheckLabels(metadata?["labels"], $"{path}.labels", check.Errors);
        foreach (string key in (metadata as MapNode ?? []).Keys.Where(key => key is not ("labels" or "annotations") && metadata![key] is not NullNode))
        {
            check.Add(FieldError.Forbidden($"{path}.{key}", "cannot be set"));
        }
    }

    private static void Files(Checks check, Node source, string path)
    {
        Mode(check, source["defaultMode"], $"{path}.defaultMode");
        Items(check, source["items"], $"{path}.items");
    }

    private static void Items(Checks check, Node? items, string path)
    {
        foreach ((Node item, string at) in Checks.Each(items, path))
        {
            check.Require(item["key"], $"{at}.key");
            check.RequireName(item["path"], $"{at}.path", NameRules.LocalUnreservedPath);
            Mode(check, item["mode"], $"{at}.mode");
        }
    }

    private static void Mode(Checks check, Node? mode, string path)
    {
        if (mode?.AsInteger() is { } number and (< 0 or > 511))
        {
            check.Add(FieldError.Invalid(path, number, ModeText));
        }
    }

    /// <summary>Files of the downward API; the reference says no index.</summary>
    private static void DownwardItems(Checks check, Node? items, string path)
    {
        foreach (Node item in items?.AsList() ?? [])
        {
            check.RequireName(item["path"], $"{path}.path", NameRules.LocalUnreservedPath);
            bool field = item["fieldRef"] is MapNode;
            bool resource = item["resourceFieldRef"] is MapNode;
            if (field)
            {
                FieldReference(check, item["fieldRef"], $"{path}.fieldRef", VolumeFields);
                if (resource)
                {
                    check.Add(FieldError.Invalid(path, "resource", "fieldRef and resourceFieldRef can not be specified simultaneously"));
                }
            }
            else if (resource)
            {
                ResourceField(check, item["resourceFieldRef"], $"{path}.resourceFieldRef", needsContainer: true);
            }
            else
            {
                check.Add(FieldError.Required(path, "one of fieldRef and resourceFieldRef is required"));
            }

            Mode(check, item["mode"], $"{path}.mode");
        }
    }

    private static void Projected(Checks check, Node source, string path)
    {
        Mode(check, source["defaultMode"], $"{path}.defaultMode");
        HashSet<string> paths = new(StringComparer.Ordinal);
        foreach ((Node part, string at) in Checks.Each(source["sources"], $"{path}.sources"))
        {
            foreach (string kind in (ReadOnlySpan<string>)["secret", "configMap"])
            {
                if (part[kind] is MapNode from)
                {
                    check.Require(from["name"], $"{at}.{kind}.name");
                    Items(check, from["items"], $"{at}.{kind}.items");
                    Taken(check, from["items"], path, paths, Checks.Text(from["name"]));
                }
            }

            DownwardItems(check, part.At("downwardAPI", "items"), $"{at}.downwardAPI");
            Taken(check, part.At("downwardAPI", "items"), path, paths, null);
            ProjectedToken(check, part["serviceAccountToken"], at, path);
            TrustBundle(check, part["clusterTrustBundle"], $"{at}.clusterTrustBundle", path, paths);
            if ((part as MapNode ?? []).Count > 1)
            {
                check.Add(FieldError.Forbidden(at, "may not specify more than 1 volume type per source"));
            }
        }
    }

    private static void ProjectedToken(Checks check, Node? token, string at, string path)
    {
        if (token is not MapNode)
        {
            return;
        }

        long seconds = token["expirationSeconds"]?.AsInteger() ?? 0;
        if (seconds < 600)
        {
            check.Add(FieldError.Invalid($"{at}.serviceAccountToken.expirationSeconds", seconds, "may not specify a duration less than 10 minutes"));
        }
        else if (seconds > 1L << 32)
        {
            check.Add(FieldError.Invalid($"{at}.serviceAccountToken.expirationSeconds", seconds, "may not specify a duration larger than 2^32 seconds"));
        }

        check.RequireName(token["path"], $"{path}.path", NameRules.LocalUnreservedPath);
    }

    private static void TrustBundle(Checks check, Node? bundle, string at, string path, HashSet<string> paths)
    {
        if (bundle is not MapNode)
        {
            return;
        }

        bool named = bundle["name"] is StringNode;
        bool signed = bundle["signerName"] is StringNode;
        if (named && signed)
        {
            check.Add(FieldError.Invalid(at, bundle, "only one of name and signerName may be used"));
        }
        else if (!named && !signed)
        {
            check.Add(FieldError.Required(at, "either name or signerName must be specified"));
        }
        else if (named && bundle["labelSelector"] is MapNode selector)
        {
            check.Add(FieldError.Invalid($"{at}.labelSelector", selector, "labelSelector must be unset if name is specified"));
        }
        else if (signed)
        {
            check.Selector(bundle["labelSelector"], $"{at}.labelSelector");
        }

        check.RequireName(bundle["path"], $"{at}.path", NameRules.LocalUnreservedPath);
        if (!paths.Add(Checks.Text(bundle["path"])))
        {
            check.Add(FieldError.Invalid(path, bundle["path"], DuplicatePathsText));
        }
    }

    private static void Taken(Checks check, Node? items, string path, HashSet<string> paths, string? owner)
    {
        foreach (string taken in (items?.AsList() ?? []).Select(item => Checks.Text(item["path"])).Where(taken => taken.Length > 0 && !paths.Add(taken)))
        {
            check.Add(FieldError.Invalid(path, owner ?? taken, DuplicatePathsText));
        }
    }
}
