using Bowline.Languages.Cel.Evaluating;
using Bowline.Languages.Cel.Values;
using Bowline.Resources.Model;

namespace Bowline.Languages.Cel.Functions;

/// <summary>Reads arguments whose types an overload has checked.</summary>
internal static class Arguments
{
    public static string Text(this Node[] arguments, int index) => ((StringNode)arguments[index]).Value;

    public static long Integer(this Node[] arguments, int index) => ((IntegerNode)arguments[index]).Value;

    public static IReadOnlyList<Node> Items(this Node[] arguments, int index) => CelLists.Items(arguments[index])!;

    public static Node Fail(string message) => new CelError(message);

    /// <summary>A text result, charged to the run's memory.</summary>
    public static Node Made(this CelRun run, string text)
    {
        run.Allocate(text.Length * 2L);
        return StringNode.Of(text);
    }

    public static ListNode Texts(this CelRun run, IReadOnlyCollection<string> texts)
    {
        run.Allocate(texts.Sum(text => (text.Length * 2L) + 32));
        return new ListNode(texts.Select(text => (Node)StringNode.Of(text)));
    }

    public static ListNode ListOf(this CelRun run, IReadOnlyCollection<Node> items)
    {
        run.Allocate(items.Count * 8L);
        return new ListNode(items);
    }
}
