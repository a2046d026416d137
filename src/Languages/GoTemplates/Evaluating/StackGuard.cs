using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using Bowline.Languages.GoTemplates.Values;

namespace Bowline.Languages.GoTemplates.Evaluating;

/// <summary>
/// Go grows its stacks; a .NET thread overflows and takes the process with it. When the stack runs short, the work goes on
/// on a thread of its own, and after so many of those the run fails.
/// </summary>
internal static class StackGuard
{
    private const int StackSize = 16 * 1024 * 1024;
    private const int MaxThreads = 32;

    public static bool HasRoom => RuntimeHelpers.TryEnsureSufficientExecutionStack();

    public static TResult Run<TState, TResult>(TemplateRun run, TState state, Func<TState, TResult> work) =>
        HasRoom ? work(state) : OnNewThread(run, state, work);

    private static TResult OnNewThread<TState, TResult>(TemplateRun run, TState state, Func<TState, TResult> work)
    {
        if (run.StackThreads >= MaxThreads)
        {
            throw new TemplateLimitException("the template nests too deeply");
        }

        TResult? result = default;
        ExceptionDispatchInfo? failure = null;
        Thread thread = new(
            () =>
            {
                try
                {
                    result = work(state);
                }
                catch (Exception exception)
                {
                    // Carried over to the waiting thread, whatever it is.
                    failure = ExceptionDispatchInfo.Capture(exception);
                }
            },
            StackSize);
        run.StackThreads++;
        thread.Start();
        thread.Join();
        run.StackThreads--;
        failure?.Throw();
        return result!;
    }
}
