using Bowline.EmbeddedCluster.Controllers;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Kubelet;

internal enum ReferenceUse
{
    /// <summary>An environment variable of a container.</summary>
    Environment,
    Volume,
    ImagePull,
}

/// <param name="Kind">Secret or ConfigMap.</param>
/// <param name="Key">The key that is read; empty for the whole object.</param>
/// <param name="User">The container or the volume.</param>
internal sealed record PodReference(string Kind, string Name, string Key, ReferenceUse Use, string User);

/// <summary>What keeps a pod from starting, as the kubelet words it.</summary>
/// <param name="ConfigErrors">By container: an environment it cannot be given.</param>
/// <param name="MountError">The first volume that cannot be mounted.</param>
/// <param name="AwaitsVolumes">A volume is not attached to the node yet, of which another tells.</param>
internal sealed record PodProblems(IReadOnlyDictionary<string, string> ConfigErrors, string? MountError, bool AwaitsVolumes = false)
{
    public static readonly PodProblems None = new(new Dictionary<string, string>(), null);

    public string? FirstConfigError => ConfigErrors.Values.FirstOrDefault();

    public bool IsEmpty => ConfigErrors.Count == 0 && MountError is null && !AwaitsVolumes;
}

/// <summary>The Secrets and ConfigMaps a pod needs; optional ones are not needed.</summary>
internal static class PodReferences
{
    public static IEnumerable<PodReference> Of(MapNode pod)
    {
        MapNode spec = pod.Spec();
        foreach (MapNode container in spec["initContainers"].Maps().Concat(spec["containers"].Maps()))
        {
            foreach (PodReference reference in OfContainer(container))
            {
                yield return reference;
            }
        }

        foreach (PodReference reference in spec["volumes"].Maps().SelectMany(OfVolume))
        {
            yield return reference;
        }

        foreach (MapNode secret in spec["imagePullSecrets"].Maps())
        {
            yield return new PodReference("Secret", secret.Text("name"), string.Empty, ReferenceUse.ImagePull, string.Empty);
        }
    }

    /// <summary>What is missing of all that, given what exists.</summary>
    public static IReadOnlyList<PodReference> Missing(MapNode pod, Func<string, string, MapNode?> find) =>
        [.. Of(pod).Where(reference => reference.Name.Length > 0 && !IsThere(find(reference.Kind, reference.Name), reference.Key))];

    /// <summary>How the kubelet complains about missing references.</summary>
    public static PodProblems Problems(MapNode pod, IEnumerable<PodReference> missing, Func<string, string, MapNode?> find)
    {
        Dictionary<string, string> errors = new(StringComparer.Ordinal);
        string? mount = null;
        foreach (PodReference reference in missing)
        {
            bool exists = find(reference.Kind, reference.Name) is not null;
            if (reference.Use == ReferenceUse.Environment)
            {
                errors.TryAdd(reference.User, exists
                    ? $"couldn't find key {reference.Key} in {reference.Kind} {pod.Namespace()}/{reference.Name}"
                    : NotFound(reference));
            }
            else if (reference.Use == ReferenceUse.Volume)
            {
                mount ??= $"MountVolume.SetUp failed for volume \"{reference.User}\" : " + (exists
                    ? $"references non-existent {reference.Kind.ToLowerInvariant()} key: {reference.Key}"
                    : NotFound(reference));
            }
        }

        return errors.Count == 0 && mount is null ? PodProblems.None : new PodProblems(errors, mount);
    }

    public static bool IsThere(MapNode? found, string key) =>
        found is not null && (key.Length == 0 || found["data"]?[key] is not null || found["binaryData"]?[key] is not null || found["stringData"]?[key] is not null);

    private static string NotFound(PodReference reference) => $"{reference.Kind.ToLowerInvariant()} \"{reference.Name}\" not found";

    private static IEnumerable<PodReference> OfContainer(MapNode container)
    {
        string user = container.Text("name");
        foreach (MapNode source in container["envFrom"].Maps())
        {
            if (Named(source["secretRef"], "Secret", ReferenceUse.Environment, user) is { } secret)
            {
                yield return secret;
            }

            if (Named(source["configMapRef"], "ConfigMap", ReferenceUse.Environment, user) is { } map)
            {
                yield return map;
            }
        }

        foreach (MapNode variable in container["env"].Maps())
        {
            if (Named(variable["valueFrom"]?["secretKeyRef"], "Secret", ReferenceUse.Environment, user) is { } secret)
            {
                yield return secret;
            }

            if (Named(variable["valueFrom"]?["configMapKeyRef"], "ConfigMap", ReferenceUse.Environment, user) is { } map)
            {
                yield return map;
            }
        }
    }

    private static IEnumerable<PodReference> OfVolume(MapNode volume)
    {
        string user = volume.Text("name");
        IEnumerable<PodReference> references = OfSource(volume["secret"], "Secret", "secretName", user)
            .Concat(OfSource(volume["configMap"], "ConfigMap", "name", user));
        foreach (MapNode source in (volume["projected"]?["sources"]).Maps())
        {
            references = references
                .Concat(OfSource(source["secret"], "Secret", "name", user))
                .Concat(OfSource(source["configMap"], "ConfigMap", "name", user));
        }

        // Every namespace gets this one a moment after it is made.
        return references.Where(reference => reference is not { Kind: "ConfigMap", Name: "kube-root-ca.crt" });
    }

    private static IEnumerable<PodReference> OfSource(Node? source, string kind, string nameField, string user)
    {
        if (source is not MapNode map || map.Flag("optional"))
        {
            return [];
        }

        List<string> keys = [.. map["items"].Maps().Select(item => item.Text("key"))];
        return (keys.Count == 0 ? [string.Empty] : keys).Select(key => new PodReference(kind, map.Text(nameField), key, ReferenceUse.Volume, user));
    }

    private static PodReference? Named(Node? source, string kind, ReferenceUse use, string user) =>
        source is MapNode map && !map.Flag("optional") ? new PodReference(kind, map.Text("name"), map.Text("key"), use, user) : null;
}
