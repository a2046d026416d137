using System.Collections.Frozen;
using Bowline.Languages.Expressions.Evaluating;
using Bowline.Resources.Model;

namespace Bowline.Languages.Expressions.Functions;

/// <summary>One call of a builtin, with its arguments evaluated.</summary>
internal readonly record struct BuiltinCall(IReadOnlyList<Node> Arguments, ExpressionRun Run)
{
    public int Count => Arguments.Count;

    public Node this[int index] => Arguments[index];

    public string Text(int index) => Values.Text(Arguments[index]);

    public long Integer(int index) => Values.ToInteger(Arguments[index]);

    /// <summary>A text that was built, charged to the run.</summary>
    public Node Built(string text)
    {
        Run.BuildText(text.Length);
        return StringNode.Of(text);
    }

    public ListNode Built(IEnumerable<Node> items)
    {
        ListNode list = new(items);
        Run.Build(list.Count);
        return list;
    }
}

/// <summary>A function of the language itself, with how many arguments it takes at least and at most.</summary>
internal sealed record Builtin(int Least, int Most, Func<BuiltinCall, Node> Body);

/// <summary>The functions without predicates (https://expr-lang.org/docs/language-definition).</summary>
internal static class Builtins
{
    private static readonly FrozenDictionary<string, Builtin> All =
        new[] { Texts.All, Numbers.All, Lists.All, Conversions.All, Times.All }.SelectMany(table => table).ToFrozenDictionary(StringComparer.Ordinal);

    public static Builtin? Find(string name) => All.GetValueOrDefault(name);
}
