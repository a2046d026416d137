using Bowline.Applications.Model;
using Bowline.Server.Composition;
using Bowline.Server.Composition.Up;

namespace Bowline.Cli.Output;

/// <summary>Progress as lines, for logs and pipes: one whenever an application's state changes.</summary>
internal sealed class PlainProgress(TextWriter output, TimeProvider time) : IUpObserver
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, string> said = new(StringComparer.Ordinal);
    private readonly long started = time.GetTimestamp();

    public void Applications(IReadOnlyList<ApplicationStatus> known)
    {
    }

    public void Status(ApplicationStatus status)
    {
        // Counters are left out: a line for every object is a table's business.
        string activity = status.Activity.Split(' ')[0];
        bool acts = activity is { Length: > 0 } and not "waiting";
        if (!acts && !status.IsKnown)
        {
            return;
        }

        string state = acts ? activity : $"{status.Sync}, {status.Health}";
        string line = $"{status.Shown}: {state}{(status.Cluster.Length > 0 ? $" on {status.Cluster}" : string.Empty)}{(status.Message.Length > 0 ? $": {status.Message}" : string.Empty)}";
        lock (gate)
        {
            if (said.GetValueOrDefault(status.Name) != line)
            {
                said[status.Name] = line;
                Write(line);
            }
        }
    }

    public void Note(string sentence)
    {
        lock (gate)
        {
            Write(sentence);
        }
    }

    private void Write(string line) => output.WriteLine($"{time.GetElapsedTime(started).TotalSeconds,6:0.00}s  {line}");
}
