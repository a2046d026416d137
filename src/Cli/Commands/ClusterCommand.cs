using System.CommandLine;
using System.Globalization;
using Bowline.Resources.Json;
using Bowline.Resources.Model;
using Bowline.Server.Composition;
using Bowline.Server.Composition.Verbs;

namespace Bowline.Cli.Commands;

/// <summary><c>bowline cluster start</c>: a Kubernetes API in this process, until Ctrl-C.</summary>
internal static class ClusterCommand
{
    private const string Examples = """
        # A cluster in memory, gone with Ctrl-C; the line it prints says how kubectl finds it
        bowline cluster start
        # Keep it across runs, with three simulated nodes, and add it to kubectl's own file
        bowline cluster start --state .cluster --nodes 3 --write-kubeconfig ~/.kube/config
        # Rehearse on nodes like the real ones, in their time
        bowline cluster start --nodes 5 --node-cpu 4 --node-memory 16Gi --node-pods 110 --speed 1
        # Only the API server, on any free port, for the tests of a controller; one line of JSON says where
        bowline cluster start --no-controllers --port 0 --output json
        # Record who did what
        bowline cluster start --audit-log audit.jsonl --audit-policy policy.yaml
        """;

    public static Command Create(TimeProvider time)
    {
        Command cluster = new("cluster", "Run a Kubernetes cluster in this process.") { Start(time) };
        Flags.Finish(cluster, Examples);
        return cluster;
    }

    private static Command Start(TimeProvider time)
    {
        StartFlags flags = new();
        Command start = new("start", "Start a Kubernetes API in this process, with controllers and simulated nodes, until Ctrl-C.\nPods are scheduled and get ready, but nothing runs in them.");
        flags.AddTo(start);
        Flags.Finish(start, Examples);
        start.SetAction(async (parse, cancellationToken) => await RunAsync(flags.Read(parse), flags.IsJson(parse), time, cancellationToken).ConfigureAwait(false));
        return start;
    }

    private static async Task<int> RunAsync(ClusterOptions options, bool json, TimeProvider time, CancellationToken cancellationToken)
    {
        long began = time.GetTimestamp();
        ClusterSession session = await ClusterSession.StartAsync(options, time, cancellationToken).ConfigureAwait(false);
        await using (session.ConfigureAwait(false))
        {
            Announce(session, options, json, time.GetElapsedTime(began));
            await UntilCancelledAsync(time, cancellationToken).ConfigureAwait(false);
        }

        return ExitCodes.Success;
    }

    private static void Announce(ClusterSession session, ClusterOptions options, bool json, TimeSpan took)
    {
        string server = session.Server.ToString().TrimEnd('/');
        foreach (string note in session.Notes)
        {
            Console.Error.WriteLine($"warning: {note}");
        }

        if (json)
        {
            MapNode line = new()
            {
                ["name"] = session.Name,
                ["server"] = server,
                ["kubeconfig"] = session.KubeconfigFile,
                ["version"] = ClusterSession.KubernetesVersion,
                ["nodes"] = options.OnlyApiServer ? 0 : options.Simulation.Nodes.Count,
                ["pid"] = Environment.ProcessId,
            };
            Console.Out.WriteLine(JsonWriter.ToText(line));
            return;
        }

        string nodes = options.OnlyApiServer ? "the API server only" : options.Simulation.Nodes.Count == 1 ? "1 simulated node" : $"{options.Simulation.Nodes.Count} simulated nodes";
        Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"cluster {session.Name} is ready: Kubernetes {ClusterSession.KubernetesVersion} on {server}, {nodes}, in {took.TotalMilliseconds:0} ms"));
        Console.Out.WriteLine($"export KUBECONFIG={session.KubeconfigFile}");
        Console.Out.WriteLine("Ctrl-C ends it.");
    }

    private static async Task UntilCancelledAsync(TimeProvider time, CancellationToken cancellationToken)
    {
        try
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, time, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // Ctrl-C is how this ends.
        }
    }

    private sealed class StartFlags
    {
        private readonly Option<string> name = Text("--name", "The cluster's name: of the context, the user and the cluster in the kubeconfig (default bowline)", "NAME", "bowline");
        private readonly Option<int?> port = new("--port") { Description = "Port of the API; 0 takes any free one (default 6443, or any when that is taken)", HelpName = "N" };
        private readonly Option<string> bind = Text("--bind-address", "Address to listen on (default 127.0.0.1)", "IP", "127.0.0.1");
        private readonly Option<string[]> names = Flags.Many("--tls-san", "A further name or address for the server's certificate (repeatable)", "NAME");
        private readonly Option<string> state = Text("--state", "Keep the cluster in this directory across runs", "DIR");
        private readonly NodeFlags nodes = new(1);
        private readonly Option<bool> bare = new("--no-controllers") { Description = "Only the API server, as envtest has it" };
        private readonly Option<bool> strict = new("--strict") { Description = "Pods wait for Secrets and storage classes that are missing" };
        private readonly Option<string> kubeconfig = Text("--write-kubeconfig", "Merge the kubeconfig into this file (default below --state or ~/.bowline)", "FILE");
        private readonly Option<string> token = Text("--token", "A bearer token for the administrator", "TOKEN");
        private readonly Option<string> tokens = Text("--token-auth-file", "More bearer tokens, in kube-apiserver's format: token,user,uid,\"groups\"", "FILE");
        private readonly Option<string> audit = Text("--audit-log", "Write audit events there as lines of JSON; - for standard output", "FILE");
        private readonly Option<string> policy = Text("--audit-policy", "An audit.k8s.io/v1 Policy (default: metadata of every request)", "FILE");
        private readonly Option<string> output = Flags.Output("text", "json");

        public void AddTo(Command command)
        {
            foreach (Option option in (Option[])[name, port, bind, names, state, .. nodes.Options, bare, strict, kubeconfig, token, tokens, audit, policy, output])
            {
                command.Options.Add(option);
            }
        }

        public bool IsJson(ParseResult parse) => parse.GetValue(output) == "json";

        public ClusterOptions Read(ParseResult parse) => Checked(new ClusterOptions
        {
            Name = parse.GetValue(name)!,
            Port = parse.GetValue(port),
            BindAddress = parse.GetValue(bind)!,
            ServerNames = parse.GetValue(names)!,
            StateDirectory = parse.GetValue(state)!,
            Simulation = nodes.Read(parse),
            OnlyApiServer = parse.GetValue(bare),
            Strict = parse.GetValue(strict),
            KubeconfigFile = parse.GetValue(kubeconfig)!,
            Token = parse.GetValue(token)!,
            TokenFile = parse.GetValue(tokens)!,
            AuditLog = parse.GetValue(audit)!,
            AuditPolicy = parse.GetValue(policy)!,
        });

        private static ClusterOptions Checked(ClusterOptions options) => options switch
        {
            { Port: < 0 or > 65535 } => throw new UsageException($"--port {options.Port}: not a port"),
            { AuditLog.Length: 0, AuditPolicy.Length: > 0 } => throw new UsageException("--audit-policy needs --audit-log"),
            _ when options.Name.Length == 0 || options.Name.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_' or '.')) || options.Name.StartsWith('.') =>
                throw new UsageException($"--name {options.Name}: expected letters, digits, '-', '_' and '.'"),
            _ => options,
        };

        private static Option<string> Text(string name, string description, string helpName, string otherwise = "") =>
            new(name) { Description = description, HelpName = helpName, DefaultValueFactory = _ => otherwise };
    }
}
