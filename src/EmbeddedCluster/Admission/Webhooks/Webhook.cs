using System.Text;
using Bowline.EmbeddedCluster.Storage;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Admission.Webhooks;

/// <summary>One webhook of a configuration, defaults filled in.</summary>
/// <param name="Id">Tells it from all others: configuration, name, and the how-many-th of that name.</param>
internal sealed record Webhook(string Configuration, string Name, string Id, MapNode Node)
{
    public bool FailsOpen { get; } = Node["failurePolicy"]?.AsString() == "Ignore";

    public bool MatchesEquivalents { get; } = (Node["matchPolicy"]?.AsString() ?? "Equivalent") == "Equivalent";

    public bool MayBeReinvoked { get; } = Node["reinvocationPolicy"]?.AsString() == "IfNeeded";

    /// <summary>None and NoneOnDryRun may be called for dry runs.</summary>
    public bool SupportsDryRun { get; } = Node["sideEffects"]?.AsString() is "None" or "NoneOnDryRun";

    public TimeSpan Timeout { get; } = TimeSpan.FromSeconds(Math.Clamp(Node["timeoutSeconds"]?.AsInteger() ?? 10, 1, 30));

    public IReadOnlyList<Node> Rules { get; } = [.. Node["rules"]?.AsList() ?? []];

    public Node? NamespaceSelector { get; } = Node["namespaceSelector"];

    public Node? ObjectSelector { get; } = Node["objectSelector"];

    public ListNode MatchConditions { get; } = Node["matchConditions"]?.AsList() ?? [];

    public Node? ClientConfig { get; } = Node["clientConfig"];

    /// <summary>PEM; null uses the system's authorities.</summary>
    public string? CaBundle { get; } = Bundle(Node.At("clientConfig", "caBundle")?.AsString());

    /// <summary>The first version in its list that this server speaks; null when there is none.</summary>
    public string? ReviewVersion { get; } = (Node["admissionReviewVersions"]?.AsList() ?? []).Select(item => item.AsString()).FirstOrDefault(version => version is "v1" or "v1beta1");

    private static string? Bundle(string? base64)
    {
        if (string.IsNullOrEmpty(base64))
        {
            return null;
        }

        byte[] bytes = new byte[base64.Length];
        return Convert.TryFromBase64String(base64, bytes, out int length) ? Encoding.UTF8.GetString(bytes, 0, length) : null;
    }
}

/// <summary>The webhooks of all configurations of one kind: by configuration name, then as written. Read again when a configuration changed.</summary>
internal sealed class WebhookSource(ObjectStore store, string collection)
{
    private volatile Parsed parsed = new(CollectionSnapshot.Empty, []);

    public IReadOnlyList<Webhook> Current
    {
        get
        {
            CollectionSnapshot snapshot = store.Snapshot(collection);
            Parsed known = parsed;
            if (!ReferenceEquals(known.Snapshot, snapshot))
            {
                parsed = known = new Parsed(snapshot, [.. snapshot.In(null).OrderBy(item => item.Name, StringComparer.Ordinal).SelectMany(Read)]);
            }

            return known.Webhooks;
        }
    }

    private static IEnumerable<Webhook> Read(StoredObject configuration)
    {
        Dictionary<string, int> seen = new(StringComparer.Ordinal);
        foreach (MapNode node in (configuration.Node["webhooks"]?.AsList() ?? []).OfType<MapNode>())
        {
            string name = node["name"]?.AsString() ?? string.Empty;
            int number = seen[name] = seen.GetValueOrDefault(name, -1) + 1;
            yield return new Webhook(configuration.Name, name, $"{configuration.Name}/{name}/{number}", node);
        }
    }

    private sealed record Parsed(CollectionSnapshot Snapshot, IReadOnlyList<Webhook> Webhooks);
}
