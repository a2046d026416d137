using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Validation;

internal static partial class PodRules
{
    private const string ModeText = "must be a number between 0 and 0777 (octal), both inclusive";
    private static readonly string[] VolumeFields = ["metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid"];
    private static readonly string[] HostPathTypes = ["", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"];

    private static Dictionary<string, Node?> Volumes(Checks check, Node? list, string path)
    {
        Dictionary<string, Node?> names = new(StringComparer.Ordinal);
        foreach ((Node volume, string at) in Checks.Each(list, path))
        {
            string name = volume["name"]?.AsString() ?? string.Empty;
            string[] sources = [.. (volume as MapNode ?? []).Keys.Where(key => key != "name")];
            foreach (string second in sources.Skip(1))
            {
                check.Add(FieldError.Forbidden($"{at}.{second}", "may not specify more than 1 volume type"));
            }

            if (sources.Length > 0)
            {
                Source(check, sources[0], volume[sources[0]]!, $"{at}.{sources[0]}");
            }

            check.RequireName(volume["name"], $"{at}.name", NameRules.Label);
            if (!names.TryAdd(name, volume) && name.Length > 0)
            {
                check.Add(FieldError.Duplicate($"{at}.name", name));
            }
        }

        return names;
    }

    private static void Source(Checks check, string kind, Node source, string path)
    {
        switch (kind)
        {
            case "emptyDir":
                check.Amount(source["sizeLimit"], $"{path}.sizeLimit");
                break;
            case "hostPath":
                HostPath(check, source, path);
                break;
            case "secret":
                check.Require(source["secretName"], $"{path}.secretName");
                Files(check, source, path);
                break;
            case "configMap":
                check.Require(source["name"], $"{path}.name");
                Files(check, source, path);
                break;
            case "persistentVolumeClaim":
                check.Require(source["claimName"], $"{path}.claimName");
                break;
            case "downwardAPI":
                Mode(check, source["defaultMode"], $"{path}.defaultMode");
                DownwardItems(check, source["items"], $"{path}.items");
                break;
            case "projected":
                Projected(check, source, path);
                break;
            case "nfs":
                check.Require(source["server"], $"{path}.server");
                check.Require(source["path"], $"{path}.path");
                if (source["path"]?.AsString() is { Length: > 0 } exported && !exported.StartsWith('/'))
                {
                    check.Add(FieldError.Invalid($"{path}.path", exported, "must be an absolute path"));
                }

                break;
            case "csi":
                check.Require(source["driver"], $"{path}.driver");
                break;
            case "ephemeral":
                check.Require(source["volumeClaimTemplate"], $"{path}.volumeClaimTemplate");
                if (source["volumeClaimTemplate"] is MapNode template)
                {
                    StorageRules.ClaimSpec(check, template["spec"], $"{path}.volumeClaimTemplate.spec");
                }

                break;
            case "image":
                check.Require(source["reference"], $"{path}.reference");
                check.OneOf(source["pullPolicy"], $"{path}.pullPolicy", "Always", "IfNotPresent", "Never");
                break;
            default:
                break;
        }
    }

    internal static void HostPath(Checks check, Node source, string path)
    {
        check.Require(source["path"], $"{path}.path");
        if (source["path"]?.AsString()?.Split('/').Contains("..") == true)
        {
            check.Add(FieldError.Invalid($"{path}.path", source["path"], "must not contain '..'"));
        }

        check.OneOf(source["type"], $"{path}.type", HostPathTypes);
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
            check.RequireName(item["path"], $"{at}.path", NameRules.LocalPath);
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

    private static void DownwardItems(Checks check, Node? items, string path)
    {
        foreach ((Node item, string at) in Checks.Each(items, path))
        {
            check.RequireName(item["path"], $"{at}.path", NameRules.LocalPath);
            if (item["fieldRef"] is null && item["resourceFieldRef"] is null)
            {
                check.Add(FieldError.Required($"{at}.fieldRef", "one of fieldRef and resourceFieldRef is required"));
            }

            FieldReference(check, item["fieldRef"], $"{at}.fieldRef", VolumeFields);
            ResourceField(check, item["resourceFieldRef"], $"{at}.resourceFieldRef", needsContainer: true);
            if (item["fieldRef"] is not null && item["resourceFieldRef"] is not null)
            {
                check.Add(FieldError.Invalid(at, "resource", "fieldRef and resourceFieldRef can not be specified simultaneously"));
            }

            Mode(check, item["mode"], $"{at}.mode");
        }
    }

    private static void Projected(Checks check, Node source, string path)
    {
        Mode(check, source["defaultMode"], $"{path}.defaultMode");
        HashSet<string> paths = new(StringComparer.Ordinal);
        foreach ((Node part, string at) in Checks.Each(source["sources"], $"{path}.sources"))
        {
            string[] kinds = [.. (part as MapNode ?? []).Keys];
            foreach (string second in kinds.Skip(1))
            {
                check.Add(FieldError.Forbidden($"{at}.{second}", "may not specify more than 1 volume type"));
            }

            foreach (string kind in (ReadOnlySpan<string>)["secret", "configMap"])
            {
                if (part[kind] is MapNode from)
                {
                    check.Require(from["name"], $"{at}.{kind}.name");
                    Items(check, from["items"], $"{at}.{kind}.items");
                }
            }

            DownwardItems(check, part.At("downwardAPI", "items"), $"{at}.downwardAPI.items");
            if (part["serviceAccountToken"] is MapNode token)
            {
                check.RequireName(token["path"], $"{at}.serviceAccountToken.path", NameRules.LocalPath);
                if (token["expirationSeconds"]?.AsInteger() < 600)
                {
                    check.Add(FieldError.Invalid($"{at}.serviceAccountToken.expirationSeconds", token["expirationSeconds"], "may not specify a duration less than 10 minutes"));
                }
            }

            foreach (string taken in kinds.SelectMany(kind => part[kind]!["items"]?.AsList() ?? []).Select(item => item["path"]?.AsString() ?? string.Empty).Where(taken => taken.Length > 0 && !paths.Add(taken)))
            {
                check.Add(FieldError.Invalid(path, taken, "conflicting duplicate paths"));
            }
        }
    }
}
