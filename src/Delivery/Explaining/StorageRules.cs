using Bowline.Resources.Model;

namespace Bowline.Delivery.Explaining;

/// <summary>Why a claim has no volume.</summary>
internal static class StorageRules
{
    private const string DefaultClass = "storageclass.kubernetes.io/is-default-class";

    public static IEnumerable<Cause> Unbound(CauseQuestion question)
    {
        if (question.Live.At("status", "phase")?.AsString() == "Bound")
        {
            yield break;
        }

        (ResourceId Id, MapNode Node)[] classes = [.. question.View.All("storage.k8s.io", "StorageClass")];
        string offered = classes.Length == 0 ? "there is none at all" : $"there are: {string.Join(", ", classes.Select(item => item.Id.Name))}";
        string? wanted = question.Live.At("spec", "storageClassName")?.AsString();
        MapNode? named = classes.FirstOrDefault(item => item.Id.Name == wanted).Node;
        if (wanted is { Length: > 0 } && named is null && question.View.IsMissing(ClassId(wanted)))
        {
            yield return new Cause(null, $"there is no StorageClass \"{wanted}\" ({offered})")
            {
                Origin = question.View.OriginOf(question.Id),
                Fix = $"add the StorageClass {wanted}, or name another in spec.storageClassName",
            };
        }
        else if (wanted is null && !classes.Any(item => item.Node.At("metadata", "annotations", DefaultClass)?.AsString() == "true"))
        {
            yield return new Cause(null, $"it names no StorageClass and none is the default ({offered})") { Origin = question.View.OriginOf(question.Id), Fix = "name one in spec.storageClassName, or mark one as the default" };
        }
        else if (named?["volumeBindingMode"]?.AsString() == "WaitForFirstConsumer" && !question.View.All(string.Empty, "Pod").Any(pod => Mounts(pod.Node, question.Id)))
        {
            yield return new Cause(null, $"StorageClass {wanted} waits for a first pod that uses the claim, and there is none");
        }
        else
        {
            foreach ((string reason, string message) in question.View.WarningsOf(question.Live).Take(1))
            {
                yield return new Cause(null, $"{reason}: {message}");
            }
        }
    }

    private static bool Mounts(MapNode pod, ResourceId claim) => pod.At("metadata", "namespace")?.AsString() == claim.Namespace
        && (pod.At("spec", "volumes") as ListNode ?? []).Any(volume => volume.At("persistentVolumeClaim", "claimName")?.AsString() == claim.Name);

    private static ResourceId ClassId(string name) => new("storage.k8s.io", "StorageClass", string.Empty, name);
}
