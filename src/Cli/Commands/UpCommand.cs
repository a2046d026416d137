using System.CommandLine;
using Bowline.Applications.Model;
using Bowline.Applications.Sourcing;
using Bowline.Cli.Output;
using Bowline.Server.Composition;
using Bowline.Server.Composition.Up;
using Spectre.Console;

namespace Bowline.Cli.Commands;

/// <summary><c>bowline up</c>: deliver a repository and stay, or with <c>--once</c> end with a report.</summary>
internal static class UpCommand
{
    private const string Examples = """
        # Deliver this repository to clusters in this process, and keep delivering every commit and saved file
        bowline up .
        # Deliver once; exit 0 when all is Synced and Healthy, 1 when something is not
        bowline up ../my-gitops --once --output json
        # Say which application lives on which cluster
        bowline up . --cluster dev='*-dev' --cluster prod='*-prod'
        # Deliver to a real cluster
        bowline up . --context staging
        """;

    public static Command Create(TimeProvider time)
    {
        TargetFlags target = new();
        Option<bool> once = new("--once") { Description = "Deliver, wait for health, report and end" };
        Option<string> output = Flags.Output("table", "json");
        Option<string> timeout = new("--timeout") { Description = "With --once: how long to wait for health (default 5m)", HelpName = "DURATION", DefaultValueFactory = _ => "5m" };
        Option<string> kubeconfigOut = new("--write-kubeconfig") { Description = "Where to write the embedded clusters' kubeconfig (default below ~/.bowline)", HelpName = "FILE", DefaultValueFactory = _ => string.Empty };
        Option<string> webhooks = new("--webhooks") { Description = "Listen for webhooks of Git servers here (POST /api/webhook)", HelpName = "HOST:PORT", DefaultValueFactory = _ => string.Empty };
        Option<string> poll = new("--poll") { Description = "How often other repositories are looked at (default what argocd-cm says, else 2m; and up to half as much at random)", HelpName = "DURATION", DefaultValueFactory = _ => string.Empty };
        Option<string[]> allowHost = Flags.AllowHost();
        Option<double> qps = new("--qps") { Description = "Requests per second to each cluster (default no limit but 32 at once, and what the server asks for)", HelpName = "NUMBER" };
        Option<int> burst = new("--burst") { Description = "With --qps: requests that may come at once before it holds them back (default 300)", HelpName = "NUMBER", DefaultValueFactory = _ => new UpOptions(string.Empty).Burst };
        Command command = new("up", "Deliver what a repository says: to Kubernetes clusters embedded in this process, or to a real one.") { target.Path, once, output, timeout, kubeconfigOut, webhooks, poll, allowHost, qps, burst };
        target.AddTo(command);
        Flags.Finish(command, Examples);
        command.SetAction(async (parse, cancellationToken) =>
        {
            UpOptions options = target.Read(parse) with
            {
                Timeout = Flags.ParseDuration("--timeout", parse.GetValue(timeout)!),
                KubeconfigFile = parse.GetValue(kubeconfigOut)!,
                Stay = !parse.GetValue(once),
                WebhookAddress = parse.GetValue(webhooks) is { Length: > 0 } address ? Flags.ParseAddress("--webhooks", address) : null,
                RequestsPerSecond = parse.GetValue(qps) is >= 0 and var rate ? rate : throw new UsageException($"--qps {parse.GetValue(qps)}: expected a number of requests per second, or 0 for no limit"),
                Burst = parse.GetValue(burst) is > 0 and var several ? several : throw new UsageException($"--burst {parse.GetValue(burst)}: expected a number of requests above 0"),
                AllowedHosts = parse.GetValue(allowHost)!.ToHashSet(StringComparer.OrdinalIgnoreCase),
                Polling = ReadPolling(parse.GetValue(poll)!),
            };
            return await RunAsync(options, parse.GetValue(output) == "json", time, cancellationToken).ConfigureAwait(false);
        });
        return command;
    }

    /// <summary>Null when nothing is asked for.</summary>
    internal static SourcePollerOptions? ReadPolling(string text)
    {
        TimeSpan interval = text.Length > 0 ? Flags.ParseDuration("--poll", text) : TimeSpan.Zero;
        return text.Length > 0 ? new SourcePollerOptions { Interval = interval, Jitter = interval / 2 } : null;
    }

    private static async Task<int> RunAsync(UpOptions options, bool json, TimeProvider time, CancellationToken cancellationToken)
    {
        // With JSON, stdout carries the document and nothing else.
        TextWriter people = json ? Console.Error : Console.Out;
        bool terminal = !json && !Console.IsOutputRedirected && Environment.GetEnvironmentVariable("TERM") is not (null or "" or "dumb");
        LiveProgress? live = terminal ? new LiveProgress(AnsiConsole.Console, time) : null;
        IUpObserver observer = live is null ? new PlainProgress(people, time) : live;
        UpSession session = await UpSession.OpenAsync(options, time, observer, cancellationToken).ConfigureAwait(false);
        await using (session.ConfigureAwait(false))
        {
            Task<UpReport> Deliver() => session.DeliverAsync(cancellationToken);
            UpReport report = await (live is null ? Deliver() : live.RunAsync(Deliver)).ConfigureAwait(false);
            Write(report, json, terminal);
            if (!options.Stay || cancellationToken.IsCancellationRequested)
            {
                return cancellationToken.IsCancellationRequested ? ExitCodes.Interrupted : report.IsDelivered ? ExitCodes.Success : ExitCodes.Failure;
            }

            people.WriteLine();
            people.WriteLine("Delivering every commit and saved file, and undoing drift. Ctrl-C ends it.");
            await session.StayAsync(new PlainProgress(people, time), cancellationToken).ConfigureAwait(false);
            return ExitCodes.Success;
        }
    }

    private static void Write(UpReport report, bool json, bool terminal)
    {
        if (json)
        {
            ReportWriter.WriteJson(Console.Out, report);
            return;
        }

        void Table(IReadOnlyList<ApplicationStatus> statuses)
        {
            if (terminal)
            {
                AnsiConsole.Write(StatusTable.Of(statuses, withActivity: false));
            }
            else
            {
                StatusTable.WritePlain(Console.Out, statuses);
            }
        }

        ReportWriter.WriteText(Console.Out, report, Table);
    }
}
