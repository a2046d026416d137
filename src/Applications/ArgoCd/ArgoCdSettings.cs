using Bowline.Applications.Model;
using Bowline.Resources.Model;
using Bowline.Sources.Files;

namespace Bowline.Applications.ArgoCd;

/// <summary>What Argo CD's own objects (repository Secrets, projects, its ConfigMaps) say about sources.</summary>
public sealed class ArgoCdSettings
{
    public static readonly ArgoCdSettings Empty = Read([]);

    private readonly Dictionary<string, MapNode> projects = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> openPgp = new(StringComparer.OrdinalIgnoreCase);

    private readonly MapNode? own;

    private ArgoCdSettings(IReadOnlyList<MapNode> objects, ArgoCdSettings? before)
    {
        Repositories = RepositorySecrets.Read(objects);
        foreach (MapNode item in objects)
        {
            string name = item.At("metadata", "name")?.AsString() ?? string.Empty;
            switch (item["kind"]?.AsString())
            {
                case "AppProject":
                    projects.TryAdd(name, item);
                    break;
                case "Secret" when name == "argocd-secret":
                    own ??= item;
                    break;
                case "ConfigMap" when name == ConfigName:
                    Config ??= item;
                    break;
                case "ConfigMap" when name == ParametersName:
                    Parameters ??= item;
                    break;
                case "ConfigMap" when name == PoliciesName:
                    Policies ??= item;
                    break;
                case "ConfigMap" when name == "argocd-gpg-keys-cm":
                    foreach ((string id, Node armoured) in item["data"] as MapNode ?? [])
                    {
                        openPgp.TryAdd(id, armoured.AsString() ?? string.Empty);
                    }

                    break;
            }
        }

        Installation = InstallationSettings.Read(Config, Parameters, before?.Installation ?? InstallationSettings.Usual);
        Clusters = ClusterSecrets.Read(objects, hasLocal: Config?.At("data", "cluster.inClusterEnabled")?.AsString() != "false");
    }

    /// <summary>The ConfigMap that holds an installation's settings.</summary>
    public const string ConfigName = "argocd-cm";

    /// <summary>The ConfigMap that holds what Argo CD's programs are started with.</summary>
    public const string ParametersName = "argocd-cmd-params-cm";

    /// <summary>The ConfigMap that says who may do what by Argo CD's own API.</summary>
    public const string PoliciesName = "argocd-rbac-cm";

    /// <summary>The names of all ConfigMaps that <see cref="Read"/> takes in.</summary>
    public static readonly IReadOnlyList<string> ConfigMaps = [ConfigName, ParametersName, PoliciesName, "argocd-gpg-keys-cm", "argocd-ssh-known-hosts-cm", "argocd-tls-certs-cm"];

    public RepositorySecrets Repositories { get; }

    public ClusterSecrets Clusters { get; }

    /// <summary>The ConfigMap <c>argocd-cm</c>; null when there is none.</summary>
    public MapNode? Config { get; }

    /// <summary>The ConfigMap <c>argocd-cmd-params-cm</c>; null when there is none.</summary>
    public MapNode? Parameters { get; }

    /// <summary>The ConfigMap <c>argocd-rbac-cm</c>; null when there is none.</summary>
    public MapNode? Policies { get; }

    /// <summary>How applications are delivered; the same instance as before as long as the ConfigMaps say the same.</summary>
    public InstallationSettings Installation { get; }

    /// <param name="objects">In order of precedence: of two of one name the first counts. Objects of other kinds are passed over.</param>
    /// <param name="before">What was read last; null for nothing.</param>
    public static ArgoCdSettings Read(IReadOnlyList<MapNode> objects, ArgoCdSettings? before = null) => new(objects, before);

    /// <summary>Whether an object may say something that <see cref="Read"/> takes in.</summary>
    public static bool Understands(MapNode item) => item["kind"]?.AsString() switch
    {
        "AppProject" => item["apiVersion"]?.AsString()?.StartsWith("argoproj.io/", StringComparison.Ordinal) == true,
        "Secret" => item.At("metadata", "labels", RepositorySecrets.TypeLabel) is not null || item.At("metadata", "name")?.AsString() == "argocd-secret",
        "ConfigMap" => item.At("metadata", "name")?.AsString() is { } name && ConfigMaps.Contains(name),
        _ => false,
    };

    /// <summary>An AppProject; null when there is none of that name.</summary>
    public MapNode? FindProject(string name) => projects.GetValueOrDefault(name);

    /// <summary>A value of <c>argocd-secret</c>; empty when there is none.</summary>
    public string OwnSecret(string key) => own is null ? string.Empty : RepositorySecret.Value(own, key);

    /// <summary>
    /// The keys of a project's <c>signatureKeys</c>, with the public keys of <c>argocd-gpg-keys-cm</c>; null when it asks for no
    /// signatures. Beside Argo CD's OpenPGP key ids a <c>keyID</c> may be an ssh public key (<c>ssh-ed25519 AAAA…</c>).
    /// </summary>
    public TrustedKeys? TrustedKeysOf(string project)
    {
        if (!projects.TryGetValue(project, out MapNode? declared) || declared.At("spec", "signatureKeys") is not ListNode { Count: > 0 } list)
        {
            return null;
        }

        string[] ids = [.. list.Select(key => ArgoCdDialect.Text(key["keyID"]).Trim()).Where(id => id.Length > 0)];
        return new TrustedKeys(
            [.. ids.Where(id => !IsSsh(id)).Select(id => new OpenPgpKey(id, PublicKey(id)))],
            [.. ids.Where(IsSsh)]);
    }

    private static bool IsSsh(string id) => id.Contains(' ', StringComparison.Ordinal);

    private string PublicKey(string id) =>
        openPgp.FirstOrDefault(known => known.Key.EndsWith(id, StringComparison.OrdinalIgnoreCase) || id.EndsWith(known.Key, StringComparison.OrdinalIgnoreCase)).Value ?? string.Empty;
}
