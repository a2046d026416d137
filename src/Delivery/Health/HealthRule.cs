using Bowline.Languages.Cel;
using Bowline.Resources.Model;

namespace Bowline.Delivery.Health;

/// <summary>One line of a kind's rules: what holds, and what that means. A field that is missing makes a condition false.</summary>
internal sealed class HealthRule
{
    private readonly CelProgram? when;
    private readonly IReadOnlyList<(string Literal, CelProgram? Expression)> message;

    private HealthRule(CelProgram? when, HealthStatus status, IReadOnlyList<(string Literal, CelProgram? Expression)> message) => (this.when, Status, this.message) = (when, status, message);

    public HealthStatus Status { get; }

    /// <param name="node"><c>{when: EXPRESSION, STATUS: message with {expressions}}</c>; without <c>when</c> it always holds.</param>
    /// <exception cref="CelException">An expression does not compile.</exception>
    /// <exception cref="FormatException">There is not exactly one status.</exception>
    public static HealthRule Read(Node node, CelEnvironment environment)
    {
        KeyValuePair<string, Node>[] said = [.. (node as MapNode ?? []).Where(member => member.Key != "when")];
        if (said.Length != 1 || !Enum.TryParse(said[0].Key, out HealthStatus status))
        {
            throw new FormatException($"a rule has one of {string.Join(", ", Enum.GetNames<HealthStatus>())} (line {node.Line})");
        }

        CelProgram? when = node["when"]?.AsString() is { } expression ? CelProgram.Compile(expression, environment) : null;
        return new HealthRule(when, status, [.. Parts(said[0].Value.AsString() ?? string.Empty, environment)]);
    }

    public bool Holds(Func<string, Node?> variables) => when is null || when.Evaluate(variables).IsTrue;

    public HealthReport Report(Func<string, Node?> variables) =>
        new(Status, string.Concat(message.Select(part => part.Expression is null ? part.Literal : Show(part.Expression.Evaluate(variables)))).Trim());

    private static string Show(CelResult result) => result.Value switch
    {
        null or NullNode => string.Empty,
        StringNode text => text.Value,
        { } value => CelProgram.ToPlain(value).ToString() ?? string.Empty,
    };

    private static IEnumerable<(string Literal, CelProgram? Expression)> Parts(string text, CelEnvironment environment)
    {
        int from = 0;
        for (int open; (open = text.IndexOf('{', from)) >= 0;)
        {
            int close = Closing(text, open);
            yield return (text[from..open], null);
            yield return (string.Empty, CelProgram.Compile(text[(open + 1)..close], environment));
            from = close + 1;
        }

        yield return (text[from..], null);
    }

    private static int Closing(string text, int open)
    {
        int close = text.IndexOf('}', open);
        return close > open ? close : throw new FormatException($"a brace is not closed in: {text}");
    }
}
