using Bowline.Applications.Model;
using Bowline.Server.Composition;
using Bowline.Server.Composition.Up;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Bowline.Cli.Output;

/// <summary>Progress as a table that keeps itself up to date, for terminals.</summary>
internal sealed class LiveProgress(IAnsiConsole console, TimeProvider time) : IUpObserver
{
    private static readonly TimeSpan Refresh = TimeSpan.FromMilliseconds(80);
    private readonly Lock gate = new();
    private readonly SortedDictionary<string, ApplicationStatus> statuses = new(StringComparer.Ordinal);
    private readonly List<string> notes = [];

    public void Applications(IReadOnlyList<ApplicationStatus> known)
    {
        lock (gate)
        {
            statuses.Clear();
            foreach (ApplicationStatus status in known)
            {
                statuses[status.Name] = status;
            }
        }
    }

    public void Status(ApplicationStatus status)
    {
        lock (gate)
        {
            statuses[status.Name] = status;
        }
    }

    public void Note(string sentence)
    {
        lock (gate)
        {
            notes.Add(sentence);
            if (notes.Count > 3)
            {
                notes.RemoveAt(0);
            }
        }
    }

    /// <summary>Draws until the work is done.</summary>
    public async Task<T> RunAsync<T>(Func<Task<T>> work)
    {
        T result = default!;
        await console.Live(new Text("reading the repository")).AutoClear(true).StartAsync(async context =>
        {
            Task<T> running = work();
            while (!running.IsCompleted)
            {
                context.UpdateTarget(Draw());
                await Task.WhenAny(running, Task.Delay(Refresh, time, CancellationToken.None)).ConfigureAwait(false);
            }

            result = await running.ConfigureAwait(false);
        }).ConfigureAwait(false);
        return result;
    }

    private IRenderable Draw()
    {
        lock (gate)
        {
            IRenderable table = statuses.Count == 0 ? new Text("reading the repository") : StatusTable.Of([.. statuses.Values], withActivity: true);
            return new Rows([table, .. notes.Select(note => new Text(note, new Style(Color.Grey)))]);
        }
    }
}
