using Bowline.Resources.Model;

namespace Bowline.Languages.Expressions.Evaluating;

/// <summary>What a step sees: the variables of the environment, those of <c>let</c>, and the element that a predicate looks at.</summary>
internal sealed record Frame(ExpressionRun Run, MapNode Environment)
{
    public Variable? Variables { get; init; }

    public Element? Element { get; init; }
}

internal sealed record Variable(string Name, Node Value, Variable? Outer);

/// <param name="Accumulated">What <c>reduce</c> has so far; null in other predicates.</param>
internal sealed record Element(Node Item, int Index, Node? Accumulated);
