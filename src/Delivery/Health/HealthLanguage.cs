using Bowline.Languages.Cel;
using Bowline.Languages.Cel.Types;
using Bowline.Resources.Model;

namespace Bowline.Delivery.Health;

/// <summary>
/// The words of health rules. Variables: self, spec, status, metadata, kind, group. Functions of self: is, isFalse, isUnknown and has
/// (a condition by type), condition, reason, says (its message, or its reason), seen (whether it is about the current generation),
/// isCurrent (the same of a condition found elsewhere), observed, generation, hasStatus; of any map: count and text (a member, or what stands for its absence).
/// </summary>
internal static class HealthLanguage
{
    private static readonly MapNode Empty = (MapNode)new MapNode().Freeze();
    private static readonly Lazy<CelEnvironment> Words = new(Create);

    public static CelEnvironment Environment => Words.Value;

    public static Func<string, Node?> VariablesOf(MapNode live) => name => name switch
    {
        "self" => live,
        "spec" => live["spec"] as MapNode ?? Empty,
        "status" => live["status"] is { IsNull: false } status ? status : Empty,
        "metadata" => live["metadata"] as MapNode ?? Empty,
        "kind" => live["kind"] as StringNode ?? StringNode.Empty,
        "group" => StringNode.Of(GroupOf(live)),
        _ => null,
    };

    public static string GroupOf(MapNode live) => live["apiVersion"]?.AsString() is { } version && version.IndexOf('/', StringComparison.Ordinal) is var slash and >= 0 ? version[..slash] : string.Empty;

    private static CelEnvironment Create()
    {
        CelEnvironment words = CelEnvironment.Full.WithVariable("kind", CelType.String).WithVariable("group", CelType.String);
        foreach (string variable in (ReadOnlySpan<string>)["self", "spec", "status", "metadata"])
        {
            words = words.WithVariable(variable, CelType.Dyn);
        }

        return Tools(Conditions(words));
    }

    private static CelEnvironment Conditions(CelEnvironment words) => words
        .WithFunction("dyn is(string): bool", a => BoolNode.Of(StatusOf(a) == "True"))
        .WithFunction("dyn isFalse(string): bool", a => BoolNode.Of(StatusOf(a) == "False"))
        .WithFunction("dyn isUnknown(string): bool", a => BoolNode.Of(StatusOf(a) == "Unknown"))
        .WithFunction("dyn has(string): bool", a => BoolNode.Of(Find(a) is not null))
        .WithFunction("dyn condition(string): dyn", a => Find(a) ?? Empty)
        .WithFunction("dyn reason(string): string", a => StringNode.Of(Find(a)?["reason"]?.AsString() ?? string.Empty))
        .WithFunction("dyn says(string): string", a => StringNode.Of(Find(a).Message()))
        .WithFunction("dyn seen(string): bool", a => BoolNode.Of(IsCurrent(a[0], Find(a))))
        .WithFunction("dyn isCurrent(dyn): bool", a => BoolNode.Of(IsCurrent(a[0], a[1])));

    private static CelEnvironment Tools(CelEnvironment words) => words
        .WithFunction("dyn observed(): bool", a => BoolNode.Of(a[0].At("status", "observedGeneration")?.AsInteger() is not { } seen || seen >= Generation(a[0])))
        .WithFunction("dyn generation(): int", a => IntegerNode.Of(Generation(a[0])))
        .WithFunction("dyn hasStatus(): bool", a => BoolNode.Of(a[0]["status"] is MapNode { Count: > 0 }))
        .WithFunction("dyn count(string, int): int", a => IntegerNode.Of(a[0][((StringNode)a[1]).Value]?.AsInteger() ?? ((IntegerNode)a[2]).Value))
        .WithFunction("dyn text(string): string", a => StringNode.Of(a[0][((StringNode)a[1]).Value] is { IsNull: false } value ? value.ToString() ?? string.Empty : string.Empty));

    private static Node? Find(IReadOnlyList<Node> a) => (a[0] as MapNode)?.Condition(((StringNode)a[1]).Value);

    private static string? StatusOf(IReadOnlyList<Node> a) => Find(a)?["status"] switch
    {
        BoolNode flag => flag.Value ? "True" : "False",
        { } status => status.AsString(),
        null => null,
    };

    private static long Generation(Node self) => self.At("metadata", "generation")?.AsInteger() ?? 0;

    private static bool IsCurrent(Node self, Node? condition) => condition?["observedGeneration"]?.AsInteger() is not { } seen || seen >= Generation(self);
}
