using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Validation;

internal static partial class PodRules
{
    private static void Mounts(Checks check, Node container, string path, Dictionary<string, Node?> volumes)
    {
        HashSet<string> paths = new(StringComparer.Ordinal);
        Node[] devices = [.. container["volumeDevices"]?.AsList() ?? []];
        string list = $"{path}.volumeMounts";
        foreach ((Node mount, string at) in Checks.Each(container["volumeMounts"], list))
        {
            string name = Checks.Text(mount["name"]);
            string target = Checks.Text(mount["mountPath"]);
            check.Require(mount["name"], $"{at}.name");
            if (!volumes.TryGetValue(name, out Node? volume))
            {
                check.Add(FieldError.NotFound($"{at}.name", name));
            }

            check.Require(mount["mountPath"], $"{at}.mountPath");
            if (!paths.Add(target))
            {
                check.Add(FieldError.Invalid($"{at}.mountPath", target, "must be unique"));
            }

            if (devices.Any(device => Checks.Text(device["name"]) == name))
            {
                check.Add(FieldError.Invalid($"{at}.name", name, "must not already exist in volumeDevices"));
            }

            if (devices.Any(device => Checks.Text(device["devicePath"]) == target))
            {
                check.Add(FieldError.Invalid($"{at}.mountPath", target, "must not already exist as a path in volumeDevices"));
            }

            SubPaths(check, mount, at, list, volume?["image"] is MapNode);
            Propagation(check, mount, container, list);
        }
    }

    private static void SubPaths(Checks check, Node mount, string path, string list, bool ofImage)
    {
        foreach (string part in (ReadOnlySpan<string>)["subPath", "subPathExpr"])
        {
            if (ofImage && !Checks.IsEmpty(mount[part]))
            {
                check.Add(FieldError.Invalid($"{path}.{part}", mount[part], "not allowed in image volume sources"));
            }

            check.NameIfSet(mount[part], $"{list}.{part}", NameRules.LocalPath);
        }

        if (!Checks.IsEmpty(mount["subPath"]) && !Checks.IsEmpty(mount["subPathExpr"]))
        {
            check.Add(FieldError.Invalid($"{path}.subPathExpr", mount["subPathExpr"], "subPathExpr and subPath are mutually exclusive"));
        }
    }

    private static void Propagation(Checks check, Node mount, Node container, string list)
    {
        check.OneOf(mount["mountPropagation"], $"{list}.mountPropagation", "Bidirectional", "HostToContainer", "None");
        if (mount["mountPropagation"]?.AsString() == "Bidirectional" && container.At("securityContext", "privileged")?.AsBool() != true)
        {
            check.Add(FieldError.Forbidden($"{list}.mountPropagation", "Bidirectional mount propagation is available only to privileged containers"));
        }

        check.OneOf(mount["recursiveReadOnly"], $"{list}.recursiveReadOnly", "Disabled", "Enabled", "IfPossible");
        if (mount["recursiveReadOnly"]?.AsString() is not ("Enabled" or "IfPossible"))
        {
            return;
        }

        if (mount["readOnly"]?.AsBool() != true)
        {
            check.Add(FieldError.Forbidden($"{list}.recursiveReadOnly", "may only be specified when readOnly is true"));
        }

        if (mount["mountPropagation"]?.AsString() is not (null or "None"))
        {
            check.Add(FieldError.Forbidden($"{list}.recursiveReadOnly", "may only be specified when mountPropagation is None or not specified"));
        }
    }

    private static void Devices(Checks check, Node container, string path, Dictionary<string, Node?> volumes)
    {
        HashSet<string> names = new(StringComparer.Ordinal);
        HashSet<string> paths = new(StringComparer.Ordinal);
        Node[] mounts = [.. container["volumeMounts"]?.AsList() ?? []];
        foreach ((Node device, string at) in Checks.Each(container["volumeDevices"], $"{path}.volumeDevices"))
        {
            string name = Checks.Text(device["name"]);
            string target = Checks.Text(device["devicePath"]);
            check.Require(device["name"], $"{at}.name");
            if (name.Length > 0 && !names.Add(name))
            {
                check.Add(FieldError.Invalid($"{at}.name", name, "must be unique"));
            }

            if (!volumes.TryGetValue(name, out Node? volume))
            {
                check.Add(FieldError.NotFound($"{at}.name", name));
            }
            else if (volume is not null && volume["persistentVolumeClaim"] is not MapNode && volume["ephemeral"] is not MapNode)
            {
                check.Add(FieldError.Invalid($"{at}.name", name, "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode"));
            }

            check.Require(device["devicePath"], $"{at}.devicePath");
            if (target.Split('/').Contains(".."))
            {
                check.Add(FieldError.Invalid($"{at}.devicePath", target, "can not contain backsteps ('..')"));
            }
            else if (!paths.Add(target))
            {
                check.Add(FieldError.Invalid($"{at}.devicePath", target, "must be unique"));
            }

            if (mounts.Any(mount => Checks.Text(mount["name"]) == name))
            {
                check.Add(FieldError.Invalid($"{at}.name", name, "must not already exist in volumeMounts"));
            }

            if (mounts.Any(mount => Checks.Text(mount["mountPath"]) == target))
            {
                check.Add(FieldError.Invalid($"{at}.devicePath", target, "must not already exist as a path in volumeMounts"));
            }
        }
    }
}
