using Bowline.Languages.GoTemplates.Values;
using Bowline.Resources.Merging;
using Bowline.Resources.Model;
using Bowline.Resources.Schemas;

namespace Bowline.Delivery.Diffing;

/// <summary>
/// A field of a custom resource that holds one of Kubernetes' own types (Argo CD's <c>knownTypeFields</c>): its API server knows nothing of that, so what a
/// controller writes in another form there, <c>1</c> for <c>1000m</c>, is no difference.
/// </summary>
public sealed class KnownField
{
    private const string Core = "core/v1/";
    private readonly string[] path;
    private readonly Func<Node, Node, Node> align;

    private KnownField(string[] path, Func<Node, Node, Node> align)
    {
        this.path = path;
        this.align = align;
    }

    /// <param name="field">Names from the object's root, with dots between them; lists are gone through.</param>
    /// <param name="type"><c>core/Quantity</c>, <c>meta/v1/Duration</c> or <c>core/v1/</c> and a type, such as <c>core/v1/PodSpec</c>.</param>
    /// <returns>Null for a type that is not known.</returns>
    public static KnownField? Parse(string field, string type)
    {
        string[] path = field.Split('.', StringSplitOptions.RemoveEmptyEntries);
        return type switch
        {
            _ when path.Length == 0 => null,
            "core/Quantity" or "core/v1/Quantity" => new KnownField(path, static (before, after) => Quantity.AreEqual(before, after) ? before : after),
            "meta/v1/Duration" => new KnownField(path, static (before, after) => Nanoseconds(before) is { } one && one == Nanoseconds(after) ? before : after),
            _ when type.StartsWith(Core, StringComparison.Ordinal) && KubernetesKinds.SchemaOf($"io.k8s.api.core.v1.{type[Core.Length..]}") is { } schema =>
                new KnownField(path, (before, after) => before is MapNode live && after is MapNode wanted ? ServerSideApply.InFormOf(wanted, live, schema) : after),
            _ => null,
        };
    }

    /// <summary>Writes what means the same on both sides in the same way.</summary>
    /// <param name="after">A copy of the caller's own.</param>
    internal void Align(MapNode before, MapNode after) => Align(before, after, path);

    private Node Align(Node before, Node after, ReadOnlySpan<string> rest)
    {
        if (after is ListNode list && before is ListNode live)
        {
            for (int i = 0; i < Math.Min(list.Count, live.Count); i++)
            {
                list[i] = Align(live[i], list[i], rest);
            }
        }
        else if (rest.IsEmpty)
        {
            return align(before, after);
        }
        else if (after is MapNode map && map[rest[0]] is { } wanted && before[rest[0]] is { } present)
        {
            map.Set(rest[0], Align(present, wanted, rest[1..]));
        }

        return after;
    }

    private static long? Nanoseconds(Node node) => node is StringNode text ? GoDuration.Parse(text.Value, out _) : null;
}
