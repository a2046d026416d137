using Bowline.EmbeddedCluster.Controllers;
using Bowline.Languages.GoTemplates.Values;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Kubelet;

/// <summary>How one container behaves beyond what its pod says: how long things take, and what goes wrong.</summary>
internal sealed record Behaviour
{
    public const string Prefix = "bowline.dev/";
    private static readonly TimeSpan Longest = TimeSpan.FromDays(3650);

    /// <summary>How long its image takes to come; null for the node's usual time.</summary>
    public TimeSpan? PullTime { get; init; }

    /// <summary>How long the program in it takes until its probes succeed.</summary>
    public TimeSpan? StartDelay { get; init; }

    /// <summary>How long it runs until it ends by itself; null for ever, or the usual time of a job.</summary>
    public TimeSpan? RunFor { get; init; }

    /// <summary>How long it takes to end when it is told to.</summary>
    public TimeSpan? StopTime { get; init; }

    /// <summary>How long it runs until it fails; null for one that does not.</summary>
    public TimeSpan? FailAfter { get; init; }

    /// <summary>Whether <see cref="FailAfter"/> was asked for, and is no default that goes with a kind of failure.</summary>
    public bool IsFailTimeGiven { get; init; }

    public int ExitCode { get; init; }

    public string ExitReason { get; init; } = string.Empty;

    public bool PullFails { get; init; }

    public bool NeverReady { get; init; }

    public bool LivenessFails { get; init; }

    /// <summary>Use of cpu and memory as quantities; null for a figure made from the requests.</summary>
    public Node? Cpu { get; init; }

    public Node? Memory { get; init; }

    /// <summary>What it writes; null for lines that are made up.</summary>
    public string? Logs { get; init; }

    /// <summary>This one with what another says laid over it.</summary>
    /// <exception cref="StageException">A value that is none.</exception>
    public Behaviour With(Func<string, Node?> member)
    {
        TimeSpan? failAfter = Time(member, "failAfter");
        return this with
        {
            PullTime = Time(member, "pullTime") ?? PullTime,
            StartDelay = Time(member, "startDelay") ?? StartDelay,
            RunFor = Time(member, "runFor") ?? RunFor,
            StopTime = Time(member, "stopTime") ?? StopTime,
            FailAfter = failAfter ?? FailAfter,
            ExitCode = Code(member("exitCode")) ?? ExitCode,
            ExitReason = member("exitReason")?.AsString() ?? ExitReason,
            PullFails = member("pull")?.AsString() is { } pull ? pull == "fails" : PullFails,
            NeverReady = member("readiness")?.AsString() is { } readiness ? readiness == "fails" : NeverReady,
            LivenessFails = member("liveness")?.AsString() is { } liveness ? liveness == "fails" : LivenessFails,
            Cpu = member("cpu") ?? Cpu,
            Memory = member("memory") ?? Memory,
            Logs = member("logs")?.AsString() ?? Logs,
        };
    }

    private static TimeSpan? Time(Func<string, Node?> member, string name) => member(name) switch
    {
        null => null,
        StringNode text => Duration(text.Value) ?? throw new StageException($"{name}: \"{text.Value}\" is not a duration such as 1m30s"),
        Node node => node.AsNumber() is >= 0 and < 3e8 and { } seconds ? TimeSpan.FromSeconds(seconds) : throw new StageException($"{name}: expected a duration such as 1m30s"),
    };

    /// <summary>A duration as Go writes it, or a number of seconds; null for anything else and for what is too long to be meant.</summary>
    public static TimeSpan? Duration(string text)
    {
        if (double.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, out double seconds))
        {
            return seconds >= 0 && seconds <= Longest.TotalSeconds ? TimeSpan.FromSeconds(seconds) : null;
        }

        return GoDuration.Parse(text, out _) is >= 0 and { } nanoseconds && nanoseconds / 100 <= Longest.Ticks ? TimeSpan.FromTicks(nanoseconds / 100) : null;
    }

    private static int? Code(Node? node) => node switch
    {
        null => null,
        StringNode text when int.TryParse(text.Value, out int code) && code is >= 0 and <= 255 => code,
        _ => node.AsInteger() is >= 0 and <= 255 and { } number ? (int)number : throw new StageException("exitCode: expected 0 to 255"),
    };
}

/// <summary>A behaviour that is declared for pods, or by a name for the annotation <c>bowline.dev/fail</c>.</summary>
/// <param name="Selector">Which pods have it unasked; null for a behaviour that is only named.</param>
/// <param name="Containers">Which of their containers; empty for all.</param>
internal sealed record DeclaredBehaviour(string Name, StageSelector? Selector, IReadOnlyList<string> Containers, MapNode Spec);

/// <summary>All that is declared about behaviour, and what it means for a container.</summary>
internal sealed class Behaviours(IReadOnlyList<DeclaredBehaviour> declared)
{
    public const string FailAnnotation = Behaviour.Prefix + "fail";

    // The annotation's name, and the member of a declared behaviour that means the same.
    private static readonly (string Annotation, string Member)[] Annotations =
    [
        ("pull-time", "pullTime"), ("start-delay", "startDelay"), ("run-for", "runFor"), ("stop-time", "stopTime"), ("fail-after", "failAfter"),
        ("exit-code", "exitCode"), ("cpu", "cpu"), ("memory", "memory"), ("logs", "logs"),
    ];

    private readonly Dictionary<string, DeclaredBehaviour> byName = declared.GroupBy(behaviour => behaviour.Name, StringComparer.Ordinal)
        .ToDictionary(group => group.Key, group => group.Last(), StringComparer.Ordinal);

    private readonly IReadOnlyList<DeclaredBehaviour> selecting = [.. declared.Where(behaviour => behaviour.Selector is not null)];

    /// <summary>An annotation that is not understood counts as not there: a pod must not hang on a typing error of a test.</summary>
    public Behaviour Of(MapNode pod, string container)
    {
        Behaviour behaviour = new();
        foreach (DeclaredBehaviour matching in selecting.Where(matching => matching.Selector!.Matches(pod)))
        {
            if (matching.Containers.Count == 0 || matching.Containers.Contains(container))
            {
                behaviour = behaviour.With(name => matching.Spec[name]);
            }
        }

        if (pod.Metadata()?["annotations"] is not MapNode annotations)
        {
            return behaviour;
        }

        string? Annotated(string name) => annotations[$"{Behaviour.Prefix}{name}.{container}"]?.AsString() ?? annotations[Behaviour.Prefix + name]?.AsString();
        if (Annotated("fail") is { } failure && byName.TryGetValue(failure, out DeclaredBehaviour? named))
        {
            behaviour = behaviour.With(name => named.Spec[name]);
        }

        foreach ((string annotation, string member) in Annotations)
        {
            if (Annotated(annotation) is { } value)
            {
                behaviour = Overlaid(behaviour, member, value);
            }
        }

        return behaviour;
    }

    private static Behaviour Overlaid(Behaviour behaviour, string member, string value)
    {
        try
        {
            Behaviour laid = behaviour.With(name => name == member ? (Node)value : null);
            return member == "failAfter" ? laid with { IsFailTimeGiven = true } : laid;
        }
        catch (StageException)
        {
            return behaviour;
        }
    }
}
