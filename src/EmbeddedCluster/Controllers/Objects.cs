using System.Globalization;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Controllers;

/// <summary>An object's place inside its kind; namespace empty for cluster-scoped kinds.</summary>
internal readonly record struct ObjectName(string Namespace, string Name)
{
    public static ObjectName Of(MapNode node) => new(node.Namespace(), node.Name());

    public override string ToString() => Namespace.Length == 0 ? Name : $"{Namespace}/{Name}";
}

/// <summary>What every controller reads from every object.</summary>
internal static class Objects
{
    public static MapNode? Metadata(this MapNode node) => node["metadata"] as MapNode;

    public static MapNode Spec(this MapNode node) => node["spec"] as MapNode ?? Empty;

    public static MapNode Status(this MapNode node) => node["status"] as MapNode ?? Empty;

    public static string Name(this MapNode node) => node.Metadata().Text("name");

    public static string Namespace(this MapNode node) => node.Metadata().Text("namespace");

    public static string Uid(this MapNode node) => node.Metadata().Text("uid");

    public static long Generation(this MapNode node) => node.Metadata()?["generation"]?.AsInteger() ?? 0;

    public static string ResourceVersion(this MapNode node) => node.Metadata().Text("resourceVersion");

    public static MapNode? Labels(this MapNode node) => node.Metadata()?["labels"] as MapNode;

    public static string? Annotation(this MapNode node, string key) => node.Metadata()?["annotations"]?[key]?.AsString();

    public static bool IsDeleting(this MapNode node) => node.Metadata()?["deletionTimestamp"] is StringNode;

    public static DateTimeOffset? CreatedAt(this MapNode node) => Time(node.Metadata()?["creationTimestamp"]);

    public static ResourceKind KindOf(this MapNode node) => ResourceKind.Of(node.Text("apiVersion"), node.Text("kind"));

    /// <summary>The member's text; empty when it is missing or of another type.</summary>
    public static string Text(this MapNode? node, string key) => node?[key]?.AsString() ?? string.Empty;

    public static int Int(this Node? node, string key, int otherwise = 0) =>
        node?[key]?.AsInteger() is { } value ? (int)Math.Clamp(value, int.MinValue, int.MaxValue) : otherwise;

    public static bool Flag(this Node? node, string key) => node?[key]?.AsBool() ?? false;

    public static IEnumerable<MapNode> Maps(this Node? node) => node is ListNode list ? list.OfType<MapNode>() : [];

    public static IEnumerable<string> Strings(this Node? node) =>
        node is ListNode list ? list.Select(item => item.AsString()).OfType<string>() : [];

    public static DateTimeOffset? Time(this Node? node) =>
        DateTimeOffset.TryParse(node?.AsString(), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out DateTimeOffset time)
            ? time
            : null;

    public static string Stamp(this DateTimeOffset time) => Timestamp.Text(time);

    public static MapNode Clone(this MapNode node) => (MapNode)node.DeepClone();

    public static bool HasFinalizer(this MapNode node, string finalizer) => node.Metadata()?["finalizers"].Strings().Contains(finalizer) ?? false;

    public static IEnumerable<MapNode> OwnerReferences(this MapNode node) => node.Metadata()?["ownerReferences"].Maps() ?? [];

    /// <summary>The owner that manages this object; there is at most one.</summary>
    public static MapNode? ControllerReference(this MapNode node) => node.OwnerReferences().FirstOrDefault(owner => owner.Flag("controller"));

    public static bool IsControlledBy(this MapNode node, MapNode owner) =>
        node.ControllerReference() is { } reference && reference.Text("uid") == owner.Uid();

    public static MapNode MakeControllerReference(MapNode owner) => new()
    {
        ["apiVersion"] = owner.Text("apiVersion"),
        ["kind"] = owner.Text("kind"),
        ["name"] = owner.Name(),
        ["uid"] = owner.Uid(),
        ["controller"] = true,
        ["blockOwnerDeletion"] = true,
    };

    public static MapNode? Condition(this MapNode status, string type) =>
        status["conditions"].Maps().FirstOrDefault(condition => condition.Text("type") == type);

    public static bool ConditionIs(this MapNode status, string type, string value) => status.Condition(type)?.Text("status") == value;

    /// <summary>A copy of a map of strings, or a new one.</summary>
    public static MapNode CopyOf(this Node? node) => (node as MapNode)?.Clone() ?? new MapNode();

    public static bool StatusEquals(MapNode left, MapNode right) => left.DeepEquals(right);

    private static readonly MapNode Empty = (MapNode)new MapNode().Freeze();
}
