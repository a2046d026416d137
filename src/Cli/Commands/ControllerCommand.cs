using System.CommandLine;
using System.Net;
using Bowline.Applications.Sourcing;
using Bowline.Cli.Output;
using Bowline.Server.Composition;
using Bowline.Server.Composition.Up;
using Bowline.Server.Composition.Verbs;

namespace Bowline.Cli.Commands;

/// <summary><c>bowline controller</c>: deliver the Applications that a cluster holds, as one of several replicas.</summary>
internal static class ControllerCommand
{
    private const string Examples = """
        # In a pod: deliver the Applications of the cluster that it runs in
        bowline controller
        # From outside, and only until Ctrl-C
        bowline controller --context production --listen 127.0.0.1:0
        # A push to a repository is delivered at once, by whichever replica it concerns
        bowline controller --webhooks :8081
        """;

    public static Command Create(TimeProvider time)
    {
        Option<string> kubeconfig = new("--kubeconfig") { Description = "The kubeconfig of the cluster (default the pod's service account, else kubectl's)", HelpName = "FILE", DefaultValueFactory = _ => string.Empty };
        Option<string> context = new("--context") { Description = "Use this context of the kubeconfig (default the current one)", HelpName = "NAME", DefaultValueFactory = _ => string.Empty };
        Option<string> @namespace = new("--argocd-namespace") { Description = "Where the Applications are (default \"argocd\")", HelpName = "NAME", DefaultValueFactory = _ => "argocd" };
        Option<string[]> applicationNamespaces = TargetFlags.ApplicationNamespaces();
        Option<string> listen = new("--listen") { Description = "Where to serve /healthz, /readyz and /metrics (default :8080)", HelpName = "HOST:PORT", DefaultValueFactory = _ => ":8080" };
        Option<string> identity = new("--identity") { Description = "This replica's name (default the pod's or machine's, and something random)", HelpName = "NAME", DefaultValueFactory = _ => string.Empty };
        Option<string> poll = new("--poll") { Description = "How often repositories are looked at (default what argocd-cm says, else 2m; and up to half as much at random)", HelpName = "DURATION", DefaultValueFactory = _ => string.Empty };
        Option<string> webhooks = new("--webhooks") { Description = "Listen for webhooks of Git servers here (POST /api/webhook)", HelpName = "HOST:PORT", DefaultValueFactory = _ => string.Empty };
        Option<string[]> allowExec = Flags.Many("--allow-exec", "A program that may be run to log in to a cluster, such as aws (repeatable)", "NAME");
        Option<string[]> allowHost = Flags.AllowHost();
        Option<double> qps = new("--qps") { Description = "Requests per second to the cluster (default no limit but 32 at once, and what the server asks for)", HelpName = "NUMBER" };
        Command command = new("controller", "Deliver the Applications that a cluster holds, as one of any number of replicas.") { kubeconfig, context, @namespace, applicationNamespaces, listen, identity, webhooks, allowExec, allowHost, poll, qps };
        Flags.Finish(command, Examples);
        command.SetAction(async (parse, cancellationToken) =>
        {
            UpOptions hub = new(string.Empty)
            {
                TargetKubeconfig = parse.GetValue(kubeconfig)!,
                TargetContext = parse.GetValue(context)!,
                ArgoCdNamespace = parse.GetValue(@namespace)!,
                ApplicationNamespaces = TargetFlags.ReadNamespaces(parse.GetValue(applicationNamespaces)!),
                AllowedExecPlugins = parse.GetValue(allowExec)!.ToHashSet(StringComparer.Ordinal),
                WebhookAddress = parse.GetValue(webhooks) is { Length: > 0 } address ? Flags.ParseAddress("--webhooks", address) : null,
                RequestsPerSecond = parse.GetValue(qps) is >= 0 and var rate ? rate : throw new UsageException($"--qps {parse.GetValue(qps)}: expected a number of requests per second, or 0 for no limit"),
                AllowedHosts = parse.GetValue(allowHost)!.ToHashSet(StringComparer.OrdinalIgnoreCase),
                Polling = UpCommand.ReadPolling(parse.GetValue(poll)!),
            };
            ControllerOptions options = new(hub) { Identity = ReadIdentity(parse.GetValue(identity)!), Listen = Flags.ParseAddress("--listen", parse.GetValue(listen)!) };
            ControllerSession session = ControllerSession.Start(options, time, new PlainProgress(Console.Out, time));
            await using (session.ConfigureAwait(false))
            {
                try
                {
                    await session.RunAsync(cancellationToken).ConfigureAwait(false);
                }
                catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
                {
                    // Ctrl-C and the end of a pod are how this ends.
                }
            }

            return ExitCodes.Success;
        });
        return command;
    }

    private static string ReadIdentity(string text) => text.Length <= 200 && text.All(letter => char.IsAsciiLetterLower(letter) || char.IsAsciiDigit(letter) || letter == '-') && text.Trim('-') == text ? text
        : throw new UsageException($"--identity {text}: expected lower-case letters, digits and '-'");
}
