using Bowline.Languages.GoTemplates.Values;

namespace Bowline.Languages.Expressions;

/// <summary>One evaluation: its clock, and what of its limits is used up. Not thread-safe.</summary>
public sealed class ExpressionRun(TimeProvider clock, CancellationToken cancellation = default)
{
    /// <summary>Steps that one evaluation may take.</summary>
    public const long MaxSteps = 2_000_000;

    /// <summary>Items that one evaluation may build in lists, maps and (eight characters count as one) texts: expr's MemoryBudget.</summary>
    public const long MaxItems = 1_000_000;

    private long steps;
    private long items;

    public TimeProvider Clock { get; } = clock;

    /// <summary>What functions of Go values see of this evaluation.</summary>
    internal TemplateRun Calls { get; } = new(FunctionTable.Empty, cancellation) { Clock = clock };

    /// <exception cref="OperationCanceledException">Time is up.</exception>
    internal void Step()
    {
        if (++steps > MaxSteps)
        {
            throw new Failure($"the expression takes more than {MaxSteps} steps");
        }

        if ((steps & 0xFF) == 0)
        {
            cancellation.ThrowIfCancellationRequested();
        }
    }

    internal void Build(long count)
    {
        items += count;
        if (count < 0 || items >= MaxItems)
        {
            throw new Failure("memory budget exceeded");
        }
    }

    internal void BuildText(long length) => Build(1 + (length / 8));
}
