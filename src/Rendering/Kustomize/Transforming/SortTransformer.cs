using Bowline.Rendering.Kustomize.Declared;
using Bowline.Rendering.Kustomize.Objects;
using Bowline.Rendering.Requests;
using Bowline.Resources.Model;

namespace Bowline.Rendering.Kustomize.Transforming;

/// <summary>The order of the output: as loaded (fifo), or by kind so that what others need comes first (legacy, the default).</summary>
internal sealed class SortTransformer : ITransformer
{
    private static readonly string[] First =
    [
        "Namespace", "ResourceQuota", "StorageClass", "CustomResourceDefinition", "ServiceAccount", "PodSecurityPolicy", "Role", "ClusterRole",
        "RoleBinding", "ClusterRoleBinding", "ConfigMap", "Secret", "Endpoints", "Service", "LimitRange", "PriorityClass", "PersistentVolume",
        "PersistentVolumeClaim", "Deployment", "StatefulSet", "CronJob", "PodDisruptionBudget",
    ];

    private static readonly string[] Last = ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"];
    private readonly bool fifo;
    private readonly Dictionary<string, int> ranks = new(StringComparer.Ordinal);

    /// <exception cref="RenderException">An unknown order, or options of an order that was not chosen.</exception>
    public SortTransformer(SortSpec? spec, string file)
    {
        if (spec is not null && spec.Order is not ("fifo" or "legacy"))
        {
            throw new RenderException("the field 'sortOptions.order' must be one of [fifo, legacy]", file);
        }

        fifo = spec?.Order == "fifo";
        if (fifo && spec!.HasLegacyOptions)
        {
            throw new RenderException("the field 'sortOptions.legacySortOptions' is set but the selected sort order is 'fifo', not 'legacy'", file);
        }

        bool own = spec is { HasLegacyOptions: true };
        Rank(own ? spec!.First : First, own ? spec!.Last : Last);
    }

    public void Transform(ObjectSet objects)
    {
        if (!fifo)
        {
            objects.ReplaceAll(objects.Items.Select(item => new Sortable(item, ranks.GetValueOrDefault(item.KindName))).Order().Select(sortable => sortable.Item).ToList());
        }
    }

    private void Rank(IReadOnlyList<string> first, IReadOnlyList<string> last)
    {
        for (int i = 0; i < first.Count; i++)
        {
            ranks[first[i]] = i - first.Count;
        }

        for (int i = 0; i < last.Count; i++)
        {
            ranks[last[i]] = i + 1;
        }
    }

    private sealed class Sortable(BuildObject item, int rank) : IComparable<Sortable>
    {
        private readonly int rank = rank;
        private readonly ResourceKind kind = item.Kind;
        private readonly string kindText = KindText(item.Kind);
        private readonly string idText = $"{Or(item.Namespace, "~X")}|{Or(item.Name, "~N")}";

        public BuildObject Item { get; } = item;

        public int CompareTo(Sortable? other)
        {
            if (kind == other!.kind)
            {
                return KeyOrder.Compare(idText, other.idText);
            }

            if (rank != other.rank)
            {
                return rank.CompareTo(other.rank);
            }

            return KeyOrder.Compare(kindText, other.kindText);
        }

        private static string KindText(ResourceKind kind) => $"{Or(kind.Group, "~G")}_{Or(kind.Version, "~V")}_{Or(kind.Kind, "~K")}";

        private static string Or(string text, string none) => text.Length == 0 ? none : text;
    }
}
