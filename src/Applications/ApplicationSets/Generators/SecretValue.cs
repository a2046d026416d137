using Bowline.Applications.ArgoCd;
using Bowline.Resources.Model;

namespace Bowline.Applications.ApplicationSets.Generators;

/// <summary>Secrets and ConfigMaps that generators are told to read.</summary>
internal static class SecretValue
{
    private static readonly ResourceKind SecretKind = new(string.Empty, "v1", "Secret");
    private static readonly ResourceKind ConfigMapKind = new(string.Empty, "v1", "ConfigMap");

    /// <summary>The value of a reference <c>{secretName, key}</c>; empty when there is no reference.</summary>
    /// <param name="labelled">Whether only a Secret that is meant for it may be read (<c>argocd.argoproj.io/secret-type: scm-creds</c>), so that a set cannot send any other away.</param>
    /// <exception cref="GeneratorException">There is no such Secret, or it holds nothing there.</exception>
    public static async Task<string> ReadAsync(Node? reference, IObjectSource objects, CancellationToken cancellationToken, bool labelled = false)
    {
        if (reference is not MapNode)
        {
            return string.Empty;
        }

        string name = Parameters.Text(reference["secretName"]);
        string key = Parameters.Text(reference["key"]);
        MapNode secret = await objects.FindAsync(SecretKind, name, cancellationToken).ConfigureAwait(false) ?? throw new GeneratorException($"error fetching Secret token: there is no Secret {name}");
        if (labelled && secret.At("metadata", "labels", RepositorySecrets.TypeLabel)?.AsString() != "scm-creds")
        {
            throw new GeneratorException($"Secret {name} has no label argocd.argoproj.io/secret-type: scm-creds, without which it may not be read (applicationsetcontroller.enable.tokenref.strict.mode)");
        }

        return RepositorySecret.Value(secret, key) is { Length: > 0 } value ? value.Trim() : throw new GeneratorException($"error fetching Secret token: Secret {name} has no key {key}");
    }

    /// <exception cref="GeneratorException">There is no such ConfigMap.</exception>
    public static async Task<MapNode> ConfigMapAsync(string name, IObjectSource objects, CancellationToken cancellationToken) =>
        (await objects.FindAsync(ConfigMapKind, name, cancellationToken).ConfigureAwait(false) ?? throw new GeneratorException($"error fetching ConfigMap: there is no ConfigMap {name}"))["data"] as MapNode ?? new MapNode();
}
