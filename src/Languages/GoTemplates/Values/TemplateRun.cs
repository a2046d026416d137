namespace Bowline.Languages.GoTemplates.Values;

/// <summary>What one run may use. Every limit ends in an exception, never in a crash.</summary>
public sealed record TemplateLimits
{
    public static readonly TemplateLimits Default = new();

    /// <summary>Characters that one run may write and build in strings and lists, all executions together.</summary>
    public long MaxAllocatedBytes { get; init; } = 512L * 1024 * 1024;

    /// <summary>Characters that the output of one execution may have.</summary>
    public int MaxOutput { get; init; } = 64 * 1024 * 1024;

    /// <summary>How deep templates may call each other, through <c>template</c>, <c>include</c> and <c>tpl</c>.</summary>
    public int MaxDepth { get; init; } = 20_000;

    /// <summary>Nodes evaluated in one run, loop iterations included.</summary>
    public long MaxSteps { get; init; } = 200_000_000;

    /// <summary>Whether <c>getHostByName</c> may ask the network; otherwise it returns an empty text.</summary>
    public bool AllowNetwork { get; init; }
}

/// <summary>How a missing key of a map is treated (<c>Option("missingkey=…")</c>).</summary>
public enum MissingKey
{
    Default,
    Zero,
    Error,
}

/// <summary>
/// One render: the functions, clock and randomness its templates see and what of its limits is used up, over all executions
/// that nest in it. Not thread-safe.
/// </summary>
public sealed class TemplateRun
{
    private long allocated;
    private long steps;

    public TemplateRun(FunctionTable functions, CancellationToken cancellation = default)
    {
        Functions = functions;
        Cancellation = cancellation;
    }

    public FunctionTable Functions { get; }

    public CancellationToken Cancellation { get; }

    public TemplateLimits Limits { get; init; } = TemplateLimits.Default;

    public MissingKey MissingKey { get; init; } = MissingKey.Default;

    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>The source of <c>rand*</c>, <c>shuffle</c>, <c>uuidv4</c> and generated keys; the system's cryptographic source when null.</summary>
    public Random? Random { get; init; }

    /// <summary>Whatever the caller's functions need to know about this render.</summary>
    public object? State { get; init; }

    /// <summary>How many executions nest at this moment.</summary>
    public int Depth { get; private set; }

    /// <summary>Counts one step of evaluation and notices cancellation.</summary>
    public void Step()
    {
        if ((++steps & 0x3FF) == 0)
        {
            Cancellation.ThrowIfCancellationRequested();
            if (steps > Limits.MaxSteps)
            {
                throw new TemplateLimitException($"the template takes more than {Limits.MaxSteps} steps");
            }
        }
    }

    /// <summary>Counts what a function is about to build; call it before building anything whose size a template chooses.</summary>
    public void Charge(long bytes)
    {
        allocated += bytes;
        if (bytes < 0 || allocated < 0 || allocated > Limits.MaxAllocatedBytes)
        {
            throw new TemplateLimitException($"the template builds more than {Limits.MaxAllocatedBytes} bytes");
        }
    }

    /// <summary>Threads started only for their stacks.</summary>
    internal int StackThreads { get; set; }

    internal void Enter()
    {
        if (++Depth > Limits.MaxDepth)
        {
            Depth--;
            throw new TemplateLimitException("exceeded maximum template depth (" + Limits.MaxDepth + ")");
        }
    }

    internal void Leave() => Depth--;
}
