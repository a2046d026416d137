using Bowline.Resources.Model;

namespace Bowline.Languages.Cel.Evaluating;

/// <summary>Ends an evaluation that costs too much; it is no value and nothing absorbs it.</summary>
internal sealed class CelLimitException(string message) : Exception(message);

/// <summary>One evaluation: its variables, and what it has cost so far.</summary>
internal sealed class CelRun(Func<string, Node?> variables, int slots, long costLimit)
{
    // What one evaluation may build in all, in bytes: far more than any rule needs, far less than hurts.
    private const long MemoryLimit = 128L * 1024 * 1024;

    private readonly Node?[] slots = new Node?[slots];
    private long memory;

    public long Cost { get; private set; }

    public Node? Variable(string name) => variables(name);

    public Node Slot(int index) => slots[index]!;

    public void SetSlot(int index, Node value) => slots[index] = value;

    /// <exception cref="CelLimitException">The limit is exceeded.</exception>
    public void Charge(long cost)
    {
        Cost += cost;
        if (Cost > costLimit || Cost < 0)
        {
            throw new CelLimitException("operation cancelled: actual cost limit exceeded");
        }
    }

    /// <summary>Called before something large is built.</summary>
    /// <exception cref="CelLimitException">The limit is exceeded.</exception>
    public void Allocate(long bytes)
    {
        memory += bytes;
        if (memory > MemoryLimit || memory < 0)
        {
            throw new CelLimitException("operation cancelled: memory limit exceeded");
        }
    }
}
